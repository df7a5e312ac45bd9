"""Visibility: every list and page, crossed with every visitor and every state of a post.

One rule decides which posts are listed, and one decides who may open an address (promise 1 in
docs/architecture.md). Each test requests all outlets and names the wrong ones, because a separate
test for each would make 1,500.
"""

from datetime import timedelta

import pytest
from django.utils import timezone

from posts.discussion import moderation
from posts.models import Post, PreviewLink
from posts.writing import preview_links, publishing
from posts.writing.edit import Edit

TITLE, SLUG = "Findable title", "findable-title"
STATES = {
    "draft": {"status": Post.Status.DRAFT, "publish_at": None},
    "draft with a past time": {"status": Post.Status.DRAFT},
    "scheduled": {"publish_at": timezone.now() + timedelta(days=365)},
    "hidden": {"status": Post.Status.HIDDEN},
    "in the trash": {
        "status": Post.Status.TRASH,
        "trashed_at": timezone.now(),
        "trashed_from": Post.Status.PUBLISHED,
    },
    "published": {},
}
pytestmark = pytest.mark.usefixtures("one_sitemap")

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
TABS = ("draft", "scheduled", "published", "hidden", "trash")
MY_TABS = [
    ("", ""),
    *((tab, f"state={tab}") for tab in TABS),
    ("trash", "state=trash&find=findable"),
]
VISITORS = ["anonymous", "contributor", "reader", "author", "moderator", "editor", "owner"]
WRITERS = ("author", "editor", "owner")


def may_open(visitor: str, state: str) -> bool:
    sees_all = visitor in (*WRITERS, "moderator")
    return state == "published" or (sees_all and state != "in the trash")


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("visitor", VISITORS)
def test_lists_show_only_listed_posts_to_everyone(client_of, make_post, visitor, state):
    with_history(make_post(title=TITLE, tags="Rare tag", **STATES[state]))
    client = client_of(visitor)
    pages = {outlet: client.get(path).text for outlet, path in LISTS.items()}
    showing = {outlet for outlet, page in pages.items() if TITLE in page or SLUG in page}
    assert showing == (set(LISTS) if state == "published" else set())
    # Nor do they show what was written earlier, or saved automatically.
    assert [outlet for outlet, page in pages.items() if SECRET in page] == []


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("visitor", VISITORS)
def test_only_tags_of_listed_posts_are_shown(client_of, make_post, visitor, state):
    make_post(tags="Rare tag", **STATES[state])
    client = client_of(visitor)
    for outlet in ("/tags/", "/tag-suggestions/?q=rare"):
        assert ("Rare tag" in client.get(outlet).text) == (state == "published"), outlet


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("visitor", VISITORS)
def test_the_page_of_another_post_names_only_listed_posts(client_of, make_post, visitor, state):
    other = make_post(title="Other")
    make_post(title=TITLE, **STATES[state])
    page = client_of(visitor).get(other.get_absolute_url()).text
    assert (TITLE in page or SLUG in page) == (state == "published")


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("visitor", VISITORS)
def test_a_post_opens_only_for_people_who_may_see_it(client_of, make_post, visitor, state):
    post = make_post(title=TITLE, **STATES[state])
    client = client_of(visitor)
    may_see = may_open(visitor, state)
    for path, status in ((post.get_absolute_url(), 200), (f"/{post.pk}/", 301)):
        response = client.get(path)
        assert response.status_code == (status if may_see else 404)
        assert may_see or (TITLE not in response.text and post.slug not in response.text)


@pytest.mark.parametrize("state", STATES)
def test_staff_who_may_not_view_posts_see_no_more_than_readers(client, make_user, make_post, state):
    post = make_post(title=TITLE, **STATES[state])
    client.force_login(make_user("staff", is_staff=True))
    response = client.get(post.get_absolute_url())
    assert response.status_code == (200 if state == "published" else 404)
    assert (TITLE in response.text) == (state == "published")


