"""Pages for logged-in people, built from cached fragments, show each change at once."""

import re
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.handlers.wsgi import WSGIHandler
from django.db import transaction
from django.http import Http404
from django.test.utils import override_script_prefix
from django.utils import timezone

from accounts.models import User
from caching import fragments, pages
from caching.tests.cached import ask
from posts import listing
from posts.discussion import liking, rendering
from posts.models import Comment, Post, Tag
from posts.reading import cards
from posts.reading.cards import post_cards
from posts.reading.post import post_html
from posts.tests.meanwhile import meanwhile
from posts.tests.test_page_cache_changes import CHANGES
from posts.writing import publishing
from posts.writing.edit import Edit

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
# Part of the query that reads the tags of posts.
READ_TAGGINGS = 'WHERE "posts_tagging"."post_id"'
TOKEN = re.compile(r'name="(csrfmiddlewaretoken|writer)" value="[^"]*"')
PAGES = ["/", "/tags/bread/", "/authors/author/", "{post}"]
FEEDS = ["/feed/", "/tags/bread/feed/atom/", "/authors/author/feed/json/"]


@pytest.fixture
def thread(worker, make_post, make_comment) -> Comment:
    post = make_post(title="Old title", tags="Bread")
    comment = make_comment("Old words.", post=post)
    make_comment("A reply.", post=post, parent=comment, author=post.author)
    liking.like(post, post.author)
    return comment


@pytest.fixture
def read(client_of, thread):
    """Return a function that reads the pages as each visitor and removes the tokens.

    Feeds are the same for every visitor, so it reads them once.
    """
    pages = [path.format(post=thread.post.get_absolute_url()) for path in PAGES]
    paths_of = {"reader": [*pages, *FEEDS], "author": pages, "moderator": pages}

    def read_as(visitor: str) -> list[str]:
        client = client_of(visitor)
        return [TOKEN.sub("", client.get(path).text) for path in paths_of[visitor]]

    return lambda: {name: read_as(name) for name in paths_of}


def test_pages_are_the_same_until_something_changes(read):
    assert read() == read()


@pytest.mark.parametrize("change", CHANGES)
def test_logged_in_people_see_each_change_at_once(read, thread, moderator, change):
    read()
    CHANGES[change](Comment.objects.get(pk=thread.pk), moderator)
    after = read()
    fragments.changing = fragments.Store()
    assert after == read()


def test_my_posts_shows_saves_that_invalidate_no_page(client_of, thread, draft):
    client = client_of("author")
    assert "Unpublished edits" not in client.get("/mine/?state=published").text
    assert "Draft title" in client.get("/mine/").text
    draft.title = "Other title"
    publishing.save_draft(draft, Edit(timezone.now()))
    thread.post.body = "Unpublished words."
    publishing.autosave(thread.post, Edit(timezone.now(), tags=["Bread"]))
    assert "Unpublished edits" in client.get("/mine/?state=published").text
    assert "Other title" in client.get("/mine/").text


@pytest.mark.parametrize(
    ("path", "queries"),
    # One query reads the session and user. On a post, one more reads permission and like.
    [("/", 1), ("/tags/bread/", 1), ("/authors/author/", 1), ("{post}", 2), ("/feed/", 0)],
)
@pytest.mark.parametrize("visitor", ["reader", "author"])
def test_shared_fragments_are_not_rendered_twice(
    client_of, thread, django_assert_num_queries, path, queries, visitor
):
    client, path = client_of(visitor), path.format(post=thread.post.get_absolute_url())
    first = client.get(path)
    with django_assert_num_queries(queries):
        assert client.get(path).status_code == first.status_code == 200


def test_someone_elses_hidden_comment_does_not_render_the_page_again(
    client_of, thread, make_comment, moderator, django_assert_num_queries
):
    hidden = {"author": moderator, "status": Comment.Status.HIDDEN}
    make_comment("Not for everyone.", post=thread.post, **hidden)
    client, path = client_of("reader"), thread.post.get_absolute_url()
    client.get(path)
    # As above, and whether the reader wrote a comment that not everyone sees.
    with django_assert_num_queries(3):
        page = client.get(path).text
    assert "Old words." in page and "Not for everyone." not in page
    assert "Not for everyone." in client_of("author").get(path).text


