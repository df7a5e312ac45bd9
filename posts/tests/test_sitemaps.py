"""sitemap.xml, valid by the schemas of sitemaps.org for any blog, and robots.txt."""

import re
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext, override_script_prefix
from django.utils import timezone

from posts.models import Post
from posts.reading import sitemaps
from posts.writing import publishing
from posts.writing.edit import Edit

NAMESPACE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
W3C_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)")
CHILDREN = {"urlset": "url", "sitemapindex": "sitemap"}


def parse(response) -> dict[str, str | None]:
    """Return the locations with their dates. Fail if the schemas of sitemaps.org would.

    siteindex.xsd and sitemap.xsd 0.9: a root with one of two names and at least one child. Each
    child has one `loc` of 12 to 2,048 characters, then at most one `lastmod`. The protocol also
    limits a file to 50,000 entries and 50 MB, with absolute addresses on one host.
    """
    assert response.status_code == 200
    assert response["Content-Type"] == "application/xml; charset=utf-8"
    assert len(response.content) < 50 * 1024 * 1024
    root = ElementTree.fromstring(response.content)
    assert root.tag.startswith(NAMESPACE)
    child = NAMESPACE + CHILDREN[root.tag.removeprefix(NAMESPACE)]
    assert 1 <= len(root) <= 50_000
    found = {}
    for entry in root:
        assert entry.tag == child
        names = [element.tag.removeprefix(NAMESPACE) for element in entry]
        assert names in (["loc"], ["loc", "lastmod"])
        location, changed = entry[0].text, entry[1].text if len(entry) > 1 else None
        assert 12 <= len(location) <= 2_048
        assert location.isascii() and not re.search(r"[\s<>\"']", location)
        assert changed is None or W3C_DATE.fullmatch(changed)
        assert location not in found
        found[location] = changed
    assert len({urlsplit(location)[:2] for location in found}) == 1
    return found


@pytest.fixture
def read(client, db):
    """Return a function that reads the whole sitemap, through the index if there is one."""

    def read_all() -> dict[str, str | None]:
        response = client.get("/sitemap.xml")
        found = parse(response)
        if "<urlset" in response.text:
            return found
        assert set(found.values()) == {None}
        parts = [parse(client.get(urlsplit(address).path)) for address in found]
        assert sum(map(len, parts)) == len({address for part in parts for address in part})
        return {address: changed for part in parts for address, changed in part.items()}

    return read_all


def listed(**dates) -> dict[str, str | None]:
    """Return the sitemap's required entries: the home page and each listed post."""
    posts = Post.objects.listed(timezone.now())
    found = {
        f"http://testserver{post.get_absolute_url()}": max(post.updated_at, post.publish_at)
        .replace(microsecond=0)
        .isoformat()
        for post in posts
    }
    return {"http://testserver/": None} | found


def nothing(make_post) -> None:
    pass


def drafts(make_post) -> None:
    for _ in range(5):
        make_post(status=Post.Status.DRAFT, publish_at=None)


def scheduled(make_post) -> None:
    for _ in range(5):
        make_post(publish_at=timezone.now() + timedelta(days=1))


def some(make_post) -> None:
    make_post(title="A & <b> 'c' \"d\"")
    drafts(make_post)


def published_later_than_edited(make_post) -> None:
    for number in range(5):
        long_ago = timezone.now() - timedelta(days=number + 2)
        make_post(updated_at=long_ago, publish_at=timezone.now() - timedelta(minutes=number + 1))


def many(make_post) -> None:
    for number in range(9):
        make_post(title="字" * 200 if number % 2 else "\U0001f600\U00012000" * 100)


def removed_in_bulk(make_post) -> None:
    many(make_post)
    posts = list(Post.objects.order_by("pk"))
    Post.objects.filter(pk__in=[post.pk for post in posts[:6]]).delete()
    drafts(make_post)
    some(make_post)


def taken_back(make_post) -> None:
    many(make_post)
    for post in Post.objects.order_by("pk")[1:7]:
        publishing.trash_post(post, now=timezone.now())
    scheduled(make_post)
    some(make_post)


def all_gone(make_post) -> None:
    many(make_post)
    Post.objects.all().delete()


def all_taken_back(make_post) -> None:
    many(make_post)
    for post in Post.objects.all():
        publishing.unpublish(post, Edit(timezone.now()))


STATES = [nothing, drafts, scheduled, some, published_later_than_edited, many]
STATES += [removed_in_bulk, taken_back, all_gone, all_taken_back]


@pytest.mark.parametrize("size", [1_000, 3, 2, 1])
@pytest.mark.parametrize("state", STATES)
def test_it_obeys_the_protocol_and_contains_listed_posts(read, make_post, monkeypatch, state, size):
    state(make_post)
    monkeypatch.setattr(sitemaps, "PART_SIZE", size)
    assert read() == listed()


def test_its_addresses_include_the_path_of_the_site(client, make_post, monkeypatch, settings):
    for _ in range(3):
        make_post()
    monkeypatch.setattr(sitemaps, "PART_SIZE", 1)
    settings.SITE_URL = "https://blog.example"
    with override_script_prefix("/blog/"):
        found = parse(client.get("/sitemap.xml"))
        assert all(address.startswith("https://blog.example/blog/sitemap-") for address in found)
        assert "Sitemap: https://blog.example/blog/sitemap.xml" in client.get("/robots.txt").text


def test_a_date_is_whole_seconds_and_never_before_readers_could_see_it(read, make_post):
    published_at = datetime.fromisoformat("2026-01-02T03:04:05.678901+00:00")
    post = make_post(publish_at=published_at, updated_at=published_at - timedelta(days=1))
    address = f"http://testserver{post.get_absolute_url()}"
    assert read()[address] == "2026-01-02T03:04:05+00:00"


@pytest.mark.parametrize(
    ("number", "status"), [(0, 200), (1, 404), (2, 200), (3, 404), (10**30, 404)]
)
def test_a_part_without_posts_is_404(client, make_post, monkeypatch, number, status):
    monkeypatch.setattr(sitemaps, "PART_SIZE", 10)
    for pk, state in ((15, Post.Status.TRASH), (25, Post.Status.PUBLISHED)):
        make_post(pk=pk, status=state, trashed_at=timezone.now())
    assert client.get(f"/sitemap-{number}.xml").status_code == status


def test_the_index_costs_the_same_number_of_queries_at_any_length(client, make_post, monkeypatch):
    monkeypatch.setattr(sitemaps, "PART_SIZE", 1)
    counted = []
    for _ in range(3):
        for _ in range(3):
            make_post()
        with CaptureQueriesContext(connection) as queries:
            client.get("/sitemap.xml")
        counted.append(len(queries))
    assert counted == [1, 1, 1]


@pytest.mark.parametrize("site_url", ["", "https://blog.example"])
def test_robots_names_the_sitemap(client, settings, site_url):
    settings.SITE_URL = site_url
    response = client.get("/robots.txt")
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert f"Sitemap: {site_url or 'http://testserver'}/sitemap.xml" in response.text
    assert "Disallow: /admin/" in response.text


def test_robots_hides_no_page_that_says_noindex(client, db):
    """A crawler that can't read a page never sees its noindex."""
    rules = re.findall(r"^Disallow: (.*)$", client.get("/robots.txt").text, re.M)
    patterns = [re.compile(re.escape(rule).replace(r"\*", ".*")) for rule in rules]
    for path in ("/preview/secret/", "/?q=bread", "/?page=2&q=bread"):
        assert not any(pattern.match(path) for pattern in patterns), path
    assert rules
