"""Raw HTML in posts: what is shown as HTML, what as text, and comments, which are not shown."""

import re

import pytest

from content.markup import plain_text, render_comment, render_post, render_with_lead
from content.tests.test_markup import OURS, wrong_in
from tests.cpu import cpu_seconds_under


def flat(html: str) -> str:
    """Return HTML without line ends, for comparison."""
    return re.sub(r"\s*\n\s*", "", html).replace(' rel="noopener"', "")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ('<div class="note">\n\n*x*\n\n</div>', "<div><p><em>x</em></p></div>"),
        ("<section><p style='a'>b</p></section>", "<div><p>b</p></div>"),
        (
            "<center><font color=red>a</font> <tt>b</tt></center>",
            "<div><span>a</span> <code>b</code></div>",
        ),
        ("<h1 align=center>A <i>b</i></h1>", '<h2 id="h-a-b">A <i>b</i></h2>'),
        ("# A\n\n<h2>B</h2>", '<h2 id="h-a">A</h2><h3 id="h-b">B</h3>'),
        ("<h2><div>a</div></h2>", "<div><div>a</div></div>"),
        ("<h2><ins>a</ins></h2>", "<div><ins>a</ins></div>"),
        ("<p>\n\na\n\n</p>", "<div><p>a</p></div>"),
        ("<p>\n\n---\n\n</p>", "<div><hr></div>"),
        ("<p>a <ins>b</ins></p>", "<p>a <ins>b</ins></p>"),
        ("<ul><li>a</li><li>b</li></ul>", "<ul><li>a</li><li>b</li></ul>"),
        ("<ol start=3 reversed><li>a</li></ol>", '<ol start="3"><li>a</li></ol>'),
        ("<li>a</li>", "<p>a</p>"),
        ("<ul>a<li>b</li></ul>", "ab"),
        ("<blockquote>\n\n- a\n\n</blockquote>", "<blockquote><ul><li>a</li></ul></blockquote>"),
        ("<pre>a  <b>b</b></pre>", '<pre tabindex="0">a  <b>b</b></pre>'),
        ("<pre><div>a</div></pre>", "<div>a</div>"),
        ("a <strong>b</strong> <em>*c*</em>", "<p>a <strong>b</strong> <em><em>c</em></em></p>"),
        ('<p dir="rtl" lang="he">a</p>', '<p dir="rtl" lang="he">a</p>'),
        ('<p dir="x" lang="!">a</p>', "<p>a</p>"),
        ("<div><b><p>a</p></b></div>", "<div><p>a</p></div>"),
        ("a<br/>b<hr>", "<p>a<br>b&lt;hr&gt;</p>"),
    ],
)
def test_useful_tags_are_shown_as_html(text, html):
    assert flat(render_post(text)) == html
    assert not wrong_in(text)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        (
            '<table align="left"><tr><td colspan=2 rowspan=0>a</td></tr></table>',
            '<table tabindex="0"><tbody><tr><td colspan="2">a</td></tr></tbody></table>',
        ),
        (
            "<table>\n\n<tr>\n\n<td>\n\n*a*\n\n</td>\n\n</tr>\n\n</table>",
            '<table tabindex="0"><tbody><tr><td><p><em>a</em></p></td></tr></tbody></table>',
        ),
        (
            "<table><caption>a</caption><tr><th>b</th></tr></table>",
            '<table tabindex="0"><caption>a</caption><tbody><tr><th>b</th></tr></tbody></table>',
        ),
        (
            "<table><tr><th>b</th></tr><caption>a</caption></table>",
            'a<table tabindex="0"><tbody><tr><th>b</th></tr></tbody></table>',
        ),
        ("<tr><td>a</td></tr>", "<p>a</p>"),
    ],
)
def test_tables_are_tables(text, html):
    assert flat(render_post(text)) == html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ('<a href="https://a.b" target=c>d</a>', '<p><a href="https://a.b">d</a></p>'),
        ('<a href="/a" title="t">b</a> c', '<p><a title="t" href="/a">b</a> c</p>'),
        ('<a href="/a"><img src="b" alt="c"></a>', None),
        (
            "<ins><a href=/a><div>b</div></a></ins>",
            '<p><ins><a href="/a">&lt;div&gt;b&lt;/div&gt;</a></ins></p>',
        ),
        ("<div><a href=/a><p>b</p></a></div>", '<div><a href="/a"><p>b</p></a></div>'),
        ("<a href=/a>b<a href=/c>d</a></a>", '<p><a href="/a">bd</a></p>'),
        ("[a <a href=/b>c</a>](/d)", '<p><a href="/d">a c</a></p>'),
        ("<a>b</a>", "<p>b</p>"),
        ("<a href=/a></a>", '<p><a href="/a">/a</a></p>'),
        (
            "<div><a href=/a><details>b</details></a></div>",
            "<div><details><summary>Details</summary>b</details></div>",
        ),
    ],
)
def test_links_are_links(text, html):
    assert html is None or flat(render_post(text)) == html
    assert not wrong_in(text)


