"""Links within a text: ids of headings and anchors, and the fragments that lead to them."""

import re

import pytest

from content.markup import plain_text, render_comment, render_post
from tests.cpu import cpu_seconds_under


def hrefs(text: str) -> list[str]:
    return re.findall(r'href="([^"]*)"', render_post(text))


def ids(text: str) -> list[str]:
    return re.findall(r'id="([^"]*)"', render_post(text))


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ("[a](#second-part)\n\n## Second part", ["h-second-part"]),
        (
            "[a](#über-uns) [b](#%C3%BCber-uns) [c](#%c3%bcber-uns)\n\n# Über uns",
            ["h-über-uns"] * 3,
        ),
        ("[a](#a) [b](#a-1) [c](#a-2)\n\n# A\n# A\n# A", ["h-a", "h-a-1", "h-a-2"]),
        ("[a](#a-1) [b](#a-1-1)\n\n# A\n# A\n# A 1", ["h-a-1", "h-a-1-1"]),
        ("[a](#a-1) [b](#a-2)\n\n# A 1\n# A\n# A", ["h-a-1", "h-a-2"]),
        # GitHub keeps underscores and makes one hyphen of each space.
        ("[a](#a--b) [b](#a-b) [c](#c_d)\n\n# A & B\n# A B\n# c_d", ["h-a-b", "h-a-b-1", "h-c-d"]),
        ("[a](#whats-new)\n\n# What's *new*?", ["h-whats-new"]),
        ("[a](#A-b) [b](<#A b>) [c](#user-content-a-b) [d](#h-a-b)\n\n# A b", ["h-a-b"] * 4),
        ("[a][b]\n\n[b]: #c\n\nc\n=", ["h-c"]),
        ("> - [a](#b)\n\n<h1>B</h1>", ["h-b"]),
        ('<a href="#b">a</a>\n\n# B', ["h-b"]),
        ('<div>\n<a href="#b"><div>a</div></a>\n</div>\n\n# B', ["h-b"]),
        ("[a](#日本)\n\n# 日本", ["h-日本"]),
        # Names that the author gave.
        ("[a](#own) [b](#title)\n\n# Title {#own}", ["h-own", "h-own"]),
        ("[a](#a)\n\n# A\n# B {#a}", ["h-a-1"]),
        ("[a](#x)\n\n# *B* {: #x .c}\n", ["h-x"]),
        ('[a](#x) [b](#Y)\n\n<a name="x"></a>\n\n<a id="Y">b</a>', ["h-x", "h-y"]),
        ('[a](#x) [b](#y)\n\n<a name="x" id="y" />b', ["h-y", "h-y"]),
        ("[a](#x)\n\nb <a name=x>c", ["h-x"]),
        ('[a](#x) [b](#y)\n\n<h3 id="x">B</h3>\n<div id="y">c</div>', ["h-x", "h-y"]),
        ("[a](#x)\n\n<a name=x></a>\n<a name=x></a>", ["h-x"]),
    ],
)
def test_a_link_within_the_text_arrives(text, targets):
    assert hrefs(text) == [f"#{each}" for each in targets]
    assert {*targets} <= {*ids(text)}
    assert len(ids(text)) == len({*ids(text)})


@pytest.mark.parametrize("fragment", ["#nowhere", "#", "#%ff", "#h-nowhere", "#fn-1", "/a#b"])
def test_a_link_to_an_unknown_place_stays_as_it_is(fragment):
    assert hrefs(f"[a]({fragment})\n\n# B")[0].lower() == fragment


def test_footnotes_keep_their_links():
    text = "a[^1] [b](#fn-1)\n\n# fn 1\n\n[^1]: c"
    assert hrefs(text)[0] == "#fn-1" and hrefs(text)[2] == "#fnref-1"
    assert 'id="fn-1"' in render_post(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("# Title {#own}", "Title"),
        ("# Title {#own .a b=c}", "Title"),
        ("# `a` {#own} ##", "a"),
        ("Title {#own}\n---", "Title"),
        ("# {#own}", "{#own}"),
        ("# Title \\{#own}", "Title {#own}"),
        ("# Title `{#own}`", "Title {#own}"),
        ("# Title {own}", "Title {own}"),
        ("# {#own} Title", "{#own} Title"),
        ("Title {#own}", "Title {#own}"),
    ],
)
def test_only_a_name_at_the_end_of_a_heading_is_not_shown(text, shown):
    assert plain_text(render_post(text)) == shown


def test_an_anchor_shows_no_tag_and_takes_no_line():
    html = render_post('<a name="x"></a>\n\n- <a id="y"></a>b')
    assert html == '<span id="h-x"></span>\n<ul>\n<li><span id="h-y"></span>b</li>\n</ul>\n'


def test_a_comment_has_no_ids_and_leaves_fragments_alone():
    assert render_comment("# A\n\n[a](#a)").count("id=") == 0
    assert 'href="#a"' in render_comment("# A\n\n[a](#a)")


@pytest.mark.parametrize("unit", ["# a\n", "# a {#b}\n", "[a](#a)\n\n## a\n\n", "{#a ", "# {#a\n"])
def test_no_number_of_headings_makes_a_text_slow(unit):
    with cpu_seconds_under(5):
        render_post(unit * (20_000 // len(unit)))
