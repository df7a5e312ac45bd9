"""Every outlet crossed with every visitor and every state of a post.

Promise 1 of the design: one rule decides what is listed, one who may open an address.
"""

from datetime import timedelta

import pytest
from django.utils import timezone

from posts.models import Post

TITLE, SLUG = "Findable title", "findable-title"
STATES = {
    "draft": {"status": Post.Status.DRAFT, "publish_at": None},
    "draft with a past time": {"status": Post.Status.DRAFT},
    "scheduled": {"publish_at": timezone.now() + timedelta(days=365)},
    "hidden": {"status": Post.Status.HIDDEN},
    "published": {},
}
LISTS = {
    "index": "/",
    "tag": "/tags/rare-tag/",
    "author": "/authors/author/",
    **{
        f"{kind} feed of {place}": f"{path}feed/{address}"
        for place, path in (
            ("site", "/"),
            ("tag", "/tags/rare-tag/"),
            ("author", "/authors/author/"),
        )
        for kind, address in (("RSS", ""), ("Atom", "atom/"), ("JSON", "json/"))
    },
    "sitemap": "/sitemap.xml",
    "search": "/?q=body",
    "search by author": "/?q=author:author",
}
VISITORS = ["anonymous", "reader", "author", "moderator"]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("visitor", VISITORS)
@pytest.mark.parametrize("outlet", LISTS)
def test_lists_show_what_is_out_and_nothing_else_to_everyone(
    client_of, make_post, outlet, visitor, state
):
    make_post(title=TITLE, tags="Rare tag", **STATES[state])
    page = client_of(visitor).get(LISTS[outlet]).text
    assert (TITLE in page or SLUG in page) == (state == "published")


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("visitor", VISITORS)
@pytest.mark.parametrize("outlet", ["/tags/", "/tag-suggestions/?q=rare"])
def test_tags_of_what_is_out_alone_are_shown(client_of, make_post, outlet, visitor, state):
    make_post(tags="Rare tag", **STATES[state])
    assert ("Rare tag" in client_of(visitor).get(outlet).text) == (state == "published")


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("visitor", VISITORS)
def test_the_page_of_another_post_names_what_is_out_alone(client_of, make_post, visitor, state):
    other = make_post(title="Other")
    make_post(title=TITLE, **STATES[state])
    page = client_of(visitor).get(other.get_absolute_url()).text
    assert (TITLE in page or SLUG in page) == (state == "published")


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("visitor", VISITORS)
def test_an_address_opens_for_those_who_may_see_the_post(client_of, make_post, visitor, state):
    post = make_post(title=TITLE, **STATES[state])
    client = client_of(visitor)
    may_see = state == "published" or visitor in ("author", "moderator")
    for path, status in ((post.get_absolute_url(), 200), (f"/{post.pk}/", 301)):
        response = client.get(path)
        assert response.status_code == (status if may_see else 404)
        assert may_see or (TITLE not in response.text and post.slug not in response.text)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("visitor", VISITORS)
def test_an_editor_opens_for_the_author_alone(client_of, make_post, visitor, state):
    post = make_post(title=TITLE, **STATES[state])
    response = client_of(visitor).get(f"/{post.pk}/update/")
    hidden = 403 if state == "published" else 404
    expected = {"author": 200, "anonymous": 302, "reader": hidden, "moderator": 403}
    assert response.status_code == expected[visitor]
    assert visitor == "author" or TITLE not in response.text


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("visitor", VISITORS)
def test_comments_are_seen_with_their_post_alone(
    client_of, make_post, make_comment, visitor, state
):
    comment = make_comment("Findable words.", post=make_post(title=TITLE, **STATES[state]))
    client = client_of(visitor)
    may_see = state == "published" or visitor in ("author", "moderator")
    response = client.get(comment.get_absolute_url())
    assert response.status_code == (302 if may_see else 404)
    page = client.get(comment.post.get_absolute_url()).text
    assert ("Findable words." in page) == may_see


@pytest.mark.parametrize(
    ("status", "visitors"),
    [
        ("approved", {"anonymous", "reader", "writer", "author", "moderator"}),
        ("waiting", {"writer", "author", "moderator"}),
        ("hidden", {"writer", "author", "moderator"}),
        ("deleted", set()),
    ],
)
@pytest.mark.parametrize("visitor", [*VISITORS, "writer"])
def test_a_comment_is_seen_by_those_who_may_see_it(
    client_of, client, make_user, post, make_comment, visitor, status, visitors
):
    writer = make_user("writer")
    words = "" if status == "deleted" else "Findable words."
    comment = make_comment(words, author=writer, status=status)
    client_of(visitor)
    if visitor == "writer":
        client.force_login(writer)
    page = client.get(post.get_absolute_url()).text
    assert ("Findable words." in page) == (visitor in visitors)
    is_addressed = visitor in visitors or status == "deleted"
    assert (f'id="comment-{comment.pk}"' in page) == is_addressed
    assert client.get(comment.get_absolute_url()).status_code == (302 if is_addressed else 404)
