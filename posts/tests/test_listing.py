"""Lists in pages: walked by key, opened by number, counted and marked as posts come and go."""

import random
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from posts import listing, publishing
from posts.models import ListCount, ListMark, Post, Tag, Tagging
from posts.tests.listings import (
    all_listings,
    by_number,
    counters,
    expect_right_numbers,
    plain_slices,
)

NOW = timezone.now()
MINUTE = timedelta(minutes=1)
PATHS = {"site": "/", "author": "/authors/author/", "tag": "/tags/tea/"}
KINDS = {
    "site": lambda author, tag: listing.all_posts(),
    "author": lambda author, tag: listing.posts_by(author),
    "tag": lambda author, tag: listing.posts_tagged(tag),
}


@pytest.fixture
def small_step(monkeypatch):
    monkeypatch.setattr(listing, "STEP", 7)


@pytest.fixture
def many(author):
    """Return a function that writes so many posts of one author with one tag in bulk.

    They are a minute apart, the newest first.
    """

    def write(number: int) -> list[Post]:
        posts = Post.objects.bulk_create(
            Post(
                author=author,
                title=f"Post {place}",
                slug=f"post-{place}",
                status=Post.Status.PUBLISHED,
                publish_at=NOW - (place + 1) * MINUTE,
            )
            for place in range(number)
        )
        tag = Tag.objects.create(name="Tea", key="tea", slug="tea")
        Tagging.objects.bulk_create(
            Tagging(post=post, tag=tag, position=0, status=post.status, publish_at=post.publish_at)
            for post in posts
        )
        listing.rebuild_all()
        return posts

    return write


def titles(page: str) -> list[str]:
    return re.findall(r"<h2[^>]*><a [^>]*>([^<]*)</a>", page)


def links(page: str) -> dict[str, str]:
    """Return the addresses in the paging, by what is written on them."""
    (paging,) = re.findall(r'<nav class="paging".*?</nav>', page, re.S) or [""]
    found = re.findall(r'<a (?:rel="(?:prev|next)" )?href="([^"]*)">(?:← )?(\w+)', paging)
    return {text: href.replace("&amp;", "&") for href, text in found}


# Walking by key


def publish(author, title: str, at: datetime) -> Post:
    post = Post(author=author, title=title, status=Post.Status.PUBLISHED, publish_at=at)
    return publishing.save_post(post, now=NOW, tags=["tea"])


def disturb_by_publishing(author, posts, place):
    publish(author, f"New {place}", NOW - MINUTE / (place + 2))


def disturb_by_deleting_what_was_read(author, posts, place):
    publishing.delete_post(posts[place - 1])
    posts[place - 1].is_gone = True


def disturb_by_deleting_what_comes(author, posts, place):
    publishing.delete_post(posts[place + 1])
    posts[place + 1].is_gone = True


def disturb_by_back_dating_behind(author, posts, place):
    publish(author, f"Behind {place}", posts[place - 2].publish_at - MINUTE / 2)


def disturb_by_scheduling(author, posts, place):
    publish(author, f"Later {place}", NOW + place * MINUTE + timedelta(days=1))


def disturb_by_hiding(author, posts, place):
    publishing.change_status(posts[place - 1], Post.Status.PUBLISHED, to=Post.Status.HIDDEN)
    posts[place - 1].is_gone = True


DISTURBANCES = [
    disturb_by_publishing,
    disturb_by_deleting_what_was_read,
    disturb_by_deleting_what_comes,
    disturb_by_back_dating_behind,
    disturb_by_scheduling,
    disturb_by_hiding,
]


@pytest.mark.parametrize("disturb", DISTURBANCES)
@pytest.mark.parametrize("kind", PATHS)
def test_a_walk_there_and_back_neither_repeats_nor_skips(client, author, many, kind, disturb):
    posts, path = many(23), PATHS[kind]
    page, seen = client.get(path).text, []
    while True:
        seen += titles(page)
        if "Older" not in links(page):
            break
        place = int(titles(page)[-1].split()[1])
        if place + 1 < len(posts):
            disturb(author, posts, place)
        page = client.get(path + links(page)["Older"]).text
    stayed = [post.title for post in posts if not hasattr(post, "is_gone")]
    assert len(seen) == len(set(seen))
    assert [title for title in seen if title in stayed] == stayed

    seen_back = titles(page)
    while "Newer" in links(page):
        page = client.get(path + links(page)["Newer"]).text
        seen_back = titles(page) + seen_back
    assert len(seen_back) == len(set(seen_back))
    assert [title for title in seen_back if title in stayed] == stayed
    assert not [title for title in seen_back if title.startswith("Later")]


