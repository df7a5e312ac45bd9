"""A post's metadata for machines, and its links to other posts."""

import json
import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.utils import timezone

from posts.models import Post

NOW = timezone.now()
DAY = timedelta(days=1)
HOSTILE = [
    "</title><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onload='alert(1)",
    "</script><!-- <script>",
    "{{ 7|add:7 }} {% now 'Y' %} %s %(x)s",
    "a & b &amp; c",
    "\u2028 line \u2029 ends",
    "日本語 🎉",
]


def meta(page: str) -> dict[str, str]:
    """Return the contents of the page's <meta> tags by name or property."""
    pairs = re.findall(r'<meta (?:name|property)="([^"]*)"\s+content="([^"]*)">', page)
    return {name: unescape(content) for name, content in pairs}


def json_ld(page: str) -> dict:
    (text,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.S)
    return json.loads(text)


def open_page(client, post: Post) -> str:
    return client.get(post.get_absolute_url()).text


@pytest.mark.parametrize(
    ("site_url", "base"),
    [("", "http://testserver"), ("https://blog.example", "https://blog.example")],
)
def test_addresses_are_whole_on_the_sites_own_or_the_requests_host(
    client, make_post, settings, site_url, base
):
    settings.SITE_URL = site_url
    name = f"images/{'x' * 22}-8x6-300.webp"
    post = make_post(title="Über uns", cover=name, cover_alt='The "sea"')
    page = open_page(client, post)
    (canonical,) = re.findall(r'<link rel="canonical" href="([^"]*)">', page)
    data = json_ld(page)
    assert canonical == meta(page)["og:url"] == data["url"] == data["mainEntityOfPage"]
    assert canonical.startswith(f"{base}/{post.pk}-") and canonical.isascii()
    assert data["author"]["url"] == f"{base}/authors/author/"
    shared = f"{base}/{name.replace('webp', 'jpg')}"
    assert data["image"] == [shared] == [meta(page)["og:image"]]
    assert meta(page)["og:image:alt"] == 'The "sea"'


def test_the_canonical_address_leaves_the_query_out(client, post):
    page = client.get(f"{post.get_absolute_url()}?from=x&utm=1").text
    assert f'<link rel="canonical" href="http://testserver{post.get_absolute_url()}">' in page


def test_the_metadata_has_title_description_dates_and_tags(client, make_post, author, set_site):
    set_site(name="My & blog")
    author.display_name = "Zoë B."
    author.save()
    at = datetime(2024, 2, 3, 4, 5, 6, tzinfo=UTC)
    post = make_post(
        title="On tea",
        body="Some *tea* & “milk”.",
        tags="Tea, Green things",
        publish_at=at,
        updated_at=at + DAY,
    )
    page = open_page(client, post)
    assert "<title>On tea · My &amp; blog</title>" in page
    told = meta(page)
    assert told["description"] == told["og:description"] == "Some tea & “milk”."
    assert (told["og:title"], told["og:type"]) == ("On tea", "article")
    assert told["og:site_name"] == "My & blog"
    assert told["article:published_time"] == "2024-02-03T04:05:06+00:00"
    assert told["article:modified_time"] == "2024-02-04T04:05:06+00:00"
    assert re.findall(r'article:tag" content="([^"]*)"', page) == ["Tea", "Green things"]
    assert json_ld(page) == {
        "@context": "https://schema.org",
        "@type": "BlogPosting",
        "headline": "On tea",
        "description": "Some tea & “milk”.",
        "inLanguage": "en",
        "url": f"http://testserver{post.get_absolute_url()}",
        "mainEntityOfPage": f"http://testserver{post.get_absolute_url()}",
        "datePublished": "2024-02-03T04:05:06+00:00",
        "dateModified": "2024-02-04T04:05:06+00:00",
        "keywords": ["Tea", "Green things"],
        "wordCount": 3,
        "author": {
            "@type": "Person",
            "name": "Zoë B.",
            "url": "http://testserver/authors/author/",
        },
    }
    assert "og:image" not in told


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text_everywhere(client, make_post, author, text):
    author.display_name = text
    author.save()
    post = make_post(title=text, body=text, tags=text, cover_alt=text)
    make_post(title=text, publish_at=NOW - DAY)
    Post.objects.filter(pk=post.pk).update(cover=f"images/{'x' * 22}-8x6-300.webp")
    page = open_page(client, post)
    assert len(re.findall("<script", page)) == 1
    markup = re.sub('"[^"]*"', '""', page)
    assert not re.search(r"<img src=x|<[^>]*\son(error|load)=", markup)
    data = json_ld(page)
    assert (data["headline"], data["author"]["name"]) == (text, text)
    assert meta(page)["og:title"] == text == meta(page)["og:image:alt"]
    (title,) = re.findall("<title>(.*?) · [^<]*</title>", page, re.S)
    assert unescape(title) == text
    assert unescape(re.search(r'<h1 dir="auto">(.*?)</h1>', page, re.S)[1]) == text


