"""An excerpt contains neither footnotes nor bare addresses."""

import pytest

from content.excerpts import make_excerpt
from content.markup import plain_text, render_post


def excerpt_of(markdown: str) -> str:
    html = render_post(markdown)
    return make_excerpt(html, plain_text(html), 300)


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("See this[^1].\n\n[^1]: Aside.", "See this."),
        (
            "A[^a] and B[^b].\n\n[^a]: Note *a*.\n\n    More.\n\n[^b]: Note b.\n\nEnd.",
            "A and B. End.",
        ),
        ("[^1]\n\n[^1]: Only a note.", ""),
        ("See https://example.org/a?b=c for more.", "See for more."),
        ("See https://example.org.", "See."),
        ("See <https://example.org/>, www.example.org, too.", "See,, too."),
        ("Here (https://example.org/a_(b)) and [www.example.org].", "Here and."),
        ("Write to me@example.org today.", "Write to today."),
        ("`curl https://example.org/` and [https://a.example](https://b.example).", "curl and."),
        ("https://example.org/", ""),
        (
            "Get ftp://example.org/x, <tel:+49-30-1>, <mailto:a@b.example> now: 10:30",
            "Get,, now: 10:30",
        ),
        ("日本https://example.org/。終わり", "日本。終わり"),
        ("[The site](https://example.org/) at 10:30, 5 @ home", "The site at 10:30, 5 @ home"),
        ("![https://example.org](/media/x.webp)\n\nText", "Text"),
        ("<section>\n\nText\n\n</section>\n\n# More", None),
        ("Plain.", "Plain."),
    ],
)
def test_an_excerpt_has_no_notes_and_no_bare_addresses(markdown, shown):
    assert excerpt_of(markdown) == (plain_text(render_post(markdown)) if shown is None else shown)


def test_an_excerpt_is_cut_after_addresses_are_left_out():
    text = f"{'https://example.org/ ' * 100}{'word ' * 100}"
    assert excerpt_of(text) == f"{'word ' * 59}word…"
