"""RSS, Atom and JSON Feed of the site, each tag and each author."""

import json
import re
from datetime import timedelta
from xml.etree import ElementTree

import pytest
from django.utils import timezone

from accounts.models import User
from identity.models import Redirect
from posts.discussion import moderation
from posts.models import Post, Tag
from posts.tagging import rename_tag
from posts.writing import publishing
from posts.writing.edit import Edit

ATOM = "{http://www.w3.org/2005/Atom}"
IMAGE = f"/media/images/{'x' * 22}-4x3-213.webp"
CONTENT = "**Bold** words, [a link](/tags/) and ![a picture](/media/x.webp)."
FEED_PATHS = {"site": "/feed/", "tag": "/tags/bread/feed/", "author": "/authors/author/feed/"}


@pytest.fixture
def fed(make_post) -> Post:
    return make_post(title="Salt & <smoke>", body=CONTENT, tags="Bread, Salt")


@pytest.mark.parametrize("source", FEED_PATHS)
def test_rss_contains_the_whole_post_with_absolute_links(client, fed, source):
    response = client.get(FEED_PATHS[source])
    assert response["Content-Type"] == "application/rss+xml; charset=utf-8"
    (item,) = ElementTree.fromstring(response.content).iter("item")
    assert item.findtext("title") == "Salt & <smoke>"
    assert item.findtext("link") == f"http://testserver{fed.get_absolute_url()}"
    assert item.findtext("guid") == f"urn:uuid:{fed.uuid}"
    assert item.find("guid").get("isPermaLink") == "false"
    assert [category.text for category in item.iter("category")] == ["Bread", "Salt"]
    html = item.findtext("description")
    assert "<strong>Bold</strong>" in html
    assert 'href="http://testserver/tags/"' in html
    assert 'src="http://testserver/media/x.webp"' in html


@pytest.mark.parametrize("source", FEED_PATHS)
def test_atom_has_dates_author_and_content(client, fed, source):
    response = client.get(f"{FEED_PATHS[source]}atom/")
    assert response["Content-Type"] == "application/atom+xml; charset=utf-8"
    feed = ElementTree.fromstring(response.content)
    (entry,) = feed.iter(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}id") == f"urn:uuid:{fed.uuid}"
    assert entry.findtext(f"{ATOM}published") == fed.publish_at.isoformat()
    assert entry.findtext(f"{ATOM}author/{ATOM}name") == "author"
    assert entry.find(f"{ATOM}content").get("type") == "html"
    assert "<strong>Bold</strong>" in entry.findtext(f"{ATOM}content")
    assert entry.find(f"{ATOM}summary") is None
    assert feed.findtext(f"{ATOM}id").startswith("urn:uuid:")


@pytest.mark.parametrize("source", FEED_PATHS)
def test_json_feed_has_its_version_and_items(client, fed, source):
    response = client.get(f"{FEED_PATHS[source]}json/")
    assert response["Content-Type"] == "application/feed+json; charset=utf-8"
    feed = json.loads(response.content)
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["feed_url"] == f"http://testserver{FEED_PATHS[source]}json/"
    (item,) = feed["items"]
    assert item["id"] == f"urn:uuid:{fed.uuid}"
    assert item["tags"] == ["Bread", "Salt"]
    assert item["authors"] == [{"name": "author", "url": "http://testserver/authors/author/"}]


def test_a_scheduled_post_counts_as_changed_when_it_is_published(client, make_post):
    """Its text is older, but readers of the feed have never seen it."""
    published = timezone.now() - timedelta(minutes=1)
    make_post(publish_at=published, updated_at=published - timedelta(days=1))
    (entry,) = ElementTree.fromstring(client.get("/feed/atom/").content).iter(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}updated") == published.isoformat()
    (item,) = client.get("/feed/json/").json()["items"]
    assert item["date_modified"] == published.isoformat()


@pytest.mark.parametrize("kind", ["", "atom/", "json/"])
def test_ids_survive_a_new_title_and_a_new_domain(client, fed, settings, kind):
    def ids() -> list[str]:
        return re.findall(r"urn:uuid:[0-9a-f-]{36}", client.get(f"/feed/{kind}").text)

    before = ids()
    Post.objects.update(title="Another", slug="another")
    settings.SITE_URL = "https://elsewhere.example"
    assert ids() == before != []
    assert "https://elsewhere.example" in client.get(f"/feed/{kind}").text


