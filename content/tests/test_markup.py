"""Markdown as safe HTML: shown text, refused elements, and dangers that no text can cause."""

import re
from html.parser import HTMLParser

import pytest
from django.utils.safestring import SafeString

from content import bare_urls, markup
from content.markup import plain_text, render_comment, render_post

OURS = "/media/images/abcdefghijklmnopqrstuv-1600x900-213.webp"


def words(text: str) -> list[str]:
    return text.split()


# These lists repeat the renderer's, so that the tests find a mistake in it.
COMMENT_TAGS = {*words("""a blockquote br code em hr li ol p pre s span strong ul""")}
POST_TAGS = COMMENT_TAGS | {
    *words(
        """abbr b bdi bdo caption cite dd del details dfn div dl dt figcaption figure h2 h3 h4"""
    ),
    *words(
        """h5 h6 i img input ins kbd mark q rp rt ruby samp section small sub summary sup table"""
    ),
    *words("""tbody td tfoot th thead time tr u var wbr"""),
}
# Attributes that any element of a post may have.
EVERYWHERE = {"dir", "id", "lang"}
ATTRIBUTES = {
    "a": {"class", "aria-label", "href", "id", "rel", "title"},
    "abbr": {"title"},
    "code": {"class"},
    "details": {"open"},
    "dfn": {"title"},
    "img": {*words("""alt class decoding height loading sizes src srcset title width""")},
    "input": {"aria-label", "checked", "disabled", "type"},
    "li": {"class", "id"},
    "ol": {"class", "start"},
    "pre": {"tabindex"},
    "section": {"aria-label", "class"},
    "span": {"class"},
    "table": {"tabindex"},
    "td": {"class", "colspan", "rowspan"},
    "th": {"class", "colspan", "rowspan"},
    "time": {"datetime"},
    "ul": {"class"},
    **{f"h{level}": {"class", "id"} for level in range(2, 7)},
}
CLASSES = re.compile(
    r"highlight|footnotes|skips-level|task-list-item|contains-task-list|align-(left|center|right)"
    r"|tone-[0-3]{3}|ratio-[1-9]|ratio-1[0-9]|ratio-2[0-5]|image-elsewhere|[a-z][a-z0-9]{0,3}|esc|err"
)
IDS = re.compile(r"h-.+|fn-\d+|fnref-\d+(-\d+)?")
VOIDS = {"br", "hr", "img", "input", "wbr"}


class Inspector(HTMLParser):
    """Parser that collects everything in a piece of HTML that is not allowed."""

    def __init__(self, source: str, tags: set[str], rel: str) -> None:
        super().__init__()
        self.tags, self.rel, self.wrong, self.opened = tags, rel, [], []
        self.everywhere = EVERYWHERE if tags is POST_TAGS else set()
        self.feed(source)
        self.close()
        self.wrong += self.opened

    def handle_starttag(self, tag, attrs):
        self.opened += [tag] if tag not in VOIDS else []
        self.wrong += [tag] if tag not in self.tags else []
        for name, value in attrs:
            is_known = name in ATTRIBUTES.get(tag, set()) | self.everywhere
            if not is_known or not self.is_fine(name, value or ""):
                self.wrong.append((tag, name, value))
        if tag == "a" and dict(attrs).get("rel") != self.rel:
            self.wrong.append((tag, attrs))
        if tag == "input" and {"type": "checkbox", "disabled": ""}.items() - dict(attrs).items():
            self.wrong.append((tag, attrs))

    def is_fine(self, name: str, value: str) -> bool:
        if name in ("href", "src"):
            # Like browsers: control characters and spaces do not hide a scheme.
            bare = re.sub(r"[\x00-\x20]", "", value).lower()
            scheme = re.match(r"([a-z][a-z0-9+.-]*):", bare)
            allowed = {"http", "https"} | ({"mailto", "tel", "xmpp"} if name == "href" else set())
            return not scheme or scheme[1] in allowed
        if name == "class":
            return all(CLASSES.fullmatch(each) for each in value.split())
        return bool(IDS.fullmatch(value)) if name == "id" else True

    def handle_endtag(self, tag):
        if not self.opened or self.opened.pop() != tag:
            self.wrong.append(f"/{tag}")

    def handle_comment(self, data):
        self.wrong.append(f"<!--{data}")

    handle_decl = handle_pi = unknown_decl = handle_comment


