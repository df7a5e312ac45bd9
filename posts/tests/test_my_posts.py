"""The My posts page."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from posts.models import Post
from posts.writing import publishing
from posts.writing.edit import Edit
from posts.writing.my_posts import ROWS_PER_PAGE

NOW = timezone.now()
DAY = timedelta(days=1)
STATES = {
    "draft": {"status": Post.Status.DRAFT, "publish_at": None},
    "scheduled": {"publish_at": NOW + DAY},
    "published": {},
    "hidden": {"status": Post.Status.HIDDEN},
    "trash": {"status": Post.Status.TRASH, "trashed_at": NOW, "trashed_from": "draft"},
}


def titles(page: str) -> list[str]:
    return re.findall(r'<h2 dir="auto">(?:<a [^>]*>)?([^<]*)<', page)


def tabs(page: str) -> dict[str, int]:
    found = re.findall(r'<a href="\?state=(\w+)[^>]*>[^<]*<span[^>]*>(\d+)', page)
    return {state: int(count) for state, count in found}


def chosen(page: str) -> str:
    return re.search(r'\?state=(\w+)[^"]*"\s+aria-current="page"', page)[1]


@pytest.fixture
def one_of_each(make_post, reader):
    for state, fields in STATES.items():
        make_post(title=state.capitalize(), **fields)
        make_post(title="Another's", author=reader, **fields)


@pytest.mark.parametrize("state", STATES)
def test_each_state_has_a_tab_with_its_posts_and_their_number(client_of, one_of_each, state):
    page = client_of("author").get(f"/mine/?state={state}").text
    assert titles(page) == [state.capitalize()]
    assert tabs(page) == dict.fromkeys(STATES, 1)
    assert chosen(page) == state


def test_there_is_no_tab_for_hidden_posts_without_any(client_of, draft):
    page = client_of("author").get("/mine/").text
    assert tabs(page) == {"draft": 1, "scheduled": 0, "published": 0, "trash": 0}


@pytest.mark.parametrize(
    ("states", "first"),
    [([], "draft"), (["trash", "published"], "published"), (["published", "draft"], "draft")],
)
def test_the_first_tab_that_is_not_empty_is_shown(client_of, make_post, states, first):
    for state in states:
        make_post(**STATES[state])
    assert chosen(client_of("author").get("/mine/").text) == first


@pytest.mark.parametrize(
    "query", ["?state=all", "?page=2", "?state=draft&page=x", "?state=published&page=2"]
)
def test_an_unknown_page_of_my_posts_is_404(client_of, draft, query):
    assert client_of("author").get(f"/mine/{query}").status_code == 404


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ("draft", "Write a post"),
        ("scheduled", "press Schedule"),
        ("published", "press Publish"),
        ("hidden", "No hidden posts"),
        ("trash", "stay here for 30 days"),
    ],
)
def test_an_empty_tab_says_what_to_do_next(client_of, author, state, message):
    page = client_of("author").get(f"/mine/?state={state}").text
    assert message in page
    assert 'role="search" aria-label="My posts"' not in page


def test_an_empty_tab_tells_contributors_about_reviews(as_role):
    client = as_role("contributor")
    for state in ("draft", "scheduled", "published"):
        page = client.get(f"/mine/?state={state}").text
        assert "ask for a review" in page and "press " not in page


@pytest.mark.parametrize("state", ["draft", "scheduled", "published", "hidden"])
def test_each_post_links_to_its_editor_its_page_and_its_history(client_of, make_post, state):
    post = make_post(**STATES[state])
    page = client_of("author").get(f"/mine/?state={state}").text
    for path in (f"/{post.pk}/update/", post.get_absolute_url(), f"/{post.pk}/history/"):
        assert f'href="{path}"' in page


def test_a_draft_without_a_title_is_named_so(client_of, make_post):
    make_post(title="", **STATES["draft"])
    assert titles(client_of("author").get("/mine/").text) == ["Untitled"]


# Edit times and unpublished edits


def test_drafts_come_in_the_order_of_their_last_edit(client_of, make_post):
    for title, age in (("Old", 3), ("Newest", 1), ("Older", 2)):
        make_post(title=title, updated_at=NOW - age * DAY, **STATES["draft"])
    assert titles(client_of("author").get("/mine/").text) == ["Newest", "Older", "Old"]


def edited(page: str) -> list[str]:
    return re.findall(r"<span>edited ([^<]*)</span>", page)


def autosave(post: Post, **changes) -> None:
    tags = changes.pop("tags", [tag.name for tag in post.tag_list])
    copy = Post.objects.get(pk=post.pk)
    for name, value in changes.items():
        setattr(copy, name, value)
    at = NOW.replace(month=3, day=2, hour=5, minute=30)
    publishing.autosave(copy, Edit(at, tags=tags, by=post.author, session="x"))


@pytest.mark.parametrize("state", ["draft", "scheduled", "published", "hidden"])
@pytest.mark.parametrize(
    "changes", [{"title": "New"}, {"body": "new"}, {"cover_alt": "New"}, {"tags": ["New"]}]
)
def test_edits_that_readers_do_not_see_are_marked_and_dated(client_of, make_post, state, changes):
    post = make_post(tags="Tea", **STATES[state])
    autosave(post, **changes)
    page = client_of("author").get(f"/mine/?state={state}").text
    assert ("Unpublished edits" in page) == (state != "draft")
    assert edited(page) == [f"March 2, {NOW.year}, 5:30 a.m."]


@pytest.mark.parametrize("end", ["saved", "typed back"])
def test_saved_or_undone_edits_are_not_marked(client_of, make_post, end):
    post = make_post(tags="Tea")
    autosave(post, title="New")
    if end == "saved":
        publishing.update(Post.objects.get(), Edit(NOW, by=post.author))
    else:
        autosave(post)
    page = client_of("author").get("/mine/?state=published").text
    assert "Unpublished edits" not in page
    assert not edited(page)[0].startswith("March")


def test_times_are_in_the_time_zone_of_the_author(client_of, author, make_post):
    User.objects.update(time_zone="Asia/Tokyo")
    make_post(updated_at=NOW.replace(month=3, day=1, hour=20, minute=30), **STATES["draft"])
    page = client_of("author").get("/mine/").text
    assert edited(page) == [f"March 2, {NOW.year}, 5:30 a.m."]


# Searching


@pytest.mark.parametrize(
    ("find", "found"),
    [
        ("bread", ["Soda bread"]),
        ("BREAD soda", ["Soda bread"]),
        ("bread boats", []),
        ("ärm", ["Ärmel"]),
        ("c++", ["C++"]),
        ("100%", ["100% rye"]),
        ("%", ["100% rye"]),
        ("  ", ["Soda bread", "Ärmel", "C++", "100% rye"]),
        ("soda\0", ["Soda bread"]),
        ("bread boots", ["Soda bread"]),
        ("GEBÄCK c++", ["C++"]),
        ("gebäck ärm", ["Ärmel"]),
        ("harbor rye", ["100% rye"]),
        ("summary rye", ["100% rye"]),
        # Only the first few words count.
        ("s o d a b boats", ["Soda bread"]),
    ],
)
@pytest.mark.parametrize("state", STATES)
def test_posts_are_found_by_words_anywhere_in_their_text(client_of, make_post, state, find, found):
    for title in ("Soda bread", "Ärmel", "C++", "100% rye"):
        fields = {"cover_alt": "A harbor", "description": "A summary", **STATES[state]}
        make_post(title=title, body="In boots.\n\nGebäck.", **fields)
    page = client_of("author").get("/mine/", {"state": state, "find": find}).text
    assert sorted(titles(page)) == sorted(found)
    assert ("No posts match" in page) == (not found)
    assert find.strip(" \0") == "" or tabs(page)[state] == len(found)


def test_a_search_counts_the_posts_of_each_state_and_shows_the_first(client_of, one_of_each):
    Post.objects.filter(title__in=["Scheduled", "Published", "Trash"]).update(body="needle")
    client = client_of("author")
    page = client.get("/mine/?find=needle").text
    found = {"draft": 0, "scheduled": 1, "published": 1, "trash": 1}
    assert tabs(page) == found
    assert titles(page) == ["Scheduled"]
    page = client.get("/mine/?state=draft&find=needle").text
    assert titles(page) == [] and "Your words were found in other states." in page
    assert "Use fewer words" in client.get("/mine/?state=draft&find=zebra").text


@pytest.mark.parametrize("state", ["scheduled", "published", "hidden"])
def test_edits_that_readers_do_not_see_yet_are_found(client_of, make_post, state):
    post = make_post(body="Old.", **STATES[state])
    client = client_of("author")
    autosave(post, body="A needle.")
    assert len(titles(client.get(f"/mine/?state={state}&find=needle").text)) == 1
    publishing.update(Post.objects.get(), Edit(NOW, by=post.author))
    assert titles(client.get(f"/mine/?state={state}&find=needle").text) == []


@pytest.mark.parametrize(("role", "found"), [("editor", ["Asked"]), ("author", None)])
def test_only_editors_find_the_text_of_posts_to_review(as_role, make_post, author, role, found):
    make_post(title="Asked", body="needle", review="asked", **STATES["draft"])
    make_post(title="Kept", body="needle", **STATES["draft"])
    page = as_role(role).get("/mine/?find=needle").text
    assert titles(page) == (found or [])
    assert ("review" in tabs(page)) == bool(found)


def test_the_query_stays_in_its_field(client_of, draft):
    page = client_of("author").get("/mine/", {"find": '"<b>'}).text
    assert 'value="&quot;&lt;b&gt;"' in page


# Paging


@pytest.fixture
def write(author):
    def write(number: int, **fields) -> None:
        Post.objects.bulk_create(
            Post(author=author, title=f"Title {n}", slug=f"title-{n}", updated_at=NOW - n * DAY)
            for n in range(number)
        )

    return write


@pytest.mark.parametrize("find", ["", "title"])
def test_drafts_are_paged(client_of, write, find):
    write(ROWS_PER_PAGE + 1)
    client = client_of("author")
    page = client.get("/mine/", {"find": find} if find else {}).text
    assert len(titles(page)) == ROWS_PER_PAGE
    (next_,) = re.findall(r'rel="next" href="([^"]*)"', page)
    page = client.get(f"/mine/{next_.replace('&amp;', '&')}").text
    assert titles(page) == [f"Title {ROWS_PER_PAGE}"]
    assert f'value="{find}"' in page or not find
    (back,) = re.findall(r'rel="prev" href="([^"]*)"', page)
    assert len(titles(client.get(f"/mine/{back.replace('&amp;', '&')}").text)) == ROWS_PER_PAGE


def test_published_posts_are_paged_by_keys(client_of, many):
    many(2 * ROWS_PER_PAGE + 1)
    client = client_of("author")
    page, seen = client.get("/mine/?state=published").text, []
    for rel in ("next", "next", "prev", "prev"):
        seen += titles(page)[:1]
        (link,) = re.findall(rf'rel="{rel}" href="([^"]*)"', page)
        assert "after=" in link if rel == "next" else "before=" in link
        page = client.get(f"/mine/{link.replace('&amp;', '&')}").text
    assert seen == ["Post 0", "Post 20", "Post 40", "Post 20"]
    assert titles(page)[0] == "Post 0"


def test_older_posts_are_found_by_the_index(client_of, make_post, reader, monkeypatch):
    monkeypatch.setattr("posts.writing.finding.COMPARED_MAX", 1)
    for title in ("Old draft", "New draft"):
        draft = make_post(title=title, body="A needle.", **STATES["draft"])
        publishing.update(draft, Edit(NOW))
    another = make_post(title="Another's", body="A needle.", author=reader)
    publishing.update(another, Edit(NOW))
    client = client_of("author")
    assert titles(client.get("/mine/?find=needle").text) == ["New draft", "Old draft"]
    assert titles(client.get("/mine/?find=zebra").text) == []


# Likes and comments


@pytest.mark.parametrize(
    ("state", "is_shown"),
    [("draft", False), ("scheduled", False), ("published", True), ("hidden", True)],
)
def test_likes_and_comments_are_shown_for_posts_that_readers_have_seen(
    client_of, make_post, state, is_shown
):
    make_post(like_count=1, comment_count=2, **STATES[state])
    page = client_of("author").get(f"/mine/?state={state}").text
    assert ("<span>1 like</span>" in page) == is_shown
    assert ("<span>2 comments</span>" in page) == is_shown
    Post.objects.update(like_count=3)
    page = client_of("author").get(f"/mine/?state={state}").text
    assert ("<span>3 likes</span>" in page) == is_shown


# The trash


def test_a_post_in_the_trash_says_until_when_and_can_be_restored(client_of, make_post):
    at = NOW.replace(month=3, day=2)
    post = make_post(**STATES["trash"] | {"trashed_at": at})
    client = client_of("author")
    page = client.get("/mine/?state=trash").text
    assert f"kept until April 1, {NOW.year}" in page
    assert f'href="/{post.pk}/' not in page
    assert f'<form method="post" action="/{post.pk}/restore/">' in page
    client.post(f"/{post.pk}/restore/")
    assert {tab for tab, count in tabs(client.get("/mine/").text).items() if count} == {"draft"}


@pytest.mark.parametrize(("visitor", "is_there"), [("anonymous", False), ("reader", True)])
def test_the_header_links_to_it_for_logged_in_people(client_of, visitor, is_there):
    page = client_of(visitor).get("/").text
    assert ('<a href="/mine/">My posts</a>' in page) == is_there