def status_for(visitor: str, state: str) -> int:
    """Return the status codes of the pages for writing in a post."""
    if visitor == "anonymous":
        return 302
    if not may_open(visitor, state):
        return 404
    return 200 if visitor in WRITERS else 403


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("visitor", VISITORS)
def test_pages_for_writing_open_for_the_author_and_editors(client_of, make_post, visitor, state):
    post = with_history(make_post(title=TITLE, **STATES[state]))
    client = client_of(visitor)
    for page in ("update/", "history/", "history/1/", "history/2/", "history/?to=1"):
        response = client.get(f"/{post.pk}/{page}")
        assert response.status_code == status_for(visitor, state), page
        is_open = response.status_code == 200
        assert is_open or not shows_words(response), page


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("visitor", VISITORS)
def test_only_the_author_and_editors_restore_a_revision(client_of, make_post, visitor, state):
    post = with_history(make_post(title=TITLE, **STATES[state]))
    response = client_of(visitor).post(f"/{post.pk}/history/2/restore/")
    # 302 leads to the login page, or to the history.
    expected = status_for(visitor, state)
    assert response.status_code == (302 if expected == 200 else expected)
    is_restored = Post.objects.get().title == SECRET
    assert is_restored == (visitor in WRITERS and state != "in the trash")


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("visitor", VISITORS)
def test_pages_of_the_post_show_neither_earlier_texts_nor_unsaved_edits(
    client_of, make_post, visitor, state
):
    post = with_history(make_post(title=TITLE, tags="Rare tag", **STATES[state]))
    client = client_of(visitor)
    paths = (f"/{post.pk}/", "/mine/", "/mine/?state=published", "/?q=zebra")
    pages = {path: client.get(path, follow=True).text for path in paths}
    assert [path for path, page in pages.items() if SECRET in page] == []


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("visitor", VISITORS)
def test_my_posts_are_shown_only_to_their_author(client_of, make_post, visitor, state):
    make_post(title=TITLE, **STATES[state])
    client = client_of(visitor)
    for named, query in MY_TABS:
        response = client.get(f"/mine/?{query}")
        is_there = named in ("", state) or (state == "in the trash" and named == "trash")
        is_there |= named == "draft" and state == "draft with a past time"
        assert response.status_code == (302 if visitor == "anonymous" else 200), query
        assert (TITLE in response.text) == (visitor == "author" and is_there), query


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("visitor", VISITORS)
def test_a_preview_link_shows_an_unlisted_post_and_is_made_by_people_who_write_it(
    client_of, make_post, visitor, state
):
    post = with_history(make_post(title=TITLE, **STATES[state]))
    client = client_of(visitor)
    made = client.post(f"/{post.pk}/preview-link/")
    assert PreviewLink.objects.exists() == (visitor in WRITERS and state != "in the trash")
    expected = status_for(visitor, state)
    assert made.status_code == (302 if expected == 200 else expected)
    preview_links.make_link(post, now=timezone.now())
    response = client.get(f"/preview/{preview_links.token_for(post, now=timezone.now())}/")
    is_early = state in ("draft", "draft with a past time", "scheduled")
    assert response.status_code == (200 if is_early else 302 if state == "published" else 404)
    assert (TITLE in response.text) == is_early
    assert SECRET not in response.text


SECRET = "Secret zebra"


def with_history(post: Post) -> Post:
    """Give `post` earlier revisions and an autosave."""
    for number, is_autosave in enumerate((False, False, True), 1):
        texts = {"title": SECRET, "body": SECRET}
        post.revisions.create(
            number=number, is_autosave=is_autosave, saved_at=timezone.now(), **texts
        )
    return post


def shows_words(response) -> bool:
    return TITLE in response.text or SLUG in response.text or SECRET in response.text


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("visitor", VISITORS)
def test_comments_are_visible_only_with_their_post(
    client_of, make_post, make_comment, visitor, state
):
    comment = make_comment("Findable words.", post=make_post(title=TITLE))
    Post.objects.update(**STATES[state])
    client = client_of(visitor)
    may_see = may_open(visitor, state)
    response = client.get(comment.get_absolute_url())
    assert response.status_code == (302 if may_see else 404)
    page = client.get(comment.post.get_absolute_url()).text
    assert ("Findable words." in page) == may_see