def wrong_in(text: str) -> list:
    """Return everything that is not allowed when `text` is rendered as a post and a comment."""
    return [
        *Inspector(render_post(text), POST_TAGS, "noopener").wrong,
        *Inspector(render_comment(text), COMMENT_TAGS, "nofollow ugc noopener").wrong,
    ]


def shown(html: str) -> str:
    """Return the text that a reader sees."""
    return plain_text(html)


# Markdown


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*a* **b** `c`", "<p><em>a</em> <strong>b</strong> <code>c</code></p>\n"),
        ("~~a~~", "<p><s>a</s></p>\n"),
        ("> a\n\n1. b", "<blockquote>\n<p>a</p>\n</blockquote>\n<ol>\n<li>b</li>\n</ol>\n"),
        ("3. a", '<ol start="3">\n<li>a</li>\n</ol>\n'),
        ("a\n\n---", "<p>a</p>\n<hr>\n"),
        ("    a < b", "<pre><code>a &lt; b\n</code></pre>\n"),
        ("", ""),
    ],
)
@pytest.mark.parametrize("render", [render_post, render_comment])
def test_both_dialects_know_commonmark(render, text, html):
    assert render(text) == html
    assert isinstance(render(text), SafeString)


def test_a_table_aligns_by_class():
    html = render_post("| a | b | c | d |\n|:-|:-:|-:|-|\n| 1 | 2 | 3 | 4 |")
    assert re.findall(r"<t[hd](?: [^>]*)?>", html) == [
        f"<{tag}{side}>"
        for tag in ("th", "td")
        for side in (*(f' class="align-{each}"' for each in ("left", "center", "right")), "")
    ]
    assert "style" not in html


def test_a_task_list_has_boxes_that_are_named_and_cannot_be_ticked():
    html = render_post("- [ ] a\n- [x] b\n- c")
    assert re.findall(r"<input[^>]*>", html) == [
        '<input disabled="" aria-label="To do" type="checkbox">',
        '<input disabled="" checked="" aria-label="Done" type="checkbox">',
    ]
    assert html.count('class="task-list-item"') == 2


def test_a_footnote_leads_there_and_back():
    html = render_post("a[^n] b[^n] c[^m]\n\n[^n]: *Note*\n[^m]: More")
    assert '<sup><a href="#fn-1" id="fnref-1" rel="noopener">[1]</a></sup> b' in html
    assert '<a href="#fn-1" id="fnref-1-2" rel="noopener">[1]</a>' in html
    assert '<a href="#fn-2" id="fnref-2" rel="noopener">[2]</a>' in html
    assert '<li id="fn-1"><p><em>Note</em> <a href="#fnref-1" aria-label="Back to the' in html
    assert 'href="#fnref-1-2"' in html and '<section class="footnotes"' in html


@pytest.mark.parametrize("text", ["a[^1]", "a[^ ]\n\n[^1]: b", "[^a b]\n\n[^1]: b"])
def test_a_reference_to_a_missing_footnote_is_text(text):
    assert "<sup>" not in render_post(text)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a\n\n[^b]: c *d*", "<p>a</p>\n<p>[^b]: c <em>d</em></p>\n"),
        ("[^b]: - c", "<p>[^b]: </p>\n<ul>\n<li>c</li>\n</ul>\n"),
        ("[^b]:", "<p>[^b]: </p>\n"),
        ("> [^b]: c", "<blockquote>\n<p>[^b]: c</p>\n</blockquote>\n"),
    ],
)
def test_a_footnote_without_a_reference_is_shown_as_typed(text, html):
    assert render_post(text) == html


def test_a_second_footnote_with_the_same_name_is_shown_as_typed():
    html = render_post("a[^b]\n\n[^b]: c\n\n[^b]: d")
    text, notes = html.split("<section")
    assert "<p>[^b]: d</p>" in text and "c" in notes and "d <a" not in notes


@pytest.mark.parametrize("inner", ["[^2]: b", "> [^2]: b", "- [^2]: b", "- - [^2]:"])
def test_a_footnote_within_a_footnote_is_text(inner):
    html = render_post(f"a[^1] [^2]\n\n[^1]: {inner}\n\n    end")
    assert html.count("<li id=") == 1
    assert "[^2]:" in html.partition("<section")[2] and "end" in html.partition("<section")[2]


def test_footnotes_in_lines_that_follow_each_other_are_as_many():
    html = render_post("a[^1] b[^2]\n\n[^1]: c\nlazy\n[^2]: d")
    assert re.findall(r"<li id=.*?<p>(.*?) <a", html, re.DOTALL) == ["c\nlazy", "d"]