def test_a_post_back_dated_to_where_the_walk_has_yet_to_come_is_met_once(client, author, many):
    posts = many(12)
    first = client.get("/").text
    publish(author, "Ahead 1", posts[7].publish_at - MINUTE / 2)
    page = client.get("/" + links(first)["Older"]).text
    assert titles(page) == ["Post 5", "Post 6", "Post 7", "Ahead 1", "Post 8"]


def test_a_walk_passes_posts_of_one_moment_in_their_order(client, author, many):
    posts = many(13)
    Post.objects.update(publish_at=NOW - MINUTE)
    seen, address = [], "/"
    while address:
        page = client.get(address).text
        seen += titles(page)
        address = "/" + links(page)["Older"] if "Older" in links(page) else ""
    newest_first = sorted(posts, key=lambda post: -post.pk)
    assert seen == [post.title for post in newest_first]


def test_a_walk_goes_on_past_posts_older_than_1970(client, make_post):
    for year in range(1950, 1962):
        make_post(title=f"Year {year}", publish_at=datetime(year, 5, 6, 7, 8, 9, 10, UTC))
    page = client.get("/").text
    page = client.get("/" + links(page)["Older"]).text
    assert titles(page) == [f"Year {year}" for year in range(1956, 1951, -1)]
    page = client.get("/" + links(page)["Older"]).text
    assert titles(page) == ["Year 1951", "Year 1950"]
    assert titles(client.get("/" + links(page)["Newer"]).text)[0] == "Year 1956"


def test_the_number_of_a_page_in_a_walk_is_never_beyond_the_last(client, many):
    posts = many(16)
    page = client.get("/?page=3").text
    for post in posts[:12]:
        publishing.delete_post(post)
    assert "Page 1 of 1" in client.get("/" + links(page)["Older"]).text


# Links


@pytest.mark.parametrize("kind", PATHS)
def test_pages_lead_to_the_first_the_last_and_the_ones_beside(client, many, kind):
    many(13)
    path = PATHS[kind]
    first, middle, last = [client.get(f"{path}?page={number}").text for number in (1, 2, 3)]
    assert list(links(first)) == ["Older", "Last"]
    assert list(links(middle)) == ["First", "Newer", "Older", "Last"]
    assert list(links(last)) == ["First", "Newer"]
    assert links(middle)["First"] == "?" and links(middle)["Last"] == "?page=3"
    for page, number, link in [(first, 2, "Older"), (last, 2, "Newer")]:
        led_to = client.get(path + links(page)[link]).text
        assert titles(led_to) == titles(middle)
        assert f"Page {number} of 3" in led_to
    by_key = client.get(path + links(client.get(path + links(last)["Newer"]).text)["Newer"]).text
    assert titles(by_key) == titles(first)
    assert list(links(by_key)) == ["Older", "Last"]
    assert 'rel="next"' in first and 'rel="prev"' in last


@pytest.mark.parametrize(("number", "is_paged"), [(5, False), (6, True)])
def test_one_page_needs_no_links(client, many, number, is_paged):
    many(number)
    assert bool(links(client.get("/").text)) == is_paged


# What is no page


KEYS = [
    "",
    "x",
    "1",
    "1-",
    "-1",
    "1-x",
    "1--1",
    "--1-1",
    "1-1 ",
    "1-1%00",
    "%00",
    "9" * 17 + "-1",
    "9" * 18 + "-1",
    "-" + "9" * 17 + "-1",
    "1-" + "9" * 19,
    "9" * 5000 + "-1",
    "٢-1",
    "62135596800000001-1",
]


@pytest.mark.parametrize("number", [0, 12])
@pytest.mark.parametrize("way", ["after", "before"])
@pytest.mark.parametrize("key", KEYS)
def test_a_bad_key_is_404_with_a_way_back_or_a_page(client, many, way, key, number):
    many(number)
    response = client.get(f"/?page=2&{way}={key}")
    if response.status_code != 200:
        assert response.status_code == 404
        assert 'href="/"' in response.text


