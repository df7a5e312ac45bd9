"""CommonMark's own examples, all of them, through rendering and cleaning.

`commonmark-0.31.json` contains the examples of the CommonMark specification 0.31.2 by John
MacFarlane, licensed CC-BY-SA 4.0, as shipped with markdown-it-py 4.3.0
(tests/test_cmark_spec/commonmark.json).

The specification's output is changed here only in documented ways: raw HTML outside the allow-list
is text, headings move, elements gain attributes. The rest must be the same document.
"""

import html
import json
import re
from html.parser import HTMLParser
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from content.markup import render_comment, render_post

EXAMPLES = json.loads((Path(__file__).parent / "commonmark-0.31.json").read_text(encoding="utf-8"))
SECTIONS = {section: list(group) for section, group in groupby(EXAMPLES, itemgetter("section"))}
COMMENT_TAGS = {"a", "blockquote", "br", "code", "em", "hr", "li", "ol", "p", "pre", "strong", "ul"}
# The names of allowed tags. Comments have the name "--" and are not shown.
PASSING = {"--", "a", "del", "div", "i", "img", "li", "p", "pre", "code", "table", "td", "tr", "ul"}
ADDED = {"class", "decoding", "id", "loading", "rel", "tabindex"}
HTML_TYPES = ("html_block", "html_inline")
# Elements that the renderer or an HTML parser adds.
UNSAID = ("span", "tbody")

# Examples that differ in another documented way, with their complete output.
OTHERWISE = {
    # An empty heading.
    79: "<p>##</p>\n<p>#</p>\n<p>###</p>",
    164: "<p><i>\n*bar*\n</i></p>",
    165: "<p>&lt;/ins&gt;\n*bar*</p>",
    # A tag without a partner in its block is text.
    21: '<p>&lt;a href="/bar\\/)"&gt;</p>',
    31: '<p>&lt;a href="&amp;ouml;&amp;ouml;.html"&gt;</p>',
    148: (
        '<table tabindex="0"><tbody><tr><td>\n&lt;pre&gt;\n**Hello**,\n'
        "<p><em>world</em>.\n&lt;/pre&gt;</p>\n</td></tr></tbody></table>"
    ),
    151: "<p>&lt;/div&gt;\n*foo*</p>",
    155: "<p>&lt;div&gt;\n*foo*</p>\n<p><em>bar</em></p>",
    174: "<blockquote>\n<p>&lt;div&gt;\nfoo</p>\n</blockquote>\n<p>bar</p>",
    175: "<ul>\n<li>\n<p>&lt;div&gt;</p>\n</li>\n<li>foo</li>\n</ul>",
    184: "<p>&lt;div&gt;</p>\n<pre><code>&lt;div&gt;\n</code></pre>",
    187: '<p>Foo\n&lt;a href="bar"&gt;\nbaz</p>',
    344: '<p>&lt;a href="`"&gt;`</p>',
    476: '<p>**&lt;a href="**"&gt;</p>',
    477: '<p>__&lt;a href="__"&gt;</p>',
    494: "<p>[a](&lt;b)c\n[a](&lt;b)c&gt;\n[a](&lt;b&gt;c)</p>",
    613: "<p>&lt;a&gt;&lt;bab&gt;&lt;c2c&gt;</p>",
    614: "<p>&lt;a/&gt;&lt;b2/&gt;</p>",
    615: '<p>&lt;a  /&gt;&lt;b2\ndata="foo" &gt;</p>',
    616: '<p>&lt;a foo="bar" bam = \'baz <em>"</em>\'\n_boolean zoop:33=zoop:33 /&gt;</p>',
    623: "<p>&lt;/a&gt;&lt;/foo &gt;</p>",
    630: '<p>foo &lt;a href="&amp;ouml;"&gt;</p>',
    631: '<p>foo &lt;a href="\\*"&gt;</p>',
    642: '<p>&lt;a href="foo  \nbar"&gt;</p>',
    643: '<p>&lt;a href="foo\\\nbar"&gt;</p>',
    # A tag that is not complete is text.
    156: '<p>&lt;div id="foo"\n*hi*</p>',
    157: "<p>&lt;div class\nfoo</p>",
    # A block that contains only text and inline tags gets a paragraph.
    162: '<p><a href="foo">\n*bar*\n</a></p>',
    177: "<p>*bar*</p>\n<p><em>baz</em></p>",
    # Attributes without use are dropped, and images have an alt text.
    169: (
        '<pre tabindex="0"><code>\nimport Text.HTML.TagSoup\n\nmain :: IO ()\n'
        "main = print $ parseTags tags\n</code></pre>\n<p>okay</p>"
    ),
    475: '<p>*<img src="foo" alt="" title="*" loading="lazy" decoding="async"></p>',
    # Content of a table outside its cells is shown before it.
    191: (
        '<pre><code>&lt;td&gt;\n  Hi\n&lt;/td&gt;\n</code></pre><table tabindex="0">\n'
        "  <tbody><tr>\n\n  </tr>\n</tbody></table>"
    ),
    # A comment is not shown.
    626: "<p>foo  foo --&gt;</p>\n<p>foo  foo --&gt;</p>",
    # An empty link shows its address.
    484: '<p><a href="./target.md">./target.md</a></p>',
    487: '<p><a href="">#</a></p>',
    # Schemes that are not allowed.
    596: "<p>&lt;irc://foo.bar:2233/baz&gt;</p>",
    598: "<p>&lt;a+b+c:d&gt;</p>",
    599: "<p>&lt;made-up-scheme://foo,bar&gt;</p>",
    601: "<p>&lt;localhost:5001/foo&gt;</p>",
    # Addresses without brackets are links.
    602: '<p>&lt;<a href="https://foo.bar/baz">https://foo.bar/baz</a> bim&gt;</p>',
    608: '<p>&lt; <a href="https://foo.bar">https://foo.bar</a> &gt;</p>',
    611: '<p><a href="https://example.com">https://example.com</a></p>',
    612: '<p><a href="mailto:foo@bar.example.com">foo@bar.example.com</a></p>',
}


