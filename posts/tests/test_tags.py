"""Tags: typing, case folding, counts, suggestions and pages."""

import re
import sys
import unicodedata
from datetime import timedelta

import pytest
from django.utils import timezone

from posts.models import Post, Tag, Tagging, TagRedirect
from posts.models.tags import TAG_KEY_MAX_LENGTH, tag_key
from posts.tagging import split_tags
from posts.writing import publishing
from posts.writing.edit import Edit
from tests.cpu import cpu_seconds_under

TOMORROW = timezone.now() + timedelta(days=1)
UNLISTED = {
    "draft": {"status": Post.Status.DRAFT, "publish_at": None},
    "scheduled": {"publish_at": TOMORROW},
    "hidden": {"status": Post.Status.HIDDEN},
}


def names_of(post: Post) -> list[str]:
    return [tag.name for tag in Post.objects.get(pk=post.pk).tag_list]


# Typed tags


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", []),
        (" , ,, ", []),
        ("tea", ["tea"]),
        (" Green \t tea ,mate,", ["Green tea", "mate"]),
        ("b, a, c", ["b", "a", "c"]),
        ("a, b, A", ["a", "b"]),
        ("Éclair, eclair, ECLAIR, b", ["Éclair", "b"]),
        ("c, C++, C#, .NET, c", ["c", "C++", "C#", ".NET"]),
        ("\u0301, \u200b, \u3164, \u2800, a", ["a"]),
    ],
)
def test_a_text_is_split_at_commas_into_tags_in_their_first_spelling(text, names):
    assert split_tags(text) == names


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Tea", "TEA"),
        ("Café", "cafe"),
        ("Café", "Cafe\u0301"),
        ("Ångström", "angstrom"),
        ("Ｔｅａ", "tea"),
        ("ﬁg", "fig"),
        ("Straße", "STRASSE"),
        ("İstanbul", "istanbul"),
        ("ΟΔΟΣ", "οδός"),
        ("ᾳ", "α"),
        ("Việt Nam", "viet  nam"),
        ("ㅎㅏㄴ", "하\u1102"),
        ("한국", unicodedata.normalize("NFD", "한국")),
        ("МАЙ", "май"),
        ("❤\ufe0f", "❤"),
        ("pass\u00adword", "password"),
        ("ﬀ", "FF"),
    ],
)
def test_two_spellings_are_one_tag(one, other):
    assert tag_key(one) == tag_key(other) != ""


@pytest.mark.parametrize(
    "names",
    [
        ["c", "c++", "c#"],
        ["й", "и"],
        ["ё", "е"],
        ["край", "краи"],
        ["कि", "की", "क"],
        ["が", "か"],
        ["ก่า", "กา"],
        ["a b", "ab", "a-b"],
        [".net", "net"],
        ["ı", "i"],
    ],
)
def test_different_words_make_different_tags(names):
    assert len({tag_key(name) for name in names}) == len(names)


def test_folding_again_changes_nothing():
    for code in [*range(0x20, 0xD800), *range(0xE000, sys.maxunicode + 1, 7)]:
        key = tag_key(f"a{chr(code)}b")
        assert tag_key(key) == key, hex(code)


@pytest.mark.parametrize("text", ["a" + "\u0316\u0301" * 100_000, "a," * 1_000_000])
def test_no_text_takes_long_to_refuse(client_of, text):
    client = client_of("author")
    with cpu_seconds_under(5):
        response = client.post("/create/", {"title": "t", "tags": text})
    assert response.status_code == 200 and 'id="id_tags_error"' in response.text


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        (", ".join(map(str, range(10))), ""),
        (", ".join(map(str, range(11))), "Use at most 10 tags. You entered 11."),
        ("x" * 50, ""),
        ("a, " + "x" * 51, f"“{'x' * 51}” is too long. Use at most 50 characters for a tag."),
        ("é" * 300, f"“{'é' * 300}” is too long. Use at most 50 characters for a tag."),
        ("ß" * 50, ""),
        ("ﷺ" * 50, "Use at most 50 characters for a tag."),
        ("a\0b", "Null characters are not allowed."),
        ("<b>" * 20, f"“{'&lt;b&gt;' * 20}” is too long."),
    ],
)
@pytest.mark.parametrize("is_new", [True, False])
def test_too_many_or_too_long_tags_are_refused_beside_the_field(
    client_of, make_post, tags, message, is_new
):
    client = client_of("author")
    path = "/create/" if is_new else f"/{make_post(tags='old').pk}/update/"
    response = client.post(path, {"title": "t", "body": "my text", "tags": tags})
    if not message:
        assert response.status_code == 302
        assert names_of(Post.objects.get()) == tags.split(", ")
        assert all(len(tag.key) <= TAG_KEY_MAX_LENGTH for tag in Tag.objects.all())
        return
    assert response.status_code == 200
    error = re.search(r'<ul class="errorlist" id="id_tags_error"><li>(.*?)</li>', response.text)
    assert message in error[1]
    assert 'aria-describedby="id_tags_helptext id_tags_error"' in response.text or (
        'aria-describedby="id_tags_error' in response.text
    )
    assert "my text</textarea>" in response.text
    kept = tags.replace("<", "&lt;").replace(">", "&gt;")
    assert f'value="{kept}"' in response.text or "\0" in tags
    assert not Post.objects.filter(title="t").exists()
    assert not Tag.objects.exclude(key="old").exists()


