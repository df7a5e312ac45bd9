"""The home page: newest posts first, five per page."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from posts.models import Post


def test_anonymous_visitor_sees_the_post_and_links_to_log_in_and_register(client, post):
    """Seed: test_index, for anonymous visitors."""
    page = client.get("/").text
    assert "Log in" in page and "Register" in page
    assert "Log out" not in page
    assert "Test title" in page
    assert post.get_absolute_url() in page


def test_author_sees_title_author_date_body_and_edit_link(client_of, post):
    """Seed: test_index, for logged-in visitors."""
    page = client_of("author").get("/").text
    assert "Log out" in page and "Register" not in page
    assert "Test title" in page
    assert "test body" in page
    assert 'href="/authors/author/">author</a>' in page
    assert f'<time datetime="{post.publish_at.isoformat()[:10]}' in page
    assert f'href="/{post.pk}/update/"' in page


@pytest.mark.parametrize("visitor", ["anonymous", "reader", "moderator"])
def test_only_the_author_sees_edit(client_of, post, visitor):
    """Seed: test_author_required, the link."""
    assert f'href="/{post.pk}/update/"' not in client_of(visitor).get("/").text


def test_anonymous_page_has_no_form_and_sets_no_cookie(client, post):
    response = client.get("/")
    assert 'method="post"' not in response.text and "csrf" not in response.text
    assert not response.cookies


def titles(page: str) -> list[str]:
    return re.findall(r"<h2[^>]*><a [^>]*>([^<]*)</a>", page)


def test_newest_comes_first_and_five_make_a_page(client, make_post):
    now = timezone.now()
    for number in range(12):
        make_post(title=f"Post {number}", publish_at=now - timedelta(days=number))
    pages = [client.get(f"/?page={number}").text for number in (1, 2, 3)]
    assert [titles(page) for page in pages] == [
        [f"Post {number}" for number in range(start, min(start + 5, 12))] for start in (0, 5, 10)
    ]
    assert 'rel="next"' in pages[0] and 'rel="prev"' not in pages[0]
    assert 'rel="next"' in pages[1] and 'rel="prev"' in pages[1]
    assert 'rel="next"' not in pages[2] and 'rel="prev"' in pages[2]
    assert "Page 2 of 3" in pages[1]


def test_posts_of_the_same_moment_keep_one_order(client, make_post):
    at = timezone.now() - timedelta(days=1)
    for number in range(10):
        make_post(title=f"Post {number}", publish_at=at)
    found = titles(client.get("/").text) + titles(client.get("/?page=2").text)
    assert found == [f"Post {number}" for number in reversed(range(10))]


@pytest.mark.parametrize("page", ["0", "-1", "3", "x", "1.5", "9" * 30, "9" * 5000, "%00", "٢x"])
def test_a_page_that_does_not_exist_is_404_with_a_way_back(client, make_post, page):
    for _ in range(6):
        make_post()
    response = client.get(f"/?page={page}")
    assert response.status_code == 404
    assert 'href="/"' in response.text


def test_a_page_that_exists_is_found(client, make_post):
    for _ in range(6):
        make_post()
    assert client.get("/?page=2").status_code == 200


@pytest.mark.parametrize(
    ("visitor", "rules", "invitation"),
    [
        ("anonymous", {}, 'class="button" href="/auth/register/"'),
        ("anonymous", {"registration": "closed"}, 'class="button" href="/auth/login/"'),
        # New accounts may not write.
        ("anonymous", {"new_role": "reader"}, 'class="button" href="/auth/login/"'),
        ("reader", {}, 'class="button" href="/create/"'),
    ],
)
def test_an_empty_blog_invites_those_who_may_write(client_of, set_site, visitor, rules, invitation):
    set_site(**rules)
    page = client_of(visitor).get("/").text
    assert "No posts yet" in page
    assert invitation in page


@pytest.mark.parametrize("visitor", ["author", "moderator", "anonymous"])
def test_lists_contain_only_listed_posts_for_every_visitor(client_of, make_post, visitor):
    tomorrow = timezone.now() + timedelta(days=1)
    make_post(title="Draft", status=Post.Status.DRAFT, publish_at=None)
    make_post(title="Scheduled", publish_at=tomorrow)
    make_post(title="Draft with a time", status=Post.Status.DRAFT)
    make_post(title="Out")
    assert titles(client_of(visitor).get("/").text) == ["Out"]


def test_a_scheduled_post_is_listed_from_its_very_moment(make_post):
    post = make_post(publish_at=timezone.now() + timedelta(days=1))
    instant = timedelta(microseconds=1)
    assert not Post.objects.listed(post.publish_at - instant).exists()
    assert Post.objects.listed(post.publish_at).exists()


def test_cards_show_an_excerpt_and_read_none_of_the_long_columns(client, make_post):
    make_post(body="**word** " * 20_000)
    (card,) = Post.objects.for_list()
    assert len(card.excerpt) <= 300 and card.excerpt.endswith("word…")
    assert {"body", "body_html"} <= card.get_deferred_fields()
    assert len(client.get("/").content) < 5_000


def test_text_by_people_is_escaped(client, make_post):
    make_post(title="<script>alert(1)</script>", body="<img src=x onerror=alert(2)>")
    page = client.get("/").text
    assert "<script>" not in page and "<img" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
