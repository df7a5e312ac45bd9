r"""Formulas become MathML, keep their source, and never contain anything else."""

import re

import pytest

from content import formulas
from content.markup import plain_text, render_comment, render_post

K11 = r"$k_{i} (\hat{k}_{i}^{j} - k_{i}^{j})$"
TEX = [
    K11,
    "$x*y*z$",
    r"\(a_1\)",
    r"$\text{if } x<y$",
    "$x$",
    r"$a \quad b$",
    "$ABC$",
    r"\( f(x) \)",
    "$$x$$",
    r"$a \$ b$",
    "$`a_1`$",
    "$$\n\\frac{a}{b}\n= c\n- d\n$$",
    "\\[\nx = 1\n\\]",
]
TEXTS = [
    "costs $5 and $6",
    "costs $5, or 10$ a day",
    "costs 5$ and 6$",
    "US$5 and CA$6",
    "$HOME/$USER",
    "$5 and 10$",
    "$ x$",
    "$x $",
    "$x$5",
    "$$ $$",
    "$$\n$$",
    "$$x\n\ny$$",
    "$x\n\ny$",
]


def shown(html: str) -> str:
    """Return the text of the formulas in `html`."""
    return "".join(re.findall(r">([^<]+)<", "".join(re.findall("<math.*?</math>", html, re.S))))


@pytest.mark.parametrize("source", TEX)
def test_a_formula_becomes_mathml_and_keeps_its_source(source):
    html = render_post(f"Before {source} after" if "\n" not in source else source)
    assert html.count("<math") == html.count("</math>") == 1
    assert "<em>" not in html
    assert " ".join(source.split()) in plain_text(html)
    assert (' display="block"' in html) == source.startswith(("$$", "\\["))


def test_backticks_around_a_formula_are_not_shown():
    assert shown(render_post("$`a`$")) == "a"


@pytest.mark.parametrize("text", TEXTS)
def test_other_dollar_signs_are_text(text):
    html = render_post(text)
    assert "<math" not in html
    assert [c for c in plain_text(html) if c.isalnum() or c == "$"] == [
        c for c in text if c.isalnum() or c == "$"
    ]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (r"\[1\] and \(see below\) \(1\)", "[1] and (see below) (1)"),
        (r"\[edit\]", "[edit]"),
        (r"\$x$ \\(x\\)", r"$x$ \(x\)"),
    ],
)
def test_escaped_brackets_and_dollars_are_text(text, plain):
    assert plain_text(render_post(text)) == plain
    assert "<math" not in render_post(text)


@pytest.mark.parametrize("text", ["`$x$`", "```\n$$x$$\n```", "    $$x$$", "<http://a/$b$>"])
def test_code_and_addresses_contain_no_formula(text):
    assert "<math" not in render_post(text)


def test_a_comment_contains_no_formula():
    assert render_comment("$x$") == "<p>$x$</p>\n"


@pytest.mark.parametrize(
    "text",
    [
        "- $$x$$\n- b",
        "> $$\n> x\n> $$",
        "| $a$ |\n|--|\n| b |",
        "# $e^x$",
        "[$x$](/a)",
        "a\n$$\nx\n$$",
    ],
)
def test_formulas_stand_in_lists_quotes_tables_headings_and_links(text):
    html = render_post(text)
    assert html.count("<math") == 1 and shown(html)


def test_an_item_ends_a_formula_that_began_in_another():
    assert "<math" not in render_post("- $$\n  x\n- $$")


def test_a_formula_in_the_alt_text_of_an_image_is_its_source():
    assert 'alt="the $x$ axis"' in render_post("![the $x$ axis](/a.png)")


@pytest.mark.parametrize(
    "tex",
    [
        r"\text{<script>alert(1)</script>}",
        r"\text{<img src=x onerror=alert(1)>}",
        r"\text{&#x3C;script&#x3E;alert(1)&#x3C;/script&#x3E;}",
        r"\href{javascript:alert(1)}{x}",
        r"\style{position:fixed}{x}",
        r"\class{site-header}{x}",
        r"\color{red}{x}",
        r"\hspace{99999em} x",
        r"\rule{9999px}{9999px} x",
    ],
)
def test_a_formula_contains_only_what_mathematics_needs(tex):
    html = render_post(f"${tex}$")
    assert shown(html)
    tags = re.findall(r"<([a-z]+)((?: [a-z]+=\"[^\"]*\")*)>", html)
    assert {name for name, _ in tags} <= formulas.TAGS | {"p"}
    used = {
        name
        for _, attributes in tags
        for name in re.findall(r' ([a-z]+)="', re.sub(r'alttext="[^"]*"', "", attributes))
    }
    assert not used & {"href", "style", "class", "mathcolor", "onerror", "src"}
    assert "9999" not in re.sub(r'alttext="[^"]*"', "", html)


@pytest.mark.parametrize(
    "source",
    [
        "${$",
        r"$\sqrt$",
        r"$x^$",
        r"$\left( x$",
        f"${'{' * 900}x{'}' * 900}$",
        f"${'{' * 40}x{'}' * 40}$",
        r"$\newcommand{\a}{x}\a$",
        r"$\def\a{x\a}\a$",
        f"$x{'+y' * 1000}$",
    ],
)
def test_a_formula_that_can_not_be_converted_is_shown_as_typed(source):
    html = render_post(source)
    assert "<math" not in html
    assert plain_text(html) == source


def test_formulas_beyond_the_limit_of_a_document_are_shown_as_typed():
    one = f"$x{'+y' * 900}$"
    html = render_post("\n\n".join([one] * 40))
    count = formulas.DOCUMENT_LIMIT // (len(one) - 2 + formulas.ELEMENT)
    assert html.count("<math") == count
    assert plain_text(html).split() == [one] * 40


def test_lines_that_open_no_formula_are_given_up():
    block = "$$\na\n- b\n$$"
    assert "<math" in render_post(f"$$x\n\n{block}")
    assert "<math" not in render_post("$$x\n\n" * formulas.FAILURE_LIMIT + block)
