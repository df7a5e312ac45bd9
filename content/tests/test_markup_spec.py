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
PASSING = {"del", "i"}
ADDED = {"class", "decoding", "id", "loading", "rel"}
HTML_TYPES = ("html_block", "html_inline")

# Examples that differ in another documented way, with their complete output.
OTHERWISE = {
    # An empty heading.
    79: "<p>##</p>\n<p>#</p>\n<p>###</p>",
    # A block that contains only text and inline tags gets a paragraph.
    164: "<p><i>\n*bar*\n</i></p>",
    # A tag that is not opened in its block is text.
    165: "<p>&lt;/ins&gt;\n*bar*</p>",
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
        self.parts += [(tag, *kept)] if tag != "span" else []

    def handle_endtag(self, tag):
        self.pre -= tag == "pre"
        self.parts += [f"/{tag}"] if tag not in ("span", "br", "hr", "img") else []

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
        names = set(re.findall(r"<[/!?]?([\w-]*)", piece))
        if names <= PASSING:
            continue
        shown = html.escape(piece, quote=False)
        shown = f"<p>{shown}</p>" if kind == "html_block" else shown
        position = changed.index(piece, position)
        before, after = changed[:position], changed[position + len(piece) :]
        before = before.rstrip(" ") if kind == "html_block" else before
        changed, position = before + shown + after, len(before + shown)
    return with_moved_headings(changed)


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