@pytest.mark.parametrize(
    ("status", "visitors"),
    [
        ("approved", {*VISITORS, "writer"}),
        ("waiting", {*WRITERS, "writer", "moderator"}),
        ("hidden", {*WRITERS, "writer", "moderator"}),
        ("deleted", set()),
    ],
)
@pytest.mark.parametrize("visitor", [*VISITORS, "writer"])
def test_a_comment_is_shown_only_to_people_who_may_see_it(
    client_of, client, make_user, post, make_comment, visitor, status, visitors
):
    writer = make_user("writer")
    body = "" if status == "deleted" else "Findable words."
    comment = make_comment(body, author=writer, status=status)
    client_of(visitor)
    if visitor == "writer":
        client.force_login(writer)
    page = client.get(post.get_absolute_url()).text
    assert ("Findable words." in page) == (visitor in visitors)
    is_addressed = visitor in visitors or status == "deleted"
    assert (f'id="comment-{comment.pk}"' in page) == is_addressed
    assert client.get(comment.get_absolute_url()).status_code == (302 if is_addressed else 404)


# Warm page cache ----------------------------------------------------------------------------------

NOW = timezone.now()
BECOMING = {
    "draft": lambda post, moderator: publishing.unpublish(post, Edit(NOW)),
    "draft with a past time": lambda post, moderator: publishing.save_draft(post, Edit(NOW)),
    "scheduled": lambda post, moderator: publishing.schedule(
        post, NOW + timedelta(days=1), Edit(NOW)
    ),
    "hidden": lambda post, moderator: moderation.hide_post(post, moderator, now=NOW),
    "in the trash": lambda post, moderator: publishing.trash_post(post, now=NOW),
    "published": lambda post, moderator: publishing.update(post, Edit(NOW)),
}
# The opposite changes.
PUBLISHING = {
    "hidden": lambda post, moderator: moderation.restore_post(post, moderator, now=NOW),
    "in the trash": lambda post, moderator: moderation.restore_post(post, moderator, now=NOW),
}
ADDRESSES = {"post": "/{post}", "address by number": "/{pk}/", "neighbor": "/{other}"}
ADDRESSES |= {"tags": "/tags/", "suggestions": "/tag-suggestions/?q=rare"}


@pytest.fixture
def in_step(anonymous, moderator, django_capture_on_commit_callbacks):
    """Return a function that changes a post, and gets pages from a warm cache before and after."""

    def run(change, post: Post, paths: list[str]) -> list[tuple]:
        # The second response comes from the cache, if the page may be cached.
        before = [[anonymous.get(path) for _ in range(2)][1] for path in paths]
        with django_capture_on_commit_callbacks(execute=True):
            change(post, moderator)
        return [*zip(paths, before, map(anonymous.get, paths), strict=True)]

    return run


def says_it(reply) -> bool:
    said = reply.text + reply.headers.get("Location", "")
    return any(text in said for text in (TITLE, SLUG, "Rare tag"))


@pytest.mark.parametrize("state", STATES)
def test_a_warm_cache_shows_only_listed_posts(in_step, make_post, state):
    other = make_post(title="Other", tags="Common")
    post = make_post(title=TITLE, tags="Rare tag")
    names = {"post": post.get_absolute_url()[1:], "other": other.get_absolute_url()[1:]}
    outlets = [*LISTS.values(), *ADDRESSES.values()]
    paths = [outlet.format(pk=post.pk, **names) for outlet in outlets]
    for path, before, after in in_step(BECOMING[state], post, paths):
        assert says_it(before), path
        assert says_it(after) == (state == "published"), path


@pytest.mark.parametrize("state", STATES)
def test_a_warm_cache_shows_a_newly_published_post_at_once(in_step, make_post, state):
    # Because of this post, the tag and the author have pages even before the change.
    make_post(title="Other", tags="Rare tag")
    post = make_post(title=TITLE, tags="Rare tag", **STATES[state])
    publish = PUBLISHING.get(state, lambda post, moderator: publishing.publish(post, Edit(NOW)))
    for path, before, after in in_step(publish, post, [*LISTS.values()]):
        assert (TITLE in before.text or SLUG in before.text) == (state == "published"), path
        assert TITLE in after.text or SLUG in after.text, path
