"""Output that Markdown must never produce, for any input."""

import random
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from content import limits, markup, raw_tags
from content.markup import plain_text, render_comment, render_post
from content.tests.test_markup import COMMENT_TAGS, POST_TAGS, Inspector, shown, words, wrong_in

# Raw HTML


@pytest.mark.parametrize(
    "text",
    [
        "<p>a <kbd>b</kbd> H<sub>2</sub>O x<sup>2</sup> <mark>c</mark></p>",
        '<p>a <abbr title="b">c</abbr> <ruby>d<rp>(</rp><rt>e</rt><rp>)</rp></ruby><br>f<wbr>g</p>',
        '<p>a <time datetime="2026-01-01">b</time> <q>c <b>d <i>e</i></b></q></p>',
        '<details open="">\n<summary>a <b>b</b></summary>\n<p><em>c</em></p>\n</details>',
        "<dl>\n<dt>a</dt><dd>b &amp; c</dd>\n</dl>",
        "<hr>",
    ],
)
def test_allowed_tags_pass(text):
    source = re.sub("</?p>", "", text).replace("\n<em>c</em>\n", "\n\n*c*\n\n")
    assert render_post(source).strip() == text
    assert "&lt;" in render_comment(source)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a <b>b", "a &lt;b&gt;b"),
        ("a</b> c", "a&lt;/b&gt; c"),
        ("a </br> c", "a &lt;/br&gt; c"),
        ("a *<b>b* c</b>", "a <em>&lt;b&gt;b</em> c&lt;/b&gt;"),
        ("a <b><i>c</b></i>", "a <b>&lt;i&gt;c</b>&lt;/i&gt;"),
        ("a <details>b</details>", "a &lt;details&gt;b&lt;/details&gt;"),
        ("a <b onclick='x' class=c style=d id=e>f</b>", "a <b>f</b>"),
        ("a <b title='<i>'>f</b>", "a &lt;b title='&lt;i&gt;'&gt;f&lt;/b&gt;"),
        ("a <script>b</script>", "a &lt;script&gt;b&lt;/script&gt;"),
        ("a <?c?> <!D>", "a &lt;?c?&gt; &lt;!D&gt;"),
        ("<script>\n<b>a</b>\n</script>", "&lt;script&gt;\n&lt;b&gt;a&lt;/b&gt;\n&lt;/script&gt;"),
        (
            "<form class=a>\nb < &amp; <i>c</i> <\n</form>",
            "&lt;form class=a&gt;\nb &lt; &amp; <i>c</i> &lt;\n&lt;/form&gt;",
        ),
        ("<b>\n\na\n\n</b>", "&lt;b&gt;</p>\n<p>a</p>\n<p>&lt;/b&gt;"),
        ("<details>\n\na", "&lt;details&gt;</p>\n<p>a"),
    ],
)
def test_other_raw_html_is_text(text, html):
    assert render_post(text) == f"<p>{html}</p>\n"


def test_raw_html_closes_nothing_outside_its_place():
    html = render_post("> <details>\n\n</details>\n\n- <b>\n\n</b>")
    assert "<details>" not in html and "<b>" not in html
    assert not wrong_in("> <details>\n\n</details>")


def test_tags_nested_deeper_than_anyone_means_are_text():
    html = render_post("a" + "<b>" * 30 + "c" + "</b>" * 30)
    assert (
        html.count("<b>") == raw_tags.RAW_DEPTH
        and html.count("&lt;b&gt;") == 30 - raw_tags.RAW_DEPTH
    )