def test_each_gets_the_links_that_are_theirs(client_of, thread):
    path = thread.post.get_absolute_url()
    edit = f"/{thread.post.pk}/update/"
    acts = {name: f"/comments/{thread.pk}/{name}/" for name in ("edit", "report", "hide")}
    seen = {}
    for visitor in ("author", "reader", "moderator", "author"):
        client = client_of(visitor)
        page = client.get(path).text
        seen[visitor] = {name for name, address in acts.items() if address in page}
        assert (edit in client.get("/").text) == (visitor == "author")
    assert seen == {
        "author": {"report", "hide"},
        "reader": {"edit"},
        "moderator": {"report", "hide"},
    }


@pytest.mark.parametrize("visitors", [("author", "reader"), ("reader", "author")])
def test_the_page_of_a_post_has_an_edit_link_for_its_author_alone(client_of, thread, visitors):
    path, link = thread.post.get_absolute_url(), f'href="/{thread.post.pk}/update/"'
    for visitor in visitors:
        assert (link in client_of(visitor).get(path).text) == (visitor == "author"), visitor


def main_links(client) -> str:
    return re.search('<nav aria-label="Main">.*?</nav>', client.get("/tags/").text, re.DOTALL)[0]


def test_each_gets_the_links_above_the_page_that_are_theirs(client_of, moderator):
    for visitor in ("reader", "author", "moderator", "reader"):
        links = main_links(client_of(visitor))
        assert f">{visitor}</a>" in links
        assert ('href="/admin/"' in links) == (visitor == "moderator")
    # A former moderator loses the link, though their name is the same.
    User.objects.filter(pk=moderator.pk).update(is_staff=False)
    assert 'href="/admin/"' not in main_links(client_of("moderator"))


def test_the_header_and_title_follow_the_settings(client, set_site):
    for is_open, name in ((True, "One"), (False, "Other"), (True, "One")):
        set_site(registration="open" if is_open else "closed", name=name)
        assert ("Register</a>" in main_links(client)) == is_open
        assert client.get("/tags/").text.count(f'href="/">{name}</a>') == 2


def test_the_head_of_a_post_names_the_site_as_each_visitor_knows_it(client_of, thread, settings):
    client, path = client_of("reader"), thread.post.get_absolute_url()
    for host in ("testserver", "127.0.0.1", "testserver"):
        page = client.get(path, headers={"host": host}).text
        assert f'<link rel="canonical" href="http://{host}{path}">' in page
        feed = client.get("/feed/", headers={"host": host}).text
        assert f"<link>http://{host}{path}</link>" in feed


@pytest.mark.parametrize("state", ["draft", "scheduled"])
def test_html_of_a_post_that_is_not_published_is_never_kept(client_of, thread, moderator, state):
    CHANGES["unpublish" if state == "draft" else "schedule"](thread, moderator)
    path, client = thread.post.get_absolute_url(), client_of("author")
    before = client.get(path).text
    # The post is saved like a draft, without changing any cache version.
    Post.objects.filter(pk=thread.post_id).update(body_html="<p>Other words.</p>")
    after = client.get(path).text
    assert ("Other words." in before, "Other words." in after) == (False, True)
    assert ("readers can't see this post yet." in after) == (state == "scheduled")
    assert client_of("reader").get(path).status_code == 404


@pytest.mark.parametrize("change", ["unpublish", "schedule", "hide", "trash", "delete"])
def test_a_post_unpublished_while_its_page_is_rendered_is_404(thread, moderator, change, rf):
    request, post = rf.get("/"), thread.post
    request.user = AnonymousUser()
    assert post_html(request, post).article
    CHANGES[change](thread, moderator)
    with pytest.raises(Http404):
        post_html(request, post)


def test_the_author_can_read_a_post_unpublished_while_its_page_is_rendered(thread, moderator, rf):
    request, post = rf.get("/"), thread.post
    CHANGES["hide"](Comment.objects.get(pk=thread.pk), moderator)
    for request.user in (post.author, moderator):
        assert "Hidden by a moderator" in post_html(request, post).article
    # The page shown to them isn't kept for others.
    request.user = AnonymousUser()
    with pytest.raises(Http404):
        post_html(request, post)


@pytest.mark.parametrize("path", ["/", "/?q=body", "/authors/author/", "/feed/json/", "{post}"])
@pytest.mark.parametrize("take_back", [publishing.unpublish, publishing.schedule])
def test_tags_of_a_post_unpublished_after_its_text_was_read_are_not_shown(
    client_of, thread, path, take_back
):
    client, path = client_of("reader"), path.format(post=thread.post.get_absolute_url())
    now, later = timezone.now(), timezone.now() + timedelta(days=1)
    at = [later] if take_back is publishing.schedule else []
    act = partial(take_back, thread.post, *at, Edit(now, tags=["Secret"]))
    with meanwhile(act, before=READ_TAGGINGS):
        page = client.get(path)
    assert (page.status_code, "Secret" in page.text) == (200, False)
    assert "Secret" not in client.get(path).text


