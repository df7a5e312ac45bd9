"""seed_demo, which fills a sample blog (the seed's init-db command only creates tables)."""

import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import User
from content.directions import with_directions
from content.markup import render_post
from posts.demo.writer import demo_person, demo_post
from posts.management.commands import seed_demo
from posts.models import Comment, Like, Post, Tag
from posts.writing import history

pytestmark = pytest.mark.usefixtures("small_sample")


def seed(*arguments: str) -> str:
    output = StringIO()
    call_command("seed_demo", *arguments, stdout=output)
    return output.getvalue()


def texts() -> list[tuple]:
    posts = Post.objects.order_by("pk").values_list("title", "body", "author__username")
    # Image names differ in every run.
    return [(title, re.sub(r"/media/\S+", "", body), name) for title, body, name in posts]


def test_it_fills_an_empty_blog_and_says_so(db):
    """Seed: test_init_db_command."""
    output = seed("--posts", "30", "--users", "5")
    assert "Wrote 30 posts by 5 people" in output
    assert (Post.objects.listed(timezone.now()).count(), User.objects.count()) == (30, 5)


def test_the_sample_has_drafts_schedules_edits_and_a_history(db):
    seed("--posts", "30", "--users", "2")
    owner, now = User.objects.get(is_superuser=True), timezone.now()
    own = Post.objects.filter(author=owner)
    drafts = own.filter(status="draft")
    assert (drafts.count(), own.in_trash().count()) == (3, 1)
    assert own.filter(status="published", publish_at__gt=now).count() == 2
    assert all(post.revisions.count() == 3 for post in drafts)
    edited = own.listed(now).newest_first().first()
    assert history.unsaved_edits(edited).body.startswith(edited.body)
    assert not Post.objects.exclude(author=owner).exclude(status="published").exists()


def test_the_same_texts_come_on_every_run(db):
    seed("--posts", "25", "--users", "5")
    first = texts()
    Post.objects.all().delete()
    User.objects.all().delete()
    seed("--posts", "25", "--users", "5")
    assert texts() == first


def test_the_newest_post_is_the_first_article_and_ids_increase_with_time(db):
    seed("--posts", "30", "--users", "24")
    newest = Post.objects.listed(timezone.now()).newest_first()
    assert newest[0].title == demo_post(0).title
    assert newest[0].author.username == demo_post(0).author
    assert [post.pk for post in newest] == sorted((post.pk for post in newest), reverse=True)


def test_posts_are_varied(db):
    seed("--posts", "60", "--users", "24")
    bodies = list(Post.objects.values_list("body", flat=True))
    for kind in (r"^## ", r"^[-*] ", r"^```", r"^> ", r"\n\n"):
        assert sum(bool(re.search(kind, body, re.M)) for body in bodies) >= 5, kind
    assert max(map(len, bodies)) > 4 * min(map(len, bodies))


def test_one_of_the_people_can_log_in_with_the_password_printed(client, db):
    output = seed("--posts", "3", "--users", "2")
    username, password = re.search(r"Log in as (\S+) with the password (\S+)", output).groups()
    assert client.login(username=username, password=password)
    assert client.get("/admin/").status_code == 200
    others = User.objects.exclude(username=username)
    assert not any(user.has_usable_password() or user.is_staff for user in others)


def test_passwords_differ_from_blog_to_blog(db):
    outputs = []
    for _ in range(2):
        Post.objects.all().delete()
        User.objects.all().delete()
        outputs.append(re.search(r"password (\S+)", seed("--posts", "1", "--users", "1"))[1])
    assert outputs[0] != outputs[1]


def test_it_does_not_touch_a_blog_that_has_posts(post):
    with pytest.raises(CommandError, match="has 1 posts; --append adds"):
        seed("--posts", "5", "--users", "2")
    assert Post.objects.count() == 1


def test_with_if_empty_it_leaves_a_blog_with_posts_alone(post):
    assert "no sample posts were added" in seed("--if-empty")
    assert Post.objects.count() == 1


def test_with_append_it_adds_to_a_blog_with_posts(post):
    output = seed("--posts", "5", "--users", "2", "--append")
    assert (Post.objects.count(), User.objects.count()) == (6, 3)
    assert "password" not in output
    assert not User.objects.filter(is_superuser=True).exists()


def test_an_existing_person_does_not_become_an_author(make_user):
    # The same username in another case.
    taken = make_user(demo_person(0).username.upper())
    seed("--posts", "10", "--users", "3")
    assert User.objects.count() == 4
    assert not Post.objects.filter(author=taken).exists()


def test_existing_posts_are_left_unchanged(post):
    before = Post.objects.values().get()
    seed("--posts", "5", "--users", "9", "--append")
    assert Post.objects.filter(pk=post.pk).values().get() == before
    assert not Comment.objects.filter(post=post).exists()
    assert Like.objects.exclude(post=post).exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--posts", "-1"),
        ("--posts", "many"),
        ("--users", "1.5"),
        ("--posts", "3", "--users", "0"),
        ("--append", "--if-empty"),
    ],
)
def test_bad_arguments_are_refused_with_a_message(db, arguments):
    with pytest.raises(CommandError, match=r"whole number|at least 1|not allowed with"):
        seed(*arguments)
    assert not User.objects.exists()


def test_no_posts_are_fine(db):
    assert "Wrote 0 posts by 1 people" in seed("--posts", "0", "--users", "1")


def test_every_member_has_a_unique_username():
    names = {demo_person(number).username.casefold() for number in range(25_000)}
    assert len(names) == 25_000


def test_posts_keep_within_the_fields():
    for number in range(2_000):
        text = demo_post(number)
        assert 0 < len(text.title) <= 200
        assert text.body.strip()
        assert not re.search(r"\{\w+\}", text.title)


def test_the_newest_posts_have_tags_likes_threads_and_covers(client, db):
    seed("--posts", "45", "--users", "24")
    assert Tag.objects.in_use(timezone.now()).count() > 20
    assert Like.objects.exists() and Comment.objects.filter(parent__isnull=False).exists()
    assert Post.objects.exclude(cover="").count() == 2
    illustrated = Post.objects.get(body__contains="/media/")
    shown = client.get(illustrated.get_absolute_url()).text
    assert f'alt="{seed_demo.image_words()}"' in shown and "pale sun" in illustrated.body_html
    newest = Post.objects.listed(timezone.now()).newest_first().first()
    page = client.get(newest.get_absolute_url()).text
    assert "data-like-count" in page and 'class="tone-' in page
    assert client.get("/?page=9").status_code == 200


def test_people_have_all_that_their_pages_show(client, db):
    seed("--posts", "30", "--users", "5")
    person = User.objects.exclude(avatar="").get()
    page = client.get(f"/authors/{person.username}/").text
    for part in ('class="tone-', 'class="biography"', f'href="{person.website}"', "<article"):
        assert part in page


def test_composed_posts_are_rendered_as_by_saving_them(db):
    seed("--posts", "120", "--users", "3")
    for post in Post.objects.all():
        assert post.body_html == with_directions(render_post(post.body, "en"))