@pytest.mark.parametrize(
    ("render", "text"), [(render_post, "[^a b]: c"), (render_comment, "[^1]: b")]
)
def test_a_reference_without_a_footnote_is_not_read_as_an_address(render, text):
    assert render(f"{text}\n\n{text[:-3]}") == f"<p>{text}</p>\n<p>{text[:-3]}</p>\n"


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("# a\n## b\n###### c", [2, 3, 4]),
        ("### a\n#### b\n### c", [2, 3, 2]),
        ("##### a", [2]),
        ("## a\n\n> # b", [2, 2]),
        ("# a\n### b\n## c\n#### d\n# e", [2, 3, 3, 4, 2]),
        ("#### a\n## b\n### c", [2, 2, 3]),
        ("\n".join("#" * n + " a" for n in range(1, 7)), [2, 3, 4, 5, 6, 6]),
        ("a\n=\nb\n-", [2, 3]),
    ],
)
def test_headings_start_at_h2_and_skip_no_level(text, levels):
    assert [int(each) for each in re.findall(r"<h(\d)", render_post(text))] == levels
    assert [int(each) for each in re.findall(r"</h(\d)", render_post(text))] == levels


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("# Ein *Anfang* & `mehr`", ["h-ein-anfang-mehr"]),
        ("# a\n# a\n# a", ["h-a", "h-a-1", "h-a-2"]),
        ("# a\n# a 1\n# a\n# a 1", ["h-a", "h-a-1", "h-a-2", "h-a-1-1"]),
        ("#\n# ![alt](b)\n# 日本", ["h-alt", "h-日本"]),
        ("a\nb\n=", ["h-a-b"]),
    ],
)
def test_headings_have_unique_ids(text, ids):
    assert re.findall(r'id="([^"]*)"', render_post(text)) == ids


@pytest.mark.parametrize("text", ["# a", "a\n==", "| a |\n|---|", "a[^1]\n\n[^1]: b", "- [ ] a"])
def test_a_comment_shows_markup_that_only_posts_allow_as_typed(text):
    html = render_comment(text)
    assert not re.search(r"<(h\d|table|sup|input)|id=", html)
    assert [*re.sub(r"<[^>]*>|\s", "", html)] == [c for c in text.removeprefix("- ") if c.strip()]


# Addresses


@pytest.mark.parametrize(
    ("text", "href", "name"),
    [
        ("https://example.com", "https://example.com", None),
        ("see HTTP://example.com/a_b_c.", "HTTP://example.com/a_b_c", None),
        ("(http://a.b/c_(d))", "http://a.b/c_(d)", None),
        ("*http://a.b/_c_d*", "http://a.b/_c_d", None),
        ("www.example.org/x?y=1#z!", "http://www.example.org/x?y=1#z", "www.example.org/x?y=1#z"),
        ("mailto:a.b+c@example.com.", "mailto:a.b+c@example.com", None),
        ("MAILTO:a_b_c@example.com/d", "MAILTO:a_b_c@example.com", None),
        ("*a_b-c@example.com*.", "mailto:a_b-c@example.com", "a_b-c@example.com"),
        ("(a@b.c)", "mailto:a@b.c", "a@b.c"),
        ("xmpp:a@b.c/d@e.f/g", "xmpp:a@b.c/d@e.f", None),
        ("[a@b.c](/d)", "/d", "a@b.c"),
        ("<tel:+49-1>", "tel:+49-1", None),
        ("[a](tel:+49)", "tel:+49", "a"),
        ("http://localhost:8000/", "http://localhost:8000/", None),
        ("见http://例え.jp/a。", "http://xn--r8jz45g.jp/a", "http://例え.jp/a"),
        ("<https://a.b>", "https://a.b", None),
        ("<a@b.c>", "mailto:a@b.c", "a@b.c"),
        ("[a](/b)", "/b", "a"),
        ("[a](#b)", "#b", "a"),
        ("[a](b:c)", None, None),
        ("[a](//b.c/d)", "//b.c/d", "a"),
        ("[http://a.b](/c)", "/c", "http://a.b"),
        ("[a][b]\n\n[b]: <c>", "c", "a"),
    ],
)
def test_an_address_is_a_link(text, href, name):
    links = re.findall(r'<a href="([^"]*)" rel="noopener">([^<]*)</a>', render_post(text))
    assert links == ([(href, name or href)] if href else [])
    assert len(re.findall(r'rel="nofollow ugc noopener"', render_comment(text))) == len(links)