VECTORS = """
<script>alert(1)</script>
<SCRIPT SRC=//evil.example/x.js></SCRIPT>
<script\\x20type="text/javascript">javascript:alert(1);</script>
<scr<script>ipt>alert(1)</scr</script>ipt>
<<SCRIPT>alert(1);//<</SCRIPT>
<img src=x onerror=alert(1)>
<img src="javascript:alert(1)">
<IMG SRC=`javascript:alert("x")`>
<img src=x:alert(1) onerror=eval(src) alt=0>
<img \"\"\"><script>alert(1)</script>">
<img src="x` `<script>alert(1)</script>"` `>
<svg onload=alert(1)>
<svg><script>alert&#40;1&#41;</script></svg>
<svg><style>{font-family:'<iframe/onload=alert(1)>'}</style></svg>
<svg><a xlink:href="javascript:alert(1)"><text x="20" y="20">X</text></a></svg>
<math><mtext><mglyph><style><img src=x onerror=alert(1)></style></mglyph></mtext></math>
<math href="javascript:alert(1)">click</math>
<iframe src="javascript:alert(1)"></iframe>
<iframe srcdoc="&lt;script&gt;alert(1)&lt;/script&gt;"></iframe>
<object data="javascript:alert(1)"></object>
<embed src="javascript:alert(1)">
<form action="javascript:alert(1)"><input type=submit></form>
<button formaction="javascript:alert(1)">x</button>
<input onfocus=alert(1) autofocus>
<input type=image src=x onerror=alert(1)>
<textarea autofocus onfocus=alert(1)></textarea>
<select onfocus=alert(1) autofocus></select>
<video><source onerror="alert(1)"></video>
<audio src=x onerror=alert(1)>
<body onload=alert(1)>
<body background="javascript:alert(1)">
<details open ontoggle=alert(1)>x</details>
<details open=x"onmouseover=alert(1)>x</details>
<marquee onstart=alert(1)>x</marquee>
<meta http-equiv="refresh" content="0;url=javascript:alert(1)">
<link rel="stylesheet" href="javascript:alert(1)">
<base href="javascript:alert(1)//">
<style>@import 'javascript:alert(1)';</style>
<div style="background:url(javascript:alert(1))">x</div>
<b style="xss:expression(alert(1))">x</b>
<b/onmouseover=alert(1)>x</b>
<b onmouseover = "alert(1)" >x</b>
<abbr title="x" onmouseover="alert(1)">x</abbr>
<abbr title='"><script>alert(1)</script>'>x</abbr>
<kbd id=h-x class=highlight name=attributes>x</kbd>
<table background="javascript:alert(1)"><tr><td>x</td></tr></table>
<a href="javascript:alert(1)">x</a>
<a href=" javascript:alert(1)">x</a>
<a href="java&#x0A;script:alert(1)">x</a>
<!--[if gte IE 4]><script>alert(1)</script><![endif]-->
<!-- --!><img src=x onerror=alert(1)> -->
<!--><script>alert(1)</script>-->
<?xml version="1.0"?><script>alert(1)</script>
<![CDATA[<script>alert(1)</script>]]>
<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>
<xmp><img src=x onerror=alert(1)></xmp>
<template><script>alert(1)</script></template>
<plaintext><script>alert(1)</script>
[x](javascript:alert(1))
[x](JaVaScRiPt:alert(1))
[x]( javascript:alert(1))
[x](<javascript:alert(1)>)
[x](&#106;avascript:alert(1))
[x](&#x6A&#x61;vascript&colon;alert(1))
[x](javascript&#58;alert(1))
[x](java\\tscript:alert(1))
[x](java&Tab;script:alert(1))
[x](java&NewLine;script:alert(1))
[x](&#1;javascript:alert(1))
[x](\\x01javascript:alert(1))
[x](&NonBreakingSpace;javascript:alert(1))
[x](javas\\cript:alert(1))
[x](vbscript:msgbox(1))
[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)
[x](feed:javascript:alert(1))
[x](view-source:javascript:alert(1))
[x](jar:javascript:alert(1))
[x](livescript:alert(1))
[x](//evil.example "onmouseover=alert(1)")
[x](http://a"onmouseover="alert(1))
[x](http://a 'x" onmouseover="alert(1)')
[x](http://a&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;)
[x][y]\\n\\n[y]: javascript:alert(1)
[x][y]\\n\\n[y]: <java\\tscript:alert(1)>
<javascript:alert(1)>
<javascript&colon;alert(1)>
<data:text/html,alert(1)>
javascript://www.example.com/%0Aalert(1)
http://a"onmouseover=alert(1)
http://javascript:alert(1)@a
www.a.b"><script>alert(1)</script>
![x](javascript:alert(1))
![x](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+)
![x" onerror="alert(1)](y)
![x](y" onerror="alert(1))
![x](y "z\\" onerror=\\"alert(1)")
![<img src=x onerror=alert(1)>](y)
![x](/media/images/abcdefghijklmnopqrstuv-1600x900-213.webp"onerror=alert(1))
```"onmouseover=alert(1)\\nx\\n```
```html\\n<script>alert(1)</script>\\n```
`<script>alert(1)</script>`
# <script>alert(1)</script>
# x" onmouseover="alert(1)
| <script>alert(1)</script> |\\n|-|\\n| <img src=x onerror=alert(1)> |
[^<script>]\\n\\n[^<script>]: <script>alert(1)</script>
[^"onx="]\\n\\n[^"onx="]: x
- [x] <input type=text onfocus=alert(1) autofocus>
<b>\\n\\n<script>alert(1)</script>\\n\\n</b>
<details>\\n<summary><script>alert(1)</script></summary>\\n\\n</details></details></article><script>
</p></div></article></body></html><script>alert(1)</script>
\\\\<script>alert(1)</script>
&lt;script&gt;alert(1)&lt;/script&gt;
\\ud800<script>alert(1)</script>
""".strip().split("\n")


