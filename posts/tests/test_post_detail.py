"""A post's page, and the addresses that redirect to it."""

import json
import re
from datetime import timedelta

import pytest
from django.utils import timezone

from posts.models import Post


def test_the_page_shows_title_author_date_and_body(client, post):
    page = client.get(post.get_absolute_url()).text
    assert "<h1" in page and "Test title" in page
    assert 'href="/authors/author/">author</a>' in page
    assert "test\nbody" in page
    assert "<time datetime=" in page


@pytest.mark.parametrize(
    ("visitor", "sees_edit"),
    [("anonymous", False), ("reader", False), ("moderator", False), ("author", True)],
)
def test_only_the_author_sees_the_edit_link(client_of, post, visitor, sees_edit):
    page = client_of(visitor).get(post.get_absolute_url()).text
    assert (f'href="/{post.pk}/update/"' in page) == sees_edit


@pytest.mark.parametrize(
    "slug", ["", "wrong", "test-titl", "TEST-TITLE", "test-title-2", "'\"<>", "ä"]
)
def test_a_wrong_slug_leads_to_the_right_one(client, post, slug):
    response = client.get(f"/{post.pk}-{slug}/")
    assert response.status_code == 301
    assert response["Location"] == f"/{post.pk}-test-title/"


def test_the_id_alone_leads_to_the_page_and_keeps_the_query(client, post):
    response = client.get(f"/{post.pk}/?page=2&q=a%20b")
    assert response.status_code == 301
    assert response["Location"] == f"/{post.pk}-test-title/?page=2&q=a%20b"


def test_browsers_do_not_keep_the_redirect_so_renaming_back_makes_no_loop(client, post):
    assert client.get(f"/{post.pk}/")["Cache-Control"] == "no-cache"


def test_old_links_still_work_after_a_new_title(client, post):
    old = post.get_absolute_url()
    post.title = "Another title"
    post.save()
    response = client.get(old, follow=True)
    assert response.redirect_chain == [(f"/{post.pk}-another-title/", 301)]
    assert "Another title" in response.text


HIDDEN = {
    "draft": {"status": Post.Status.DRAFT, "publish_at": None},
    "scheduled": {"publish_at": timezone.now() + timedelta(days=365)},
}


@pytest.mark.parametrize("state", HIDDEN)
@pytest.mark.parametrize(
    ("visitor", "status"),
    [("anonymous", 404), ("reader", 404), ("author", 200), ("moderator", 200)],
)
def test_an_unlisted_post_is_seen_by_its_author_and_moderators(
    client_of, make_post, state, visitor, status
):
    post = make_post(title="Secret title", **HIDDEN[state])
    client = client_of(visitor)
    assert client.get(post.get_absolute_url()).status_code == status
    # A redirect would reveal the title.
    redirect = client.get(f"/{post.pk}/")
    assert redirect.status_code == (301 if status == 200 else 404)
    assert status == 200 or "secret" not in redirect.text.lower()


def test_a_draft_says_that_it_is_one(client_of, draft):
    assert (
        "Draft: readers can't see this post."
        in client_of("author").get(draft.get_absolute_url()).text
    )


@pytest.mark.parametrize("pk", ["0", "999999", "9" * 19, "9" * 40, "9" * 5000])
def test_no_such_post_is_404(client, db, pk):
    assert client.get(f"/{pk}/").status_code == 404
    assert client.get(f"/{pk}-x/").status_code == 404


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Ein Tag in Köln", "ein-tag-in-köln"),
        ("हिन्दी में", "हिन्दी-में"),
        ("日本語の題", "日本語の題"),
        ("🎉🎉", "post"),
        ("?!", "post"),
    ],
)
def test_a_title_in_any_script_makes_a_working_address(client, make_post, title, slug):
    post = make_post(title=title)
    assert post.slug == slug
    assert client.get(post.get_absolute_url()).status_code == 200


def test_a_body_is_rendered_as_markdown(client, make_post):
    post = make_post(body="# Part\n\nSome *words*,\nmore.\n\n    code\n")
    page = client.get(post.get_absolute_url()).text
    assert '<h2 dir="auto" id="h-part">Part</h2>' in page
    assert '<p dir="auto">Some <em>words</em>,\nmore.</p>' in page
    assert '<pre dir="ltr"><code dir="ltr">code\n</code></pre>' in page


def test_text_by_people_is_escaped(client, make_post):
    post = make_post(title="</title><script>", body="</div><script>alert(1)</script>")
    page = client.get(post.get_absolute_url()).text
    assert page.count("<script") == 1  # the JSON-LD, which is data
    assert "alert(1)" in page and "&lt;script&gt;alert(1)" in page
    (data,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page)
    assert json.loads(data)["headline"] == "</title><script>"