def test_the_id_of_a_feed_survives_a_new_name_of_its_tag_or_author(client, fed):
    def ids() -> list[str]:
        feeds = (f"/tags/{Tag.objects.get(posts=fed, key__in=['bread', 'loaf']).slug}/feed/atom/",)
        feeds += (f"/authors/{User.objects.get(posts=fed).username}/feed/atom/", "/feed/atom/")
        pages = [ElementTree.fromstring(client.get(path).content) for path in feeds]
        return [page.findtext(f"{ATOM}id") for page in pages]

    before = ids()
    rename_tag(Tag.objects.get(key="bread"), "Loaf")
    fed.author.username = "writer"
    fed.author.save()
    assert ids() == before
    assert len(set(before)) == 3


NO_XML = "".join(map(chr, [*range(1, 9), *range(14, 28), 0xFFFE, 0xFFFF]))


@pytest.mark.parametrize("kind", ["", "atom/", "json/"])
@pytest.mark.parametrize("source", FEED_PATHS)
def test_characters_that_xml_forbids_break_no_feed(client_of, author, fed, source, kind):
    client = client_of("author")
    typed = {"title": f"Bell{NO_XML}", "body": f"ring{NO_XML}s & <b>", "tags": "Bread"}
    assert client.post("/create/", typed).status_code == 302
    # Forms refuse such a name today.
    User.objects.update(display_name=f"Z{NO_XML}oe")
    response = client.get(f"{FEED_PATHS[source]}{kind}")
    if kind != "json/":
        ElementTree.fromstring(response.content)
    for text in ("Bell", "rings", "Zoe"):
        assert text in response.text


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("[x](#h-y)", '<a href="{base}#h-y" rel="noopener">x</a>'),
        ("[x](y?z)", '<a href="{base}y?z" rel="noopener">x</a>'),
        ('[x](/y "z")', '<a href="http://testserver/y" title="z" rel="noopener">x</a>'),
        ("[x](mailto:y@z.de)", '<a href="mailto:y@z.de" rel="noopener">x</a>'),
        (
            f"![x]({IMAGE})",
            f'<img src="http://testserver{IMAGE}" alt="x" width="4" height="3">',
        ),
        ("- [x] y", '<li dir="auto"><input disabled="" checked="" type="checkbox"> y</li>'),
        ("```py\nif x\n```", '<pre dir="ltr"><code dir="ltr">if x\n</code></pre>'),
        ("<details open>\n\nx\n\n</details>", '<details open="">'),
    ],
)
def test_addresses_are_absolute_in_a_feed(client, make_post, markdown, html):
    post = make_post(body=markdown)
    (item,) = json.loads(client.get("/feed/json/").content)["items"]
    base = f"http://testserver{post.get_absolute_url()}"
    assert html.replace("{base}", base) in item["content_html"]


@pytest.mark.parametrize("kind", ["", "atom/", "json/"])
def test_a_feed_stays_the_same_while_nothing_changes(client, author, kind):
    for path in ("/feed/", "/authors/author/feed/"):
        stamp = client.get(f"{path}{kind}")["ETag"]
        for tag in (stamp, f"W/{stamp}", f'"other", {stamp}', "*"):
            response = client.get(f"{path}{kind}", headers={"If-None-Match": tag})
            assert (response.status_code, response.content) == (304, b"")
        assert client.head(f"{path}{kind}").status_code == 200


@pytest.mark.parametrize("header", ["If-None-Match", "If-Modified-Since"])
@pytest.mark.parametrize("is_changed", [False, True])
def test_a_client_that_has_the_feed_gets_304(client, fed, header, is_changed):
    first = client.get("/feed/atom/")
    if is_changed:
        Post.objects.update(title="New", updated_at=timezone.now() + timedelta(minutes=1))
    stamp = first["ETag"] if header == "If-None-Match" else first["Last-Modified"]
    response = client.get("/feed/atom/", headers={header: stamp})
    assert response.status_code == (200 if is_changed else 304)