@pytest.mark.parametrize(
    "href",
    [
        "javascript:x",
        " javascript:x",
        "java&#x0A;script:x",
        "&#106;avascript:x",
        "data:a",
        "http://",
    ],
)
def test_a_link_to_a_forbidden_address_is_text(href):
    html = render_post(f'a <a href="{href}">b</a>')
    assert "<a" not in html
    assert html == f'<p>a &lt;a href="{href.replace("&", "&amp;")}"&gt;b&lt;/a&gt;</p>\n'


def test_an_image_of_ours_is_what_markdown_makes_of_it():
    html = render_post(f'<img src="{OURS}" alt="A" title="T">')
    assert html == render_post(f'![A]({OURS} "T")')


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        ("width=300", 'sizes="300px" width="300" height="169"'),
        ('width="300px"', 'sizes="300px" width="300" height="169"'),
        ('style="float: left; width: 32px"', 'sizes="32px" width="32" height="18"'),
        ("width=1", 'sizes="1px" width="1" height="1"'),
        ("width=9999", 'width="1600" height="900"'),
        ("width=50%", 'width="1600" height="900"'),
    ],
)
def test_an_image_of_ours_keeps_its_width(attributes, size):
    assert size in render_post(f'<img src="{OURS}" {attributes}>')


@pytest.mark.parametrize("tag", ["<img>", "<img src=>", "<img src='javascript:x'>", '<img src="">'])
def test_an_image_without_an_allowed_address_is_text(tag):
    assert plain_text(render_post(tag)) == tag


@pytest.mark.parametrize(
    "text",
    [
        "<div>",
        "</div>",
        "<p>a",
        "<table><tr><td>a",
        "> <div>\n\n</div>",
        "</article></body>",
        "<ul><li>",
    ],
)
def test_a_tag_without_a_partner_is_text_and_breaks_nothing_around_it(text):
    html = render_post(f"{text}\n\n*b*")
    assert html.endswith("<p><em>b</em></p>\n")
    assert plain_text(html).split() == [*text.replace("> ", "").split(), "b"]


@pytest.mark.parametrize("tag", ["iframe", "form", "video", "script", "style", "svg", "button"])
def test_other_tags_are_text(tag):
    assert plain_text(render_post(f"a <{tag}>b</{tag}>")) == f"a <{tag}>b</{tag}>"
    assert plain_text(render_post(f"<{tag}>\nb\n</{tag}>")) == f"<{tag}> b </{tag}>"


def test_a_comment_by_a_visitor_shows_all_tags_as_typed():
    for text in ("<div>a</div>", "<a href=/b>c</a>", "<!-- d -->", "<b>e</b>"):
        assert plain_text(render_comment(text)) == text


