"""The owner's switch for typographic punctuation, and what it does to saved posts."""

import pytest
from django.utils import timezone

from jobs.models import Job
from posts.management.commands.rerender_posts import RENDERED, rerender
from posts.models import Post
from posts.tests.meanwhile import meanwhile
from posts.writing import publishing, punctuation
from posts.writing.edit import Edit


@pytest.fixture
def quoting(make_post) -> list[Post]:
    """Two posts with straight marks, one in German, and one post without any."""
    bodies = [('"Tea"', ""), ('"Tee"', "de"), ("Plain", "")]
    return [make_post(body=body, language=language) for body, language in bodies]


def shown() -> list[str]:
    return [post.excerpt for post in Post.objects.order_by("pk")]


def test_a_saved_post_has_the_punctuation_of_its_language(quoting):
    assert shown() == ["“Tea”", "„Tee“", "Plain"]
    assert [post.body for post in quoting] == ['"Tea"', '"Tee"', "Plain"]


@pytest.mark.parametrize("batch", [1, 3, 50])
def test_switching_it_off_and_on_renders_all_posts_again(
    quoting, set_site, run_jobs, monkeypatch, batch
):
    monkeypatch.setattr(punctuation, "BATCH", batch)
    set_site(typography=False)
    run_jobs()
    assert shown() == ['"Tea"', '"Tee"', "Plain"]
    set_site(typography=True)
    run_jobs()
    assert shown() == ["“Tea”", "„Tee“", "Plain"]
    assert [post.body for post in Post.objects.order_by("pk")] == [p.body for p in quoting]


def test_another_language_of_the_blog_renders_its_posts_again(quoting, set_site, run_jobs):
    set_site(language="fr")
    run_jobs()
    assert shown() == ["« Tea »", "„Tee“", "Plain"]


@pytest.mark.parametrize(
    "render_again",
    [punctuation.save_changed, lambda posts: rerender(posts, RENDERED[0])],
    ids=["job", "command"],
)
def test_a_language_chosen_in_the_meantime_stays(quoting, set_site, render_again):
    posts = Post.objects.filter(pk=quoting[0].pk)
    batch = list(posts)
    set_site(language="fr")

    def choose_german() -> None:
        post = posts.get()
        post.language = "de"
        publishing.publish(post, Edit(timezone.now()))

    with meanwhile(choose_german, before="posts_post"):
        render_again(batch)
    assert posts.get().excerpt == "„Tea“"


def test_other_settings_render_nothing(quoting, set_site):
    set_site(name="Another name")
    assert not Job.objects.exists()


def test_a_job_that_a_later_change_replaced_does_nothing(quoting, set_site, run_jobs):
    set_site(typography=False)
    set_site(language="de")
    set_site(typography=True)
    Post.objects.update(body_html="")
    Job.objects.order_by("-pk").first().delete()
    run_jobs()
    assert set(Post.objects.values_list("body_html", flat=True)) == {""}


def test_the_owner_finds_the_switch_in_the_settings(client_of):
    page = client_of("owner").get("/settings/").text
    assert 'name="typography"' in page
    assert "Typographic punctuation in posts" in page
