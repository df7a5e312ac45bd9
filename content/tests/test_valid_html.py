"""Rendered Markdown is valid HTML for any text, and keeps every word.

`python -m benchmarks.html` runs an HTML checker on pages with such texts.
"""

import re

import pytest

from content.markup import plain_text, render_comment, render_post

LONG = "a long line of code that no phone shows whole"


@pytest.mark.parametrize(
    "text",
    [
        "<dl>\n<dt>a</dt><dt>b</dt><dd>c</dd><dd>d</dd>\n</dl>",
        "<details>\n<summary>a <b>b</b></summary>\n<p>c</p>\n</details>",
        "<figure>\n<figcaption>a</figcaption>\nb\n</figure>",
        "<figure>\nb\n<figcaption>a</figcaption>\n</figure>",
        "<ruby>a<rt>b</rt>c<rp>(</rp><rt>d</rt><rp>)</rp></ruby>",
        '<time datetime="2024-02-29T10:00:00.123Z">a</time>',
        "<time>2026-11</time> <time>1999</time> <time>10:30</time>",
        "<ins>a</ins> <del>b</del>",
        "<del>\n<hr>\n</del>",
    ],
)
def test_raw_html_that_is_valid_stays_as_it_is(text):
    shown = text.replace("<p>c</p>\n", "\n*c*\n\n")
    html = render_post(shown).replace("<em>c</em>", "c")
    assert html.strip().removeprefix("<p>").removesuffix("</p>") == text


@pytest.mark.parametrize(
    ("text", "html"),
    [
        # Elements that are allowed only inside one particular element.
        ("<dt>a</dt>", "a"),
        ("<dd>a</dd>", "a"),
        ("<summary>a</summary>", "a"),
        ("<figcaption>a</figcaption>", "a"),
        ("<ins>\n<dt>a</dt>\n</ins>", "<ins>\na\n</ins>"),
        ("a <rt>b</rt>", "<p>a b</p>"),
        ("a <rp>b</rp>", "<p>a b</p>"),
        # Lists and annotations with a missing part.
        ("<dl>a</dl>", "a"),
        ("<dl></dl>", ""),
        ("<dl>\n<dd>a</dd>\n</dl>", "\na\n"),
        ("<dl>\n<dt>a</dt>b<dd>c</dd>\n</dl>", "\nabc\n"),
        ("<ruby>a</ruby>", "<p>a</p>"),
        ("<ruby>a<rp>(</rp><rt>b</rt></ruby>", "<p>a(b</p>"),
        ("<ruby>a<rt>b</rt>c</ruby>", "<p>abc</p>"),
        ("<ruby>a<ruby>b<rt>c</rt></ruby><rt>d</rt></ruby>", "<p><ruby>abc<rt>d</rt></ruby></p>"),
        # One summary, which comes first; one caption, which comes first or last.
        ("<details>\na\n</details>", "<details><summary>Details</summary>\na\n</details>"),
        (
            "<details>a<summary>b</summary></details>",
            "<details><summary>b</summary>a</details>",
        ),
        (
            "<details><summary>a</summary><summary>b</summary></details>",
            "<details><summary>a</summary>b</details>",
        ),
        (
            "<details><summary>\n\na\n\n</summary></details>",
            "<details><summary>\na\n</summary></details>",
        ),
        (
            "<details><summary>\n\n# a\n\n</summary></details>",
            '<details><summary>\n<h2 id="h-a">a</h2>\n</summary></details>',
        ),
        (
            "<details><summary><hr></summary></details>",
            "<details><summary>Details</summary><hr></details>",
        ),
        (
            "<figure><figcaption>a</figcaption>b<figcaption>c</figcaption></figure>",
            "<figure><figcaption>a</figcaption>bc</figure>",
        ),
        (
            "<figure>a<figcaption>b</figcaption>c</figure>",
            "<figure>abc</figure>",
        ),
        # No block in phrasing content, no definition in a definition.
        ("<div>\n<b><hr></b>\n</div>", "<div>\n<hr>\n</div>"),
        (
            "<dl>\n<dt><b><ins><hr></ins></b></dt><dd>a</dd></dl>",
            "<dl>\n<dt><hr></dt><dd>a</dd></dl>",
        ),
        ("<dfn>a <dfn>b</dfn></dfn>", "<p><dfn>a b</dfn></p>"),
        # Machine-readable times.
        ("<time>yesterday</time>", "<p>yesterday</p>"),
        ('<time datetime="x">a</time>', "<p>a</p>"),
        ('<time datetime="2026-02-30">a</time>', "<p>a</p>"),
        ('<time datetime="2026-01-01T10:00:00.1234">a</time>', "<p>a</p>"),
        ("<time><b>2026</b></time>", "<p><b>2026</b></p>"),
        # Empty images and headings.
        ("![a]()", "<p>![a]()</p>"),
        ("##", "<p>##</p>"),
    ],
)
def test_elements_that_html_does_not_allow_are_replaced_by_their_text(text, html):
    assert render_post(text).strip("\n") == html.strip("\n")