# Comments


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("A\n\n<!-- TODO -->\n\nB", "A B"),
        ("A <!-- x --> B", "A B"),
        ("A<!-- x\ny -->B", "AB"),
        ("<!-- x\n\ny\n-->\n\nA", "A"),
        ("<!-- x --> A *b* <!-- y -->", "A *b*"),
        ("> <!-- x\n> y -->\n> A", "A"),
        ("- a\n  <!-- x\n\n  y -->\n  b", "a b"),
        ("- <!-- x -->", ""),
        ("| a <!-- x --> |\n|-|\n| <!-- y --> b |", "a b"),
        ("# A <!-- x -->", "A"),
        ("[A <!-- x -->](b)", "A"),
        ("<div><!-- x --><p>A<!-- y --></p></div>", "A"),
        ("<div>\n<!-- x\n\ny --> A\n</div>\n\nB", "A B"),
        ("A <!--> B", "A B"),
        ("A <!---> B", "A B"),
        ("A[^1]\n\n[^1]: b <!-- x -->", "A b"),
        ("A <!-- <b>x</b> --> <b>c</b>", "A c"),
        ("<!--more Read on-->\n\nA", "A"),
    ],
)
def test_html_comments_are_not_shown(text, shown):
    html = render_post(text)
    assert plain_text(html) == shown
    assert not re.search(r"\bx\b|--|\ufdd0", html)


def test_alt_text_has_no_comments():
    assert 'alt="A "' in render_post("![A <!-- x -->](b)")


@pytest.mark.parametrize(
    "text", ["`<!-- x -->`", "```\n<!-- x -->\n```", "    <!-- x -->", "\\<!-- x -->"]
)
def test_a_comment_in_code_stays_visible(text):
    assert plain_text(render_post(text)) == "<!-- x -->"


@pytest.mark.parametrize(
    "text",
    [
        "<!-- x",
        "a <!-- x",
        "<!-- x\n\ny",
        "<div>\n<!-- x\n\n<!-- y\n\nz",
        "<!-- x --",
        "> <!-- x\n\ny -->",
    ],
)
def test_a_comment_without_an_end_stays_visible(text):
    assert "<!-- x" in plain_text(render_post(text))
    assert plain_text(render_post(text)).split() == text.replace("> ", "").split()


def test_an_empty_comment_ends_a_list():
    assert flat(render_post("- a\n\n<!-- -->\n\n- b")) == "<ul><li>a</li></ul><ul><li>b</li></ul>"


@pytest.mark.parametrize(
    ("text", "lead"),
    [
        ("a\n\n<!--more-->\n\nb", "a"),
        ("a\n\n<!-- MORE -->\n\nb\n\n<!--more-->\n\nc", "a"),
        ("a<!--more Read on-->b", "a"),
        ("a `<!--more-->` b", ""),
        ("a <!--moreover--> b", ""),
        ("<!--more-->\n\na", ""),
        ("a &#xfdd0; b", ""),
    ],
)
def test_the_lead_ends_at_more(text, lead):
    html, before = render_with_lead(text)
    assert plain_text(before) == lead
    assert html == render_post(text)


UNITS = [
    *("<b>", "</b>", "<div>", "<div></div>", "<p>", "<p><b>x</p>", "<ul><li>", "<table><tr><td>"),
    *("<a name=x>", "<a href=x>y</a>", "<img src=x>", '<a b="', "<!--", "<!-->", "-->", "<pre>"),
    *("<div><!--\n\n", "<!--x-->\n\n", "<details><summary>a</summary>", "<h1>a</h1>\n\n"),
    *("<p><b><i><u><s><p>x</p></s></u></i></b></p>", "<span><div></div></span>", "<b><i><u>x"),
]


@pytest.mark.parametrize("unit", UNITS)
def test_no_raw_html_makes_a_text_slow_or_long(unit):
    with cpu_seconds_under(5):
        html = render_post(unit * (20_000 // len(unit)))
    assert len(html) < 20 * 20_000