def test_the_form_never_cuts_a_pasted_text(client_of):
    field = re.search(r"<input[^>]*name=\"tags\"[^>]*>", client_of("author").get("/create/").text)
    assert "maxlength" not in field[0]


# Tags of a post


def test_tags_keep_their_order_and_their_first_spelling(client_of, make_post):
    client = client_of("author")
    client.post("/create/", {"title": "t", "tags": "Zebra, apple, Éclair"})
    post = Post.objects.get()
    assert names_of(post) == ["Zebra", "apple", "Éclair"]
    assert names_of(make_post(tags="eclair, APPLE, new")) == ["Éclair", "apple", "new"]
    edit = f"/{post.pk}/update/"
    assert 'value="Zebra, apple, Éclair"' in client.get(edit).text
    client.post(edit, {"title": "t", "tags": "ECLAIR, zebra"})
    assert names_of(post) == ["Éclair", "Zebra"]
    links = re.findall(r'<a href="([^"]*)" rel="tag">(.*?)</a>', client.get("/").text)
    assert ("/tags/%C3%A9clair/", "Éclair") in links or ("/tags/éclair/", "Éclair") in links


def test_a_form_that_is_sent_unchanged_changes_nothing(client_of, make_post):
    post = make_post(tags="b, a")
    before = list(Tagging.objects.values_list("pk", flat=True))
    client_of("author").post(
        f"/{post.pk}/update/", {"title": post.title, "body": post.body, "tags": " b ,a,, "}
    )
    assert list(Tagging.objects.values_list("pk", flat=True)) == before
    assert Post.objects.get().updated_at == post.updated_at


def test_a_save_without_tags_leaves_them(make_post):
    post = make_post(tags="b, a")
    publishing.save_post(post, Edit(timezone.now()))
    assert names_of(post) == ["b", "a"]
    publishing.save_post(post, Edit(timezone.now(), tags=[]))
    assert names_of(post) == []


def test_tags_and_related_rows_have_readable_names(make_post):
    post = make_post(tags="Tea")
    tag = Tag.objects.get()
    assert str(tag) == "Tea"
    assert str(Tagging.objects.get()) == f"{tag.pk} on {post.pk}"
    assert str(TagRedirect(slug="old", tag=tag)) == "old"


# Pages


@pytest.mark.parametrize("visitor", ["anonymous", "author", "moderator"])
def test_the_page_of_all_tags_counts_only_listed_posts(client_of, make_post, visitor):
    make_post(tags="Tea, Mate")
    make_post(tags="tea")
    for state, fields in UNLISTED.items():
        make_post(tags=f"tea, {state}", **fields)
    page = client_of(visitor).get("/tags/").text
    found = re.findall(r'<li><a href="([^"]*)">([^<]*)</a> <span>(\d+)</span>', page)
    assert found == [("/tags/mate/", "Mate", "1"), ("/tags/tea/", "Tea", "2")]


@pytest.mark.parametrize("visitor", ["anonymous", "author", "moderator"])
def test_the_page_of_a_tag_contains_only_its_listed_posts(client_of, make_post, visitor):
    make_post(title="First", tags="tea", publish_at=timezone.now() - timedelta(days=2))
    make_post(title="Second", tags="mate, tea", publish_at=timezone.now() - timedelta(days=1))
    make_post(title="Untagged")
    for state, fields in UNLISTED.items():
        make_post(title=state, tags=f"tea, {state}", **fields)
    client = client_of(visitor)
    page = client.get("/tags/tea/").text
    assert re.findall(r"<h2[^>]*><a [^>]*>([^<]*)</a>", page) == ["Second", "First"]
    assert "2 posts" in page
    assert "1 post " in client.get("/tags/mate/").text
    for state in UNLISTED:
        assert client.get(f"/tags/{state}/").status_code == 404


def test_tags_without_posts_say_so(client, db):
    assert "No tags yet." in client.get("/tags/").text


