"""The author's description of a post takes the place of its excerpt."""

import json
from xml.etree import ElementTree

import pytest
from django.utils import timezone

from posts.models import Post
from posts.search import find
from posts.tests.test_detail_meta import json_ld, meta, open_page

ATOM = "{http://www.w3.org/2005/Atom}"
ENCODED = "{http://purl.org/rss/1.0/modules/content/}encoded"
DESCRIPTION = "Salt & <smoke> “today”."


@pytest.fixture
def described(make_post) -> Post:
    return make_post(body="The **beginning**.", description=DESCRIPTION)


@pytest.mark.parametrize("description", [DESCRIPTION, ""])
def test_the_description_is_shown_in_lists_and_meta_tags(client, make_post, description):
    post = make_post(body="The beginning.", description=description)
    page = open_page(client, post)
    shown = description or "The beginning."
    assert meta(page)["description"] == meta(page)["og:description"] == shown
    assert json_ld(page)["description"] == shown
    card = client.get("/").text
    assert ("Salt &amp; &lt;smoke&gt; “today”." in card) == bool(description)
    assert ("The beginning." in card) != bool(description)


def test_rss_has_the_description_and_the_full_text(client, described):
    (item,) = ElementTree.fromstring(client.get("/feed/").content).iter("item")
    # Readers show it as HTML.
    assert item.findtext("description") == "Salt &amp; &lt;smoke&gt; “today”."
    assert item.findtext(ENCODED).strip() == '<p dir="auto">The <strong>beginning</strong>.</p>'


def test_atom_has_the_description_as_summary(client, described):
    (entry,) = ElementTree.fromstring(client.get("/feed/atom/").content).iter(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}summary") == DESCRIPTION
    assert "<strong>beginning</strong>" in entry.findtext(f"{ATOM}content")


def test_json_feed_has_the_description_as_summary(client, described, make_post):
    make_post(title="Without", body="Other")
    other, item = json.loads(client.get("/feed/json/").content)["items"]
    assert item["summary"] == DESCRIPTION
    assert "<strong>beginning</strong>" in item["content_html"]
    assert "summary" not in other


@pytest.mark.parametrize(
    ("typed", "saved"),
    [
        ("  Two\r\nlines \x07 here ", "Two lines here"),
        ("\u2800 \u200b", ""),
        ("d" * 300, "d" * 300),
        ("d" * 301, None),
    ],
)
def test_a_description_is_one_line_of_at_most_300_characters(client_of, typed, saved):
    client = client_of("author")
    page = client.post("/create/", {"title": "t", "body": "b", "description": typed})
    if saved is None:
        assert "at most 300 characters" in page.text and typed in page.text
        assert not Post.objects.exists()
    else:
        assert Post.objects.get().description == saved


def test_a_note_and_a_bare_address_are_in_no_excerpt_but_a_search_finds_the_note(client, make_post):
    post = make_post(body="See this[^1]. https://example.org/\n\n[^1]: An aside.")
    page = open_page(client, post)
    assert meta(page)["description"] == json_ld(page)["description"] == "See this."
    assert '<p class="excerpt" dir="auto">See this.</p>' in client.get("/").text
    assert find("aside", now=timezone.now()).ids == [post.pk]