@pytest.mark.parametrize("number", [0, 12])
@pytest.mark.parametrize("query", ["after=0-0", "after=-62135596800000000-1", "page=2&after=0-0"])
def test_a_key_beyond_the_end_is_404(client, many, query, number):
    many(number)
    assert client.get(f"/?{query}").status_code == 404


def test_a_newer_link_whose_posts_went_leads_to_the_first_page(client, many):
    posts = many(12)
    page = client.get("/?page=2").text
    for post in posts[:5]:
        publishing.delete_post(post)
    response = client.get("/" + links(page)["Newer"])
    assert (response.status_code, titles(response.text)) == (200, titles(client.get("/").text))
    assert list(links(response.text)) == ["Older", "Last"]


@pytest.mark.parametrize("path", PATHS.values())
@pytest.mark.parametrize(
    "page",
    ["", "0", "-1", "4", "x", "1.5", "%00", "1%00", "9" * 9, "9" * 10, "9" * 5000, "٢", " 1"],
)
def test_a_bad_number_is_404(client, many, path, page):
    many(12)
    assert client.get(f"{path}?page={page}").status_code == 404


# By number


@pytest.mark.parametrize("seed", range(4))
def test_pages_by_number_hold_what_a_plain_slice_holds_whatever_happened(
    make_user, small_step, seed
):
    chance = random.Random(seed)
    people = [make_user("one"), make_user("two")]
    for number in range(110):
        act(chance, people, number)
    now, later = NOW, NOW + timedelta(days=400)
    for each in all_listings():
        for at in (now, later):
            assert plain_slices(each, at) == by_number(each, at)
    expect_right_numbers()


def act(chance: random.Random, people: list, number: int) -> None:
    """Do something to the blog, as somebody might."""
    posts = list(Post.objects.order_by("pk"))
    verb = chance.choices(list(VERBS), list(VERBS.values()))[0] if len(posts) > 10 else "write"
    tags = chance.sample(["tea", "Coffee", "mate", "c++"], chance.randint(0, 3))
    moment = NOW - timedelta(minutes=chance.randrange(60))
    if verb == "write":
        post = Post(author=chance.choice(people), title=f"Title {number}")
        post.status, post.publish_at = Post.Status.PUBLISHED, moment
        publishing.save_post(post, now=NOW, tags=tags)
        return
    post = chance.choice(posts)
    if verb == "edit":
        post.title = f"Other {number}"
    elif verb == "move":
        post.publish_at = moment
    elif verb == "schedule":
        post.publish_at = NOW + timedelta(minutes=chance.randrange(1, 9))
    elif verb == "give":
        post.author = chance.choice(people)
    elif verb == "withdraw":
        post.status = Post.Status.DRAFT
    elif verb == "publish" and post.publish_at:
        publishing.publish(post, now=NOW, tags=chance.choice([None, tags]))
        return
    elif verb == "delete":
        publishing.delete_post(post)
        return
    elif verb == "hide":
        publishing.change_status(post, Post.Status.PUBLISHED, to=Post.Status.HIDDEN)
        return
    elif verb == "restore":
        publishing.change_status(post, Post.Status.HIDDEN, to=Post.Status.PUBLISHED)
        return
    publishing.save_post(post, now=NOW, tags=tags if verb == "retag" else None)


# What happens, and how often.
VERBS = {
    "write": 5,
    "edit": 1,
    "move": 2,
    "schedule": 1,
    "give": 1,
    "withdraw": 1,
    "publish": 2,
    "delete": 2,
    "hide": 1,
    "restore": 2,
    "retag": 2,
}


def test_a_scheduled_post_that_comes_due_makes_no_page_wrong(many, author, small_step):
    many(20)
    for hours in (3, 1, 2):
        publish(author, f"Later {hours}", NOW + timedelta(hours=hours))
    for each in all_listings():
        for hours in range(5):
            now = NOW + timedelta(hours=hours)
            assert by_number(each, now) == plain_slices(each, now)
    expect_right_numbers()


# Cost


