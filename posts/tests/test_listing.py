"""Paging lists by key and by number, and the counters behind the lists."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from posts import listing
from posts.models import Post
from posts.writing import publishing
from posts.writing.edit import Edit

NOW = timezone.now()
MINUTE = timedelta(minutes=1)
PATHS = {"site": "/", "author": "/authors/author/", "tag": "/tags/tea/"}
KINDS = {
    "site": lambda author, tag: listing.all_posts(),
    "author": lambda author, tag: listing.posts_by(author.pk),
    "tag": lambda author, tag: listing.posts_tagged(tag),
}


def titles(page: str) -> list[str]:
    return re.findall(r"<h2[^>]*><a [^>]*>([^<]*)</a>", page)


def links(page: str) -> dict[str, str]:
    """Return the paging links' addresses by their text."""
    (paging,) = re.findall(r'<nav class="paging".*?</nav>', page, re.S) or [""]
    found = re.findall(r'<a (?:rel="(?:prev|next)" )?href="([^"]*)">(?:← )?(\w+)', paging)
    return {text: href.replace("&amp;", "&") for href, text in found}


# Following pages by key


def publish(author, title: str, at: datetime) -> Post:
    post = Post(author=author, title=title, status=Post.Status.PUBLISHED, publish_at=at)
    return publishing.save_post(post, Edit(NOW, tags=["tea"]))


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
def test_paging_to_the_end_and_back_repeats_and_skips_nothing(client, author, many, kind, disturb):
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


def test_a_post_dated_after_the_current_page_is_seen_once(client, author, many):
    posts = many(12)
    first = client.get("/").text
    publish(author, "Ahead 1", posts[7].publish_at - MINUTE / 2)
    page = client.get("/" + links(first)["Older"]).text
    assert titles(page) == ["Post 5", "Post 6", "Post 7", "Ahead 1", "Post 8"]


def test_paging_keeps_the_order_of_posts_of_one_moment(client, author, many):
    posts = many(13)
    Post.objects.update(publish_at=NOW - MINUTE)
    seen, address = [], "/"
    while address:
        page = client.get(address).text
        seen += titles(page)
        address = "/" + links(page)["Older"] if "Older" in links(page) else ""
    newest_first = sorted(posts, key=lambda post: -post.pk)
    assert seen == [post.title for post in newest_first]


def test_paging_continues_past_posts_older_than_1970(client, make_post):
    for year in range(1950, 1962):
        make_post(title=f"Year {year}", publish_at=datetime(year, 5, 6, 7, 8, 9, 10, UTC))
    page = client.get("/").text
    page = client.get("/" + links(page)["Older"]).text
    assert titles(page) == [f"Year {year}" for year in range(1956, 1951, -1)]
    page = client.get("/" + links(page)["Older"]).text
    assert titles(page) == ["Year 1951", "Year 1950"]
    assert titles(client.get("/" + links(page)["Newer"]).text)[0] == "Year 1956"


def test_the_page_number_never_exceeds_the_last_while_paging(client, many):
    posts = many(16)
    page = client.get("/?page=3").text
    for post in posts[:12]:
        publishing.delete_post(post)
    assert "Page 1 of 1" in client.get("/" + links(page)["Older"]).text


def test_paging_ends_on_the_last_page_and_going_back_on_the_first(client, author, many):
    posts = many(11)
    page = client.get("/").text
    for number in range(5):
        publish(author, f"New {number}", NOW - MINUTE / (number + 2))
    while "Older" in links(page):
        page = client.get("/" + links(page)["Older"]).text
    assert "Page 4 of 4" in page
    for post in posts[:5]:
        publishing.delete_post(post)
    while "Newer" in links(page):
        page = client.get("/" + links(page)["Newer"]).text
    assert "Page 1 of 3" in page


# Links


@pytest.mark.parametrize("kind", PATHS)
def test_pages_link_to_the_first_the_last_and_the_adjacent_ones(client, many, kind):
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


# Invalid pages


BAD_KEYS = [
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
    "9" * 18 + "-1",
    "-" + "9" * 17 + "-1",
    "1-" + "9" * 19,
    "9" * 5000 + "-1",
    "٢-1",
]


@pytest.mark.parametrize("way", ["after", "before"])
@pytest.mark.parametrize("key", BAD_KEYS)
def test_a_bad_key_is_404_with_a_way_back(client, many, way, key):
    empty = client.get(f"/?page=2&{way}={key}")
    many(12)
    filled = client.get(f"/?page=2&{way}={key}")
    assert [empty.status_code, filled.status_code] == [404, 404]
    assert 'href="/"' in empty.text and 'href="/"' in filled.text


@pytest.mark.parametrize("key", ["9" * 17 + "-1", "62135596800000001-1"])
def test_a_key_later_than_every_post_leads_to_the_first_page(client, many, key):
    assert client.get(f"/?page=2&after={key}").status_code == 404
    assert client.get(f"/?page=2&before={key}").status_code == 200
    many(12)
    newest = titles(client.get("/").text)
    for way in ("after", "before"):
        response = client.get(f"/?page=2&{way}={key}")
        assert (response.status_code, titles(response.text)) == (200, newest)


@pytest.mark.parametrize("number", [0, 12])
@pytest.mark.parametrize("query", ["after=0-0", "after=-62135596800000000-1", "page=2&after=0-0"])
def test_a_key_beyond_the_end_is_404(client, many, query, number):
    many(number)
    assert client.get(f"/?{query}").status_code == 404


def test_a_newer_link_without_posts_leads_to_the_first_page(client, many):
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