@pytest.mark.parametrize("render", [render_post, render_comment])
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x01\x7f\x9f\ufdd0\ufffe\U0010ffffb", "ab"),
        ("a\x0bb\x0cc\x85d", "a b c d"),
        ("a &#1; &#xfffe; b", "a \ufffd \ufffd b"),
        ("[a](java\x01script:b)", "[a](javascript:b)"),
        ("`a\x02b`", "ab"),
    ],
)
def test_characters_that_html_forbids_are_not_in_a_page(render, text, shown):
    html = render(text)
    assert plain_text(html) == shown
    assert "href" not in html


def test_an_entity_in_raw_html_makes_no_such_character_either():
    html = render_post("<abbr title='a&#1;&#xfdd0;b'>c</abbr>")
    assert html == '<p><abbr title="ab">c</abbr></p>\n'


@pytest.mark.parametrize("render", [render_post, render_comment])
@pytest.mark.parametrize(
    "address",
    ["http://", "http:///a", "http:a", "//", "http://[", "http://a:99999/", "http://1.2.3.4.5/"],
)
def test_an_address_without_a_host_is_no_link(render, address):
    html = render(f"[a]({address}) {address}")
    assert "<a" not in html
    assert plain_text(html) == f"[a]({address}) {address}"


@pytest.mark.parametrize("address", ["//a.b/c", "http://a:80/", "http://[::1]/", "http://1.2.3.4/"])
def test_an_address_with_a_host_is_a_link(address):
    assert f'<a href="{address}"' in render_post(f"[a]({address})")


@pytest.mark.parametrize("render", [render_post, render_comment])
@pytest.mark.parametrize(
    ("text", "takes"),
    [
        (f"```\n{LONG}\n```", True),
        (f"    {LONG}", True),
        ("```python\n" + "x" * 22 + "\n```", False),
        ("```python\n" + "x" * 23 + "\n```", True),
        ("```\n" + "\t" * 6 + "\n```", True),
        ("```\n" + "日" * 12 + "\n```", True),
        ("    short", False),
        ("> > - " + "    " + "x" * 14, True),
    ],
)
def test_code_that_may_scroll_on_a_phone_takes_the_focus(render, text, takes):
    assert ('<pre tabindex="0">' in render(text)) is takes
    assert ("<pre>" in render(text)) is not takes


def test_a_table_takes_the_focus():
    assert '<table tabindex="0">' in render_post("| a |\n|---|\n| b |")


def test_no_raw_tag_makes_a_text_slow():
    text = "<b><i>a</i></b>" * 10_000
    assert len(re.findall("<i>a</i>", render_post(text))) == 10_000


@pytest.mark.parametrize("render", [render_post, render_comment])
@pytest.mark.parametrize(("text", "name"), [("[](/a?b)", "/a?b"), ("[]()", "#"), ("[](#c)", "#c")])
def test_a_link_without_text_is_named_by_its_address(render, text, name):
    assert plain_text(render(f"a {text} b")) == f"a {name} b"
    assert render(f"a {text} b").count("<a ") == 1


@pytest.mark.parametrize(
    ("text", "name"), [("[![](a)](/b)", ' aria-label="/b"'), ("[![c](a)](/b)", "")]
)
def test_a_link_around_an_image_without_alt_text_is_named_too(text, name):
    assert f'<a href="/b"{name} rel="noopener"><img' in render_post(text)