def offsets(queries: CaptureQueriesContext) -> list[int]:
    found = [re.search(r"\bOFFSET (\d+)", query["sql"]) for query in queries]
    return [int(match[1]) for match in found if match]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("lose", "limit"),
    [(False, 7), (True, 14)],
    ids=["as-built", "with-each-marked-post-gone"],
)
def test_no_page_by_number_skips_more_rows_than_lie_between_marks(
    author, many, small_step, kind, lose, limit
):
    many(100)
    if lose:
        marked = ListMark.objects.filter(scope="all").values("post_id")
        for post in list(Post.objects.filter(pk__in=marked)):
            publishing.delete_post(post)
    each = KINDS[kind](author, Tag.objects.get())
    with CaptureQueriesContext(
        connection,
    ) as queries:
        pages = by_number(each, NOW)
    assert sum(map(len, pages)) == (86 if lose else 100)
    assert len(offsets(queries)) > 10 and max(offsets(queries)) <= limit


def test_marks_come_about_every_step_as_posts_are_written(author, small_step):
    for number in range(30):
        publish(author, "t", NOW - number * (-1) ** number * MINUTE - timedelta(days=1))
    scopes = [f"author:{author.pk}", "all", f"tag:{Tag.objects.get().pk}"]
    for scope in scopes:
        assert ListMark.objects.filter(scope=scope).count() == 4
    expect_right_numbers()


def test_a_marked_post_that_is_tagged_anew_leaves_a_mark(author, many, small_step):
    many(30)
    marked = Post.objects.get(pk=ListMark.objects.filter(scope="all")[0].post_id)
    publishing.save_post(marked, now=NOW, tags=["Coffee"])
    assert ListMark.objects.filter(scope="all").count() == 4
    assert ListMark.objects.filter(scope=f"tag:{Tag.objects.get(key='tea').pk}").count() == 4
    expect_right_numbers()


@pytest.mark.parametrize("path", [*PATHS.values(), "/?page=2", "/tags/", "/?page=2&after={key}"])
@pytest.mark.parametrize(("visitor", "limit"), [("anonymous", 6), ("reader", 8)])
def test_a_page_costs_the_same_few_queries_at_any_length(client_of, many, path, visitor, limit):
    posts, client, costs = many(10), client_of(visitor), []
    path = path.format(key=listing.key_of((posts[4].publish_at, posts[4].pk)))
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        costs.append(len(queries))
        Post.objects.all().delete()
        Tag.objects.all().delete()
        posts = many(200)
        path = re.sub(
            "after=.*", f"after={listing.key_of((posts[4].publish_at, posts[4].pk))}", path
        )
    assert costs[0] == costs[1] <= limit


# Copies of a post that somebody else has changed meanwhile


def test_deleting_a_post_twice_counts_it_out_once(make_post):
    make_post()
    post = make_post(tags="tea")
    copy = Post.objects.get(pk=post.pk)
    publishing.delete_post(post)
    publishing.delete_post(copy)
    assert counters() == {"all": 1, f"author:{post.author_id}": 1, f"tag:{Tag.objects.get().pk}": 0}


def test_deleting_a_post_that_was_hidden_meanwhile_counts_it_out_once(make_post):
    make_post()
    post = make_post()
    copy = Post.objects.get(pk=post.pk)
    publishing.change_status(post, Post.Status.PUBLISHED, to=Post.Status.HIDDEN)
    publishing.delete_post(copy)
    assert counters() == {"all": 1, f"author:{post.author_id}": 1}


def test_restoring_an_old_copy_lists_the_post_where_it_is(make_post, small_step):
    posts = [make_post(tags="tea", publish_at=NOW - n * MINUTE) for n in range(15)]
    copy = Post.objects.get(pk=posts[0].pk)
    publishing.change_status(posts[0], Post.Status.PUBLISHED, to=Post.Status.HIDDEN)
    posts[0].publish_at = NOW - timedelta(days=2)
    publishing.save_post(posts[0], now=NOW)
    assert publishing.change_status(copy, Post.Status.HIDDEN, to=Post.Status.PUBLISHED)
    assert Tagging.objects.get(post=copy).publish_at == posts[0].publish_at
    expect_right_numbers()


def test_names_in_the_admin_and_in_logs(db):
    assert str(ListCount(scope="all")) == "all"
    assert str(ListMark(scope="tag:7", below=6)) == "tag:7 6"
