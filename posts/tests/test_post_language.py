"""A post may be in another language than the blog: pages, feeds and search engines name it."""

import re
from xml.etree import ElementTree

import pytest

from posts.models import Post
from posts.tests.test_detail_meta import json_ld, open_page

XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
ATOM = "{http://www.w3.org/2005/Atom}"


def languages(page: str, pattern: str) -> list[str]:
    return re.findall(rf'<{pattern}[^>]* lang="([^"]*)"', page)


@pytest.mark.parametrize(("site", "own", "named"), [("en", "ar", "ar"), ("de", "", "de")])
def test_an_article_names_its_language_and_its_buttons_theirs(
    client, make_post, set_site, site, own, named
):
    set_site(language=site)
    page = client.get(make_post(language=own).get_absolute_url()).text
    assert languages(page, "article") == [named]
    assert languages(page, 'p class="byline"') == languages(page, 'div class="likes"') == ["en"]
    assert languages(client.get("/").text, "article") == [named]


@pytest.mark.parametrize("own", ["en", ""])
def test_an_article_in_the_language_of_its_page_names_none(client, make_post, own):
    page = client.get(make_post(language=own).get_absolute_url()).text
    assert languages(page, "article") == languages(page, 'p class="byline"') == []


@pytest.mark.parametrize(("own", "named"), [("ja", "ja"), ("", "en")])
def test_search_engines_and_feeds_learn_the_language(client, make_post, own, named):
    post = make_post(language=own)
    assert json_ld(open_page(client, post))["inLanguage"] == named
    (item,) = ElementTree.fromstring(client.get("/feed/").content).iter("item")
    (entry,) = ElementTree.fromstring(client.get("/feed/atom/").content).iter(f"{ATOM}entry")
    assert item.get(XML_LANG) == entry.get(XML_LANG) == named
    (item,) = client.get("/feed/json/").json()["items"]
    assert item["language"] == named


@pytest.mark.parametrize(
    ("sent", "kept", "status"),
    [("fr", "fr", 302), ("", "", 302), (None, "ja", 302), ("xx", "ja", 200), ("f\0", "ja", 200)],
)
def test_an_author_chooses_the_language(client_of, make_post, sent, kept, status):
    post = make_post(language="ja")
    form = {"title": "T", "body": "B", "action": "update", "version": post.version}
    form |= {} if sent is None else {"language": sent}
    response = client_of("author").post(f"/{post.pk}/update/", form)
    assert response.status_code in (status, 422 if status == 200 else status)
    assert Post.objects.get().language == kept


def test_an_autosaved_draft_keeps_its_language(client_of):
    sent = {"title": "T", "body": "B", "language": "fa"}
    assert client_of("author").post("/create/autosave/", sent).status_code in (200, 201)
    assert Post.objects.get().language == "fa"


@pytest.mark.parametrize(("own", "named"), [("sv", "sv"), ("", "de")])
def test_the_browser_checks_the_spelling_in_the_language_of_the_post(
    client_of, make_post, set_site, own, named
):
    set_site(language="de")
    page = client_of("author").get(f"/{make_post(language=own).pk}/update/").text
    assert languages(page, '[a-z]+ [^>]*name="body"') == [named]
    assert languages(page, '[a-z]+ [^>]*name="title"') == [named]


def test_the_editor_offers_the_language_of_the_blog_first(client_of, set_site):
    set_site(language="pl")
    page = client_of("author").get("/create/").text
    options = re.search(r'<select[^>]*name="language".*?</select>', page, re.DOTALL)[0]
    first, *others = re.findall(r'<option value="([^"]*)"[^>]*>([^<]*)<', options)
    assert first == ("", "The blog’s language: Polish (polski)")
    assert ("ja", "Japanese (日本語)") in others