@pytest.mark.parametrize("scope", ["", "/authors/author", "/tags/salt"])
@pytest.mark.parametrize("leave", ["trash", "unpublish", "hide", "delete", "another tag"])
def test_a_post_that_leaves_gives_the_feed_a_newer_date(
    client, fed, make_post, moderator, scope, leave
):
    long_ago, now = timezone.now() - timedelta(days=2), timezone.now()
    old = make_post(title="Old", tags="Salt", publish_at=long_ago, updated_at=long_ago)
    acts = {
        "trash": lambda: publishing.trash_post(old, now=now),
        "unpublish": lambda: publishing.unpublish(old, Edit(long_ago)),
        "hide": lambda: moderation.hide_post(old, moderator, now=now),
        "delete": lambda: publishing.delete_post(old),
        "another tag": lambda: publishing.update(old, Edit(long_ago, tags=["Bread"])),
    }
    before = client.get(f"{scope}/feed/")
    acts[leave]()
    known = {"If-Modified-Since": before["Last-Modified"]}
    assert client.get(f"{scope}/feed/", headers=known).status_code == 200


def test_a_feed_contains_the_newest_twenty(client, make_post):
    now = timezone.now()
    for number in range(25):
        make_post(title=f"Post {number}", publish_at=now - timedelta(days=number))
    items = json.loads(client.get("/feed/json/").content)["items"]
    assert [item["title"] for item in items] == [f"Post {number}" for number in range(20)]


@pytest.mark.parametrize(
    "path", ["/tags/nothing/feed/", "/authors/nobody/feed/", "/feed/html/", "/tags/bread/feed/x/"]
)
def test_a_feed_of_a_missing_page_is_404(client, fed, path):
    assert client.get(path).status_code == 404


def test_an_empty_blog_has_empty_feeds(client, db):
    for kind in ("", "atom/", "json/"):
        assert client.get(f"/feed/{kind}").status_code == 200


@pytest.mark.parametrize(
    ("path", "feed"),
    [
        ("/", "/feed/"),
        ("/tags/bread/", "/tags/bread/feed/"),
        ("/authors/author/", "/authors/author/feed/"),
    ],
)
def test_pages_name_their_feeds_by_paths(client, fed, path, feed):
    page = client.get(path).text
    for kind in ("", "atom/", "json/"):
        assert re.search(rf'<link rel="alternate" [^>]*href="{feed}{kind}">', page)


def test_a_feed_costs_the_same_at_any_length(client, make_post, django_assert_num_queries):
    for number in range(12):
        make_post(title=f"Post {number}", tags="bread, salt")
    client.get("/feed/")
    # The queries read the feed's date, the posts, and their tags.
    with django_assert_num_queries(3):
        client.get("/feed/")


@pytest.mark.parametrize(
    ("path", "feed"),
    [
        *((path, "/feed/") for path in ("/feed.xml", "/rss", "/rss/", "/rss.xml", "/index.xml")),
        *((path, "/feed/") for path in ("/feed.rss", "/feed/rss/")),
        *((path, "/feed/atom/") for path in ("/atom", "/atom/", "/atom.xml", "/feed.atom")),
        ("/feed.json", "/feed/json/"),
    ],
)
def test_the_usual_addresses_of_feeds_redirect_to_ours(client, db, path, feed):
    response = client.get(f"{path}?a=b")
    assert (response.status_code, response["Location"]) == (301, f"{feed}?a=b")


@pytest.mark.parametrize("path", ["/rss", "/rss/", "/atom.xml"])
def test_a_redirect_of_the_owner_from_a_usual_address_wins(client, db, path):
    for old_path in ("/rss", "/atom.xml"):
        Redirect.objects.create(old_path=old_path, target="https://example.org/feed")
    assert client.get(path)["Location"] == "https://example.org/feed"
    assert client.get("/rss.xml")["Location"] == "/feed/"


@pytest.mark.parametrize("path", ["/feedxml", "/rss.xml/", "/xrss", "/rss/x/", "/tags/rss"])
def test_other_addresses_do_not_redirect_to_a_feed(client, db, path):
    assert "/feed/" not in client.get(path).headers.get("Location", "")
