"""The search results page, `/?q=`."""

import re
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.utils import timezone

from blogsite import serving
from posts.reading import home
from posts.reading.cards import CardKey
from posts.search.query import QUERY_MAX_LENGTH, parse
from posts.search.snippets import SNIPPET_LENGTH, mark_words, snippet


def get(client, text: str, **more) -> str:
    response = client.get("/", {"q": text, **more})
    assert response.status_code == 200
    return response.text


def titles(page: str) -> list[str]:
    return re.findall(r"<h2[^>]*><a [^>]*>(.*?)</a>", page)


def test_found_posts_are_cards_with_the_words_marked(client, make_post):
    post = make_post(title="Bread & butter", body="We bake *bread* daily.", tags="Kitchen")
    make_post(title="Soup")
    page = get(client, "bread")
    assert titles(page) == ["<mark>Bread</mark> &amp; butter"]
    assert "We bake <mark>bread</mark> daily." in page
    assert post.get_absolute_url() in page
    assert "/tags/kitchen/" in page and "/authors/author/" in page
    assert "1 post matches." in page


def test_the_search_box_is_on_every_page_and_keeps_the_query(client, post):
    for path in ("/", post.get_absolute_url(), "/auth/login/"):
        page = client.get(path).text
        assert 'role="search"' in page and '<label class="visually-hidden" for="search">' in page
    assert 'name="q" value="&lt;b&gt; &quot;x"' in get(client, '<b> "x')
    assert 'value="xy"' in get(client, "x\0y")


def test_the_box_accepts_more_than_is_read_but_fits_an_address(client, db):
    size = int(re.search(r'name="q".*? maxlength="([0-9]+)"', client.get("/").text)[1])
    # A character takes up to nine bytes in an address.
    line = f"GET /?q={quote('語' * size)} HTTP/1.1\r\n"
    assert len(line) < serving.limit_request_line
    assert size > QUERY_MAX_LENGTH
    assert "Only its beginning" in get(client, "語" * size)


@pytest.mark.parametrize("text", ["", "  ", None])
def test_an_empty_box_shows_the_index(client, post, text):
    page = client.get("/", {} if text is None else {"q": text}).text
    assert titles(page) == ["Test title"]
    assert "noindex" not in page


def test_search_engines_keep_out_of_the_results(client, post):
    assert '<meta name="robots" content="noindex">' in get(client, "test")


def test_a_page_for_an_anonymous_visitor_has_no_cookie_and_no_token(client, post):
    response = client.get("/", {"q": "test"})
    assert 'method="post"' not in response.text and "csrf" not in response.text
    assert not response.cookies


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("zzz", "No posts found."),
        ("-test", "Enter at least one word"),
        ("+++", "Enter at least one word"),
        ("zzz " * 200, "Your search was too long. Only its beginning was used."),
    ],
)
def test_a_page_without_results_shows_tips(client, post, text, message):
    page = get(client, text)
    assert message in page
    assert "Search tips" in page and 'href="/tags/"' in page
    assert titles(page) == []


def test_filters_are_shown_as_understood(client, post):
    page = get(client, 'tag:"Slow <Food>" -tag:x author:anna -author:bert')
    found = re.findall(
        r"<li(?: class=\"excluded\")?>\s*([a-z ]+)\s*<b dir=\"auto\">(.*?)</b>", page
    )
    assert found == [
        ("tag", "Slow &lt;Food&gt;"),
        ("author", "anna"),
        ("without tag", "x"),
        ("not by author", "bert"),
    ]


def test_a_page_has_five_results_and_its_links_repeat_the_query(client, make_post):
    now = timezone.now()
    for number in range(12):
        make_post(title=f"Post {number}", body="r&d", publish_at=now - timedelta(days=number))
    pages = [get(client, "r&d -x", page=number) for number in (1, 2, 3)]
    found = [title for page in pages for title in titles(page)]
    assert found == [f"Post {number}" for number in range(12)]
    assert "12 posts match." in pages[0]
    assert 'rel="next" href="?q=r%26d+-x&amp;page=2"' in pages[0]
    assert 'rel="prev" href="?q=r%26d+-x&amp;page=2"' in pages[2]
    assert 'rel="next"' not in pages[2]
    assert '<a href="?q=r%26d+-x&amp;page=3">Last</a>' in pages[0]
    assert '<a href="?q=r%26d+-x">First</a>' in pages[2]