def escaped(vector: str) -> str:
    """Replace the escapes for characters that a one-line vector can't contain."""
    marks = {r"\n": "\n", r"\t": "\t", r"\x20": " ", r"\x01": "\x01", r"\ud800": "\ud800"}
    for mark, character in marks.items():
        vector = vector.replace(mark, character)
    return vector


@pytest.mark.parametrize("frame", ["{}", "a {} b", "> - {}", "[{}](c)", "<b>{}</b>"])
def test_every_attack_becomes_text_or_nothing(frame):
    texts = [frame.format(escaped(vector)) for vector in VECTORS]
    assert {text: wrong for text in texts if (wrong := wrong_in(text))} == {}


@pytest.mark.parametrize(
    "html",
    [
        "<script>a</script>",
        "<p onclick=a>",
        "<a href='java\nscript:a' rel=noopener>",
        "<b id=a>",
        "<b>",
        "</b>",
        "<!-- -->",
        "<code class=other-x>",
        "<input type=text>",
        "<a href=b>",
    ],
)
def test_the_inspector_finds_each_fault(html):
    assert Inspector(html, POST_TAGS, "noopener").wrong


# Rules for every text

FRAGMENTS = [
    *words(
        "[ ] ( ) ![ ](a) ](http://b) * ** _ ~~ ` ``` ~~~ < > & &amp; &#0; | || :-: --- === # ##"
    ),
    *words("<b> </b> <i a='b'> </i> <details> </details> <summary> </summary> <dl> <dt> <br> <hr>"),
    *words("<p> <script> </script> <!-- --> <a href='b'> </a> [^1] [^1]: [a]: http://c www.d.e w"),
    *[
        "\n",
        "\n\n",
        "\n\n\n",
        "    ",
        "\t",
        "> ",
        "- ",
        "- [x] ",
        "1. ",
        "\n- ",
        "\n> ",
        "\r",
        "\x0b",
    ],
    *[
        "é",
        "日本",
        "\U0001f600",
        "\ud83d",
        "\u0301",
        "\u202e",
        "\ufeff",
        "\\",
        "a",
        "b c",
        "python\n",
    ],
]


def random_text(seed: int) -> str:
    chance = random.Random(seed)
    return "".join(chance.choice(FRAGMENTS) for _ in range(chance.randrange(1, 120)))


@pytest.mark.parametrize("first_seed", range(0, 300, 30))
def test_no_random_text_raises_or_gives_forbidden_html(first_seed):
    texts = [random_text(seed) for seed in range(first_seed, first_seed + 30)]
    assert {text: wrong for text in texts if (wrong := wrong_in(text))} == {}
    assert [text for text in texts if render_post(text) != render_post(text)] == []


def test_cleaning_every_attack_twice_is_cleaning_it_once():
    once = {vector: render_post(escaped(vector)) for vector in VECTORS}
    assert {vector: markup._post_cleaner.clean(html) for vector, html in once.items()} == once