def test_more_than_a_hundred_tags_are_paged_in_their_order(client, make_post):
    for start in range(0, 101, 10):
        make_post(tags=", ".join(f"t{n:03}" for n in range(start, min(start + 10, 101))))
    first = client.get("/tags/").text
    (way_on,) = re.findall(r'rel="next" href="([^"]*)"', first)
    second = client.get(f"/tags/{way_on}").text
    (way_back,) = re.findall(r'rel="prev" href="([^"]*)"', second)
    assert re.findall(r">(t\d+)</a>", first) == [f"t{n:03}" for n in range(100)]
    assert re.findall(r">(t\d+)</a>", second) == ["t100"]
    assert '<a href="?">First</a>' in second and 'rel="next"' not in second
    # The link back leads to the whole first page.
    assert re.findall(r">(t\d+)</a>", client.get(f"/tags/{way_back}").text)[:1] == ["t000"]


def test_paging_back_through_the_tags_shows_each_once(client, make_post, monkeypatch):
    monkeypatch.setattr("posts.reading.tags.TAGS_PER_PAGE", 2)
    make_post(tags="a, b & c, d, e, ü")
    pages, way = [], "?before=zzz"
    while way:
        page = client.get(f"/tags/{way}").text
        pages.append(re.findall(r">([^<]*)</a> <span>", page))
        way = (re.findall(r'rel="prev" href="([^"]*)"', page) or [""])[0]
    assert pages == [["e", "ü"], ["b &amp; c", "d"], ["a", "b &amp; c"]]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("after=tea", 404),
        ("after=zzz", 404),
        ("after=%00", 200),
        ("after=", 200),
        ("before=%00tea", 200),
        ("before=a", 200),
        ("after=a&before=a", 200),
    ],
)
def test_no_page_comes_after_the_last_tag(client, make_post, query, status):
    make_post(tags="tea")
    response = client.get(f"/tags/?{query}")
    assert response.status_code == status
    assert status == 404 or "tea</a>" in response.text


@pytest.mark.parametrize("slug", ["none", "%00", "a%00b", "x" * 3000, "TEA", "%EF%BF%BD", "' or 1"])
@pytest.mark.parametrize("tail", ["", "feed/", "feed/atom/", "feed/json/"])
def test_no_such_tag_is_404(client, make_post, slug, tail):
    make_post(tags="tea")
    assert client.get(f"/tags/{slug}/{tail}").status_code == 404


@pytest.mark.parametrize("path", ["/tags/", "/tags/tea/", "/tag-suggestions/"])
@pytest.mark.parametrize(("method", "status"), [("head", 200), ("post", 405), ("put", 405)])
def test_pages_of_tags_accept_only_reading_methods(client, make_post, path, method, status):
    make_post(tags="tea")
    assert getattr(client, method)(path).status_code == status


def test_names_are_escaped(client, make_post):
    make_post(tags='<script>alert(1)</script>, "><b>')
    for path in ("/", "/tags/", "/tags/script-alert-1-script/", Tag.objects.last().slug):
        page = client.get(path if path.startswith("/") else f"/tags/{path}/").text
        assert "<script>" not in page and '"><b>' not in page


# Suggestions


def suggested(client, text: str) -> list[str]:
    response = client.get("/tag-suggestions/", {"q": text})
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    return response.json()["tags"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", []),
        ("  ", []),
        ("c", ["Cold drinks", "C++", "Café"]),
        ("CAF", ["Café"]),
        ("cafés", []),
        ("  café ", ["Café"]),
        ("old", []),
        ("cold  dr", ["Cold drinks"]),
        ("%", []),
        ("_", []),
        ("\\", []),
        ("\0", []),
        ("c\0", ["Cold drinks", "C++", "Café"]),
        ("draft", []),
        ("hidden", []),
        ("scheduled", []),
        ("\u0301", []),
        ("c" * 5000, []),
        ("'", []),
    ],
)
def test_tags_in_use_are_suggested_by_their_beginning(client, make_post, text, names):
    make_post(tags="Café, Cold drinks, C++")
    make_post(tags="cold drinks")
    for state, fields in UNLISTED.items():
        make_post(tags=f"{state} of things", **fields)
    assert suggested(client, text) == names


def test_the_eight_most_used_are_suggested(client, make_post):
    make_post(tags=", ".join(f"t{n}" for n in range(9)))
    make_post(tags="t8")
    assert suggested(client, "t") == ["t8", *(f"t{n}" for n in range(7))]


def test_a_request_without_q_gets_an_empty_list(client, db):
    assert client.get("/tag-suggestions/").json() == {"tags": []}


@pytest.mark.parametrize("page", ["2", "0", "x", "9" * 5000, "", "last", "١", " 1"])
def test_a_missing_page_of_tags_is_404(client, make_post, page):
    make_post(tags="Tea")
    assert client.get("/tags/?page=1").status_code == 200
    assert client.get(f"/tags/?page={page}").status_code == 404