@override_script_prefix("/")
def test_links_start_with_the_path_under_which_the_site_is_served(thread):
    path = thread.post.get_absolute_url()
    for place in ("/blog", "", "/blog"):
        for page in ("/", path, "/tags/bread/"):
            text = ask(WSGIHandler(), page, SCRIPT_NAME=place, HTTP_COOKIE="a=b").text
            links = re.findall(r'(?:href|action)="(/(?!static/)[^"]*)"', text)
            assert {link.startswith("/blog/") for link in links} == {bool(place)}


def test_a_transaction_shares_nothing_that_may_never_be_committed(client_of, thread):
    client = client_of("reader")
    with transaction.atomic():
        thread.post.title = "Never"
        publishing.update(thread.post, Edit(timezone.now()))
        assert "Never" in client.get("/").text
        transaction.set_rollback(True)
    assert "Never" not in client.get("/").text


def test_a_scheduled_post_is_in_the_lists_at_its_second(client_of, thread, make_post, monkeypatch):
    at = timezone.now().replace(microsecond=0) + timedelta(hours=1)
    make_post(title="Later", publish_at=at)
    client, clock = client_of("reader"), [at - timedelta(seconds=1)]
    monkeypatch.setattr(timezone, "now", lambda: clock[0])
    assert "Later" not in client.get("/").text
    clock[0] = at
    assert "Later" in client.get("/").text
    # A slow request with an earlier clock changes nothing for the others.
    assert fragments.current_store(at - timedelta(seconds=1)) is not fragments.changing


@pytest.mark.parametrize("change", ["nothing", "unpublish", "schedule", "hide", "trash", "delete"])
def test_a_post_unpublished_after_a_list_was_read_has_no_card(thread, moderator, change):
    found = listing.posts_tagged(Tag.objects.get()).page({}, size=5, now=timezone.now()).ids
    if change != "nothing":
        CHANGES[change](thread, moderator)
    assert len(post_cards(found, AnonymousUser())) == (change == "nothing")


OTHER_COMMENTS = {
    "words": {"body_html": "<p>Other words.</p>"},
    "status": {"status": Comment.Status.WAITING},
    "edit": {"edited_at": datetime(2026, 1, 1, tzinfo=UTC)},
    "name": {"author": {"display_name": "Another"}},
    "closed account": {"author": {"is_active": False}},
    "staff": {"author": {"is_staff": True}},
    "username": {"author": {"display_name": "Ada", "username": "other", "username_key": "other"}},
}


@pytest.mark.parametrize("other", OTHER_COMMENTS)
def test_a_comment_that_says_something_else_is_rendered_again(client_of, thread, other):
    """Only the content decides: no cache version changes here."""
    client, path = client_of("moderator"), thread.post.get_absolute_url()
    before, values = client.get(path).text, OTHER_COMMENTS[other]
    if "author" in values:
        User.objects.filter(pk=thread.author_id).update(**values["author"])
    else:
        Comment.objects.filter(pk=thread.pk).update(**values)
    fragments.changing = fragments.Store()
    assert TOKEN.sub("", client.get(path).text) != TOKEN.sub("", before)


def test_no_comment_is_rendered_again_for_a_visitor_who_may_not_reply(client, thread, monkeypatch):
    path = thread.post.get_absolute_url()
    assert "Old words." in client.get(path).text
    monkeypatch.setattr(
        rendering, "render_to_string", lambda *made_of: pytest.fail("rendered again")
    )
    assert "Old words." in client.get(f"{path}?from={1:012}").text


def test_after_a_change_elsewhere_nothing_is_rendered_again(client_of, thread, monkeypatch):
    client, paths = client_of("reader"), ("/", thread.post.get_absolute_url())
    before = [TOKEN.sub("", client.get(path).text) for path in paths]
    for module in (cards, rendering):
        monkeypatch.setattr(
            module, "render_to_string", lambda *made_of: pytest.fail("rendered again")
        )
    pages.find_counter().increase()
    assert [TOKEN.sub("", client.get(path).text) for path in paths] == before