# An image that stands alone has its title as a caption.
CAPTIONED = re.compile(r'<p>(<img [^>]*?) title="([^"]*)" /></p>')
FIGURE = r"<figure>\1 /><figcaption>\2</figcaption></figure>"


class Outline(HTMLParser):
    """A document as a list of tags and texts, without the renderer's usual additions."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.parts, self.pre, self.lift = [], 0, 0
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.pre += tag == "pre"
        kept = sorted((name, value) for name, value in attrs if name not in ADDED)
        self.parts += [(tag, *kept)] if tag not in UNSAID else []

    def handle_endtag(self, tag):
        self.pre -= tag == "pre"
        self.parts += [f"/{tag}"] if tag not in (*UNSAID, "br", "hr", "img") else []

    def handle_data(self, data):
        if self.parts and isinstance(self.parts[-1], list):
            self.parts[-1].append(data)
        elif self.pre or data.strip("\n"):
            self.parts.append([data])


def outline(source: str) -> list:
    parts = Outline(source).parts
    return ["".join(part) if isinstance(part, list) else part for part in parts]


def element_names(source: str) -> set[str]:
    return {part[0] for part in outline(source) if type(part) is tuple}


def expected(example: dict) -> str:
    """Return the specification's HTML of an example, with the documented changes."""
    if example["example"] in OTHERWISE:
        return OTHERWISE[example["example"]]
    changed, position = example["html"], 0
    for kind, piece in raw_html(example["markdown"]):
        names = set(re.findall(r"<[/!?]?([\w-]*)", piece.lower()))
        if names <= PASSING:
            continue
        shown = html.escape(piece, quote=False)
        shown = f"<p>{shown}</p>" if kind == "html_block" else shown
        position = changed.index(piece, position)
        before, after = changed[:position], changed[position + len(piece) :]
        before = before.rstrip(" ") if kind == "html_block" else before
        changed, position = before + shown + after, len(before + shown)
    return with_moved_headings(CAPTIONED.sub(FIGURE, changed))


def raw_html(markdown: str) -> list[tuple[str, str]]:
    """Return the pieces of raw HTML in a document, in order, found by a plain CommonMark parser."""
    tokens = MarkdownIt("commonmark").parse(markdown)
    every = [each for token in tokens for each in (token, *(token.children or []))]
    return [(each.type, each.content.strip()) for each in every if each.type in HTML_TYPES]


def with_moved_headings(source: str) -> str:
    """Return the HTML with headings that start at h2 and skip no level."""
    above = []

    def moved(found: re.Match) -> str:
        above[:] = [*(level for level in above if level < found[1]), found[1]]
        level = min(len(above) + 1, 6)
        return f"<h{level}>{found[2]}</h{level}>"

    return re.sub(r"<h([1-6])>(.*?)</h[1-6]>", moved, source, flags=re.DOTALL)


def test_the_whole_specification_is_included():
    in_sections = [each["example"] for section in SECTIONS.values() for each in section]
    assert in_sections == list(range(1, 653))


@pytest.mark.parametrize("section", SECTIONS)
def test_cleaning_leaves_every_example_of_a_section_the_document_it_is(section):
    changed = {
        example["example"]: shown
        for example in SECTIONS[section]
        if (shown := outline(render_post(example["markdown"]))) != outline(expected(example))
    }
    assert changed == {}


@pytest.mark.parametrize("section", SECTIONS)
def test_a_comment_shows_no_example_of_a_section_with_heading_image_or_raw_tag(section):
    others = {
        example["example"]: names - COMMENT_TAGS
        for example in SECTIONS[section]
        if (names := element_names(render_comment(example["markdown"]))) - COMMENT_TAGS
    }
    assert others == {}