def test_documents_share_nothing_across_threads():
    texts = [f"# a\n# a\n\nb[^1]\n\n[^1]: {number}" for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        assert [*pool.map(render_post, texts)] == [render_post(text) for text in texts]
    assert 'id="h-a"' in render_post(texts[0])


@pytest.mark.parametrize("unit", ["> ", "- ", "1. ", "[^a]: "])
def test_text_that_is_nested_too_deep_is_shown(unit):
    html = render_post(unit * 1_000 + "the end[^a]")
    assert "the end" in html
    lines = "".join("  " * depth + f"- item{depth}\n" for depth in range(60))
    assert all(f"item{depth}" in render_post(lines) for depth in range(60))


def test_brackets_without_number_are_shown():
    text = "[a " * (limits.BRACKET_LIMIT + 5)
    assert shown(render_post(text)) == text.strip()


AS_TYPED = f'<p><em>{markup.TOO_MUCH}</em></p>\n<pre tabindex="0">'


@pytest.mark.parametrize(
    "text",
    [
        "- - a\n" * 1_000,
        "-\n+\n" * 2_000,
        "a\n" * 6_000,
        "a\n\n" * 4_000,
        "#\n" * 5_000,
        "|a|b|\n|-|-|\n" + "a|\n" * 2_000,
        "a|" * 4_000 + "\n" + "-|" * 4_000,
    ],
    ids=lambda text: text[:10],
)
def test_a_text_of_more_blocks_than_the_limit_is_shown_as_typed(monkeypatch, text):
    # A tenth of the limit, for a tenth of the longest text. At the limit itself, each text takes a
    # second. The next two tests are about the limit itself.
    monkeypatch.setattr(limits, "BLOCK_LIMIT", limits.BLOCK_LIMIT // 10)
    html = render_post(text + "\n\n*b* <b>")
    assert html.startswith(AS_TYPED) and html.endswith("*b* &lt;b&gt;</pre>\n")
    assert not Inspector(html, POST_TAGS, "noopener").wrong
    assert not Inspector(render_comment(text), COMMENT_TAGS, "nofollow ugc noopener").wrong


def test_a_row_that_ends_the_text_counts_too():
    assert render_post("a|" * 40_000 + "\n" + "-|" * 40_000).startswith(AS_TYPED)


@pytest.mark.parametrize(
    "text",
    [
        "a *b* c. " * 30 + "\n\n",
        "- a list of items, each with some *words*\n",
        "line of a poem\n",
        "| a | b | c |\n|-|-|-|\n" + "| 123456 | 78.90 | abcdef |\n" * 50 + "\n",
        "```python\ndef f(a): return {1: 'b'}\n```\n\n",
        "1. an item of some length\n   - within it another\n     > and a quote from a book\n",
    ],
    ids=lambda text: text[:10],
)
def test_the_longest_text_that_anyone_writes_is_formatted(text):
    assert not render_post(text * (200_000 // len(text))).startswith(AS_TYPED)


LONG = "/x" * 10_000


@pytest.mark.parametrize("render", [render_post, render_comment])
@pytest.mark.parametrize(
    "text",
    [f"[a]: {LONG}\n\n" + "[a]" * 2_000, f"[a]: b '{LONG}'\n\n" + "![a]" * 2_000],
    ids=["address", "title"],
)
def test_a_reference_used_again_and_again_makes_no_endless_page(render, text):
    html = render(text)
    assert html.startswith(AS_TYPED) and len(html) < len(text) + 500


def test_a_footnote_used_again_and_again_makes_no_endless_page():
    text = "[^a]" * 40_000 + "\n\n[^a]: b"
    assert render_post(text).startswith(AS_TYPED)
    assert "footnotes" in render_post("[^a]" * 300 + "\n\n[^a]: b")


@pytest.mark.parametrize("render", [render_post, render_comment])
@pytest.mark.parametrize("uses", [1, 500])
def test_a_reference_that_is_used_often_is_one(render, uses):
    html = render("[a]: https://example.org/a/page\n\n" + "[a] " * uses)
    assert html.count('href="https://example.org/a/page"') == uses


# Text


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("# a\n\nb *c*\nd", "a b c d"),
        ("a &lt;b&gt; & c", "a <b> & c"),
        ("- a\n- b\n\n| c | d |\n|-|-|\n| e | f |", "a b c d e f"),
        ("<dl><dt>a</dt><dd>b</dd></dl>", "a b"),
        ("a<br>b[^1]\n\n[^1]: c", "a b c"),
        ('[a](b "> c") ![d](e)', "a"),
        ("a **b**c", "a bc"),
        ("", ""),
    ],
)
def test_plain_text_is_the_text_that_readers_see(markdown, text):
    assert plain_text(render_post(markdown)) == text