@pytest.mark.parametrize(
    "text",
    [
        "README.md example.com a@b @a@b.de \u00fca@b.de a@b.\u00fc a@b.c\u00fc a/b@c.d",
        "a@b.c- a@b.c_ mailto:a@b.c- `a@b.de` a\\@b.de a@b..c " + "a" * 65 + "@b.de",
        "ftp://a.b xhttp://a.b a/www.b.c //a.b localhost",
        "http:// https:///a http://- http://__ www. www.a www.a. mailto:a mailto:@b.c xmpp:a",
        "`http://a.b`",
        "http&colon;//a.b",
    ],
)
def test_text_that_only_looks_like_an_address_is_text(text):
    assert "<a" not in render_post(text)
    assert "<a" not in render_comment(text)


def test_an_address_too_long_to_be_one_is_cut():
    html = render_post("http://a.b/" + "c" * 10_000)
    assert shown(html) == "http://a.b/" + "c" * 10_000
    assert len(re.search('href="([^"]*)"', html)[1]) == bare_urls.URL_LIMIT


def test_an_entity_at_the_end_of_an_address_is_not_part_of_it():
    html = render_post("www.a.b/?c&copy; www.d.e/?f&g;;. www.h.i/j;")
    links = ["http://www.a.b/?c", "http://www.d.e/?f", "http://www.h.i/j"]
    assert re.findall('href="([^"]*)"', html) == links
    assert "</a>\u00a9 " in html and "</a>&amp;g;;. " in html


@pytest.mark.parametrize(
    ("text", "struck"),
    [
        ("a ~one~ b ~~two~~", ["one", "two"]),
        ("a ~~~x~~~ b ~c~~ ~ d ~", []),
        ("~~a ~b~ c~~", ["a <s>b</s> c"]),
    ],
)
@pytest.mark.parametrize("render", [render_post, render_comment])
def test_one_or_two_tildes_strike_text_and_three_do_not(render, text, struck):
    assert re.findall(r"<s>(.*)</s>" if "~b~" in text else r"<s>(.*?)</s>", render(text)) == struck
    assert struck or render(text) == f"<p>{text}</p>\n"


@pytest.mark.parametrize("scheme", ["http", "HTTPS", "mailto", "tel", "xmpp"])
def test_links_go_to_these_schemes(scheme):
    address = f"{scheme}://b.c" if "http" in scheme.lower() else f"{scheme}:a@b.c"
    assert f'href="{address}"' in render_post(f"[a]({address})")


@pytest.mark.parametrize("scheme", ["javascript", "JaVaScRiPt", "data", "vbscript", "file", "sms"])
def test_links_go_to_no_other_scheme(scheme):
    text = f"[a]({scheme}:b) <{scheme}:b> ![c]({scheme}:d)"
    assert "href" not in render_post(text) and "src" not in render_post(text)
    assert shown(render_post(text)) == shown(render_comment(text)) == text


# Images


def test_an_image_loads_lazily():
    assert render_post('![a *b*](/c/e.png "f") g') == (
        '<p><img src="/c/e.png" alt="a b" title="f" loading="lazy" decoding="async"> g</p>\n'
    )


@pytest.mark.parametrize("site", ["", "https://blog.example"])
def test_an_image_of_ours_says_its_size(settings, site):
    settings.SITE_URL, settings.MEDIA_URL = "https://blog.example", "/media/"
    html = render_post(f"![a]({site}{OURS})")
    assert f'src="{OURS}"' in html and f"{OURS} 1600w" in html
    assert (
        'width="1600" height="900"' in html
        and 'class="tone-213 ratio-17"' in html
        and "sizes=" in html
    )
    assert not wrong_in(f"![a]({site}{OURS})")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("![a *b*](/c)", '<p><a href="/c" rel="{}">a b</a></p>\n'),
        ("![](/c)", '<p><a href="/c" rel="{}">/c</a></p>\n'),
        ("[a ![b](/c) d](/e) *f*", '<p><a href="/e" rel="{}">a b d</a> <em>f</em></p>\n'),
    ],
)
def test_an_image_in_a_comment_is_a_link(text, html):
    assert render_comment(text) == html.format("nofollow ugc noopener")


@pytest.mark.parametrize("scheme", ["MAILTO", "tel", "xmpp"])
def test_an_image_behind_an_address_without_a_host_is_text(scheme):
    assert shown(render_post(f"![a]({scheme}:b@c.d)")) == f"![a]({scheme}:b@c.d)"
    assert "src" not in markup._post_cleaner.clean(f'<img src="{scheme}:b@c.d">')
