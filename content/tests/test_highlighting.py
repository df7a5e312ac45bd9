"""Syntax highlighting: it stays within a budget and never loses a character."""

import re
from html import unescape

import pytest

from content.highlighting import (
    HIGHLIGHT_BUDGET,
    LANGUAGES,
    OTHER_WEIGHT,
    SMALLEST_BLOCK,
    WEIGHT_OF,
)
from content.markup import render_comment, render_post
from content.tests.test_markup import shown, wrong_in


def test_known_languages_are_colored_by_class():
    html = render_post("```Python x\ndef f(): pass\n```")
    assert '<pre><code class="highlight"><span class="k">def</span>' in html
    assert shown(html) == "def f(): pass"


@pytest.mark.parametrize("info", ["", "unknown", "../x", "html+php", "<b>"])
def test_other_code_is_escaped_and_not_guessed(info):
    html = render_post(f"```{info}\n<b> & \n```")
    assert html == '<pre><code class="highlight">&lt;b&gt; &amp; \n</code></pre>\n'


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_coloring_changes_no_character(language):
    code = "\n\n  # a <b> 'c' \"d\" {{ e }} $f @g /* h */ -- i\n\t1.5e3 \\n é 日本 \x0b\n\n"
    html = render_post(f"~~~{language}\n{code}\n~~~")
    text = re.sub(r"<[^>]*>", "", html)
    # HTML allows no control characters in text.
    assert unescape(text).rstrip("\n") == code.replace("\x0b", " ").rstrip("\n")
    assert not wrong_in(f"~~~{language}\n{code}\n~~~")


def colored(*codes: tuple[str, int]) -> list[bool]:
    """Return which blocks are colored; each has a language and a length."""
    blocks = (f"```{language}\n" + "x\n" * (size // 2) + "```" for language, size in codes)
    return ["<span" in each for each in render_post("\n\n".join(blocks)).split("</pre>")[:-1]]


@pytest.mark.parametrize(
    ("language", "longest"), [("java", 2_500), ("ts", 3_162), ("python", 4_082), ("js", 5_000)]
)
def test_a_block_is_colored_up_to_the_limit_of_its_language(language, longest):
    assert colored((language, longest)) == [True]
    assert colored((language, longest + 2)) == [False]


def test_all_blocks_of_a_document_share_one_budget():
    """It counts squares of lengths, because the slowest text takes quadratic time."""
    assert colored(("python", 4_200), ("python", 1_000)) == [False, True]
    assert colored(("js", 4_000), ("java", 2_000), ("js", 2_000)) == [True, False, True]
    small = HIGHLIGHT_BUDGET // (OTHER_WEIGHT * SMALLEST_BLOCK**2)
    assert colored(*[("js", 2)] * (small + 10)).count(True) == small


@pytest.mark.parametrize("render", [render_post, render_comment])
@pytest.mark.parametrize("language", ["java", "cpp", "ts", "python"])
def test_code_past_the_budget_is_shown_whole(render, language):
    code = "a <b> " * 3_000
    html = render(f"```{language}\n{code}\n```")
    assert unescape(re.sub(r"<[^>]*>", "", html)) == f"{code}\n\n"


def test_every_weight_is_of_a_language():
    assert WEIGHT_OF.keys() <= LANGUAGES