@pytest.mark.parametrize("page", ["0", "2", "x", "9" * 30, "", "last", "١", " 1", "+1"])
def test_a_page_that_does_not_exist_is_404_with_a_way_back(client, post, page):
    response = client.get("/", {"q": "test", "page": page})
    assert response.status_code == 404
    assert 'href="/"' in response.text


def test_more_than_can_be_ranked_is_said(client, make_post, monkeypatch):
    find = home.find
    monkeypatch.setattr(home, "find", lambda text, now: find(text, now=now, limit=2))
    for _ in range(3):
        make_post()
    assert "More than 2 posts match. These are the newest." in get(client, "test")


def test_a_post_hidden_since_the_search_is_left_out(client, make_post):
    post, query = make_post(), home.find("test", now=timezone.now()).query
    type(post).objects.update(status="hidden")
    assert home.make_found_cards(query, [CardKey(post.pk)]) == {}


@pytest.mark.parametrize(
    ("query", "text", "marked"),
    [
        ("bread", "Bread, breadth & BREAD", "[Bread], [breadth] &amp; [BREAD]"),
        ('"bread"', "bread breadth", "[bread] breadth"),
        ("creme", "Crème <brûlée>", "[Crème] &lt;brûlée&gt;"),
        ("ete", "L’ÉTÉ", "L’[ÉTÉ]"),
        ("日本語", "『日本語』と日本", "『[日本語]』と日本"),
        ("本", "日本の本", "日[本の本]"),
        ('"night train"', "a night train, a night, a train", "a [night train], a night, a train"),
        ("bread -soup tag:x author:a", "a bread x soup", "a [bread] x soup"),
        ("don't", "I don’t know", "I [don’t] know"),
        ("one two", "two-one", "[two]-[one]"),
        ('"a b c"', "x a b", "x a b"),
        ("xyz", "nothing", "nothing"),
        ("xyz", "", ""),
    ],
)
def test_words_are_marked_as_they_are_found(query, text, marked):
    html = mark_words(text, parse(query))
    assert html.replace("<mark>", "[").replace("</mark>", "]") == marked


def test_a_snippet_is_an_excerpt_around_the_first_word_found():
    text = "word " * 200 + "here is bread " + "more " * 200
    found = snippet(text, parse("bread"))
    assert found.startswith("… word") and found.endswith(" …")
    assert "here is <mark>bread</mark> more" in found
    assert len(found) < SNIPPET_LENGTH + 30


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("bread", "<mark>bread</mark>", "<mark>bread</mark>"),
        ("nothing of it", "nothing", "of it"),
        ("x" * 300 + " bread", "… ", "<mark>bread</mark>"),
        ("日" * 400, "日", "日 …"),
        ("東" * 100 + "bread" + "東" * 400, "… 東", "東 …"),
        ("bread" * 100, "<mark>bread", "</mark> …"),
    ],
)
def test_a_snippet_begins_and_ends_at_a_word(text, start, end):
    found = snippet(text, parse("bread"))
    assert found.startswith(start) and found.endswith(end)
    assert found.count("<mark>") == found.count("</mark>") <= 1


def test_text_by_people_is_escaped_in_snippets(client, make_post):
    make_post(title="<script>bread</script>", body="`<img src=x onerror=alert(1)>` bread")
    page = get(client, "bread")
    assert "<script>bread" not in page and "<img" not in page
    assert "&lt;script&gt;<mark>bread</mark>&lt;/script&gt;" in page
    assert "&lt;img src=x onerror=alert(1)&gt; <mark>bread</mark>" in page


def test_reading_ends_with_the_snippet():
    shown = snippet("bread " + "word " * SNIPPET_LENGTH + "bread", parse("bread"))
    assert shown.count("<mark>") == 1