def test_a_post_without_text_is_described_by_its_title(client, make_post):
    page = open_page(client, make_post(body="", title="Only a title"))
    assert meta(page)["description"] == "Only a title"
    assert meta(page)["og:description"] == "" == json_ld(page)["description"]
    assert json_ld(page)["wordCount"] == 0


def test_a_draft_has_no_date_of_publication(client_of, draft):
    page = open_page(client_of("author"), draft)
    assert "article:published_time" not in meta(page)
    assert json_ld(page)["datePublished"] is None
    assert "<time" not in re.search("<article.*?</header>", page, re.S)[0]


# Reading time and dates


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "1 min read<"), (344, "1 min read<"), (400, "2 min read<"), (2300, "10 min read<")],
)
def test_the_reading_time_is_shown(client, make_post, count, shown):
    page = open_page(client, make_post(body="word " * count))
    assert f"<span>{shown}" in page
    assert f"<span>{shown}" in client.get("/").text


@pytest.mark.parametrize(
    ("updated", "is_told"),
    [
        (NOW - 3 * DAY, True),
        (NOW - 4 * DAY, False),
        (NOW - 5 * DAY, False),
    ],
    ids=["after", "at-once", "before-it-came-due"],
)
def test_the_date_of_an_update_is_shown_if_it_differs(client, make_post, updated, is_told):
    post = make_post(publish_at=NOW - 4 * DAY, updated_at=updated)
    page = open_page(client, post)
    assert ("updated " in page) == is_told
    modified = max(updated, post.publish_at).isoformat(timespec="seconds")
    assert (
        datetime.fromisoformat(json_ld(page)["dateModified"]).isoformat(timespec="seconds")
        == modified
    )
    assert meta(page)["article:modified_time"][:19] == modified[:19]


def test_a_draft_that_was_changed_is_not_called_updated(client_of, make_post):
    draft = make_post(status=Post.Status.DRAFT, publish_at=None, updated_at=NOW)
    assert "updated " not in open_page(client_of("author"), draft)


# Links to other posts


def beside(page: str) -> dict[str, str]:
    nav = re.search(r'<nav class="neighbors".*?</nav>', page, re.S)
    found = re.findall(r'<a rel="(\w+)" href="[^"]*">.*?</span> (.*?)</a>', nav[0]) if nav else []
    return dict(found)


def more(page: str) -> list[str]:
    section = re.search(r'<section class="more">.*?</section>', page, re.S)
    return re.findall(r"<li><a [^>]*>(.*?)</a>", section[0]) if section else []


UNLISTED = {
    "draft": {"status": Post.Status.DRAFT, "publish_at": None},
    "draft with a time": {"status": Post.Status.DRAFT},
    "hidden": {"status": Post.Status.HIDDEN},
    "scheduled": {"publish_at": NOW + DAY},
}


@pytest.mark.parametrize("visitor", ["anonymous", "author", "moderator"])
def test_neighbors_are_the_listed_posts_before_and_after(client_of, make_post, reader, visitor):
    posts = [
        make_post(title=title, publish_at=NOW - days * DAY, author=reader)
        for days, title in enumerate(["newest", "middle", "oldest"], start=1)
    ]
    for number, (title, fields) in enumerate(UNLISTED.items()):
        make_post(title=title, **{"publish_at": NOW - (1.2 + number) * DAY} | fields)
    client = client_of(visitor)
    assert [beside(open_page(client, post)) for post in posts] == [
        {"next": "middle"},
        {"prev": "newest", "next": "oldest"},
        {"prev": "middle"},
    ]


def test_neighbors_of_one_moment_follow_their_ids(client, make_post):
    posts = [make_post(title=f"p{number}", publish_at=NOW - DAY) for number in range(3)]
    assert beside(open_page(client, posts[1])) == {"prev": "p2", "next": "p0"}


def test_the_only_post_links_to_no_other_posts(client, post):
    page = open_page(client, post)
    assert not beside(page) and not more(page)
    assert "More by" not in page and 'class="neighbors"' not in page


@pytest.mark.parametrize(
    ("fields", "older", "newer"),
    [
        ({"status": Post.Status.DRAFT, "publish_at": None}, None, None),
        ({"publish_at": NOW + DAY}, "published", None),
        ({"status": Post.Status.HIDDEN, "publish_at": NOW - 2 * DAY}, None, "published"),
    ],
)
def test_an_unlisted_post_links_to_listed_ones(client_of, make_post, fields, older, newer):
    make_post(title="published", publish_at=NOW - DAY)
    found = beside(open_page(client_of("author"), make_post(title="mine", **fields)))
    assert (found.get("next"), found.get("prev")) == (older, newer)


def test_more_by_the_author_is_their_three_newest_others(client, make_post, author, reader):
    author.display_name = "Zoë <B>"
    author.save()
    posts = [make_post(title=f"p{days}", publish_at=NOW - days * DAY) for days in range(1, 6)]
    make_post(title="by another", author=reader, publish_at=NOW - DAY / 2)
    for title, fields in UNLISTED.items():
        make_post(title=title, **fields)
    page = open_page(client, posts[1])
    assert more(page) == ["p1", "p3", "p4"]
    assert 'More by <a href="/authors/author/">Zoë &lt;B&gt;</a>' in page
