"""Headings in Markdown: their levels, their ids, and links to them within the text.

The functions are rules for markdown-it. docs/decisions/0004-markdown.md gives the reasons.
"""

import re
from collections.abc import Iterator
from urllib.parse import unquote

from markdown_it.token import Token

from content.slugs import slugify

# A name for a heading, as in Pandoc, kramdown and others: `## Title {#name}`.
_NAME = re.compile(r"(?<!\\)\{:? ?#(?P<name>[^\s{}#]{1,100})[^{}#]*\}$")
# GitHub removes these characters from a heading to make the name of its link.
_NOT_GITHUB = re.compile(r"[^\w\- ]")


def place_headings(state) -> None:
    """Core rule: start headings at h2 without skipping a level.

    An empty heading is shown as typed, because no link could lead to it.
    """
    above = []
    last = 1
    headings = [token for token in state.tokens if token.type == "heading_open"]
    top = min((int(token.tag[1]) for token in headings), default=1)
    for opening, inline, closing in _headings(state.tokens):
        if not text_of(inline.children).strip():
            opening.tag = closing.tag = "p"
            inline.children = inline.children or [Token("text", "", 0, content=opening.markup)]
            continue
        typed = int(opening.tag[1])
        if typed - top + 2 > last + 1:
            # content.checklist shows this to the author.
            opening.attrSet("class", "skips-level")
        last = typed - top + 2
        above = [*(level for level in above if level < typed), typed]
        opening.tag = closing.tag = f"h{min(len(above) + 1, 6)}"


def _headings(tokens: list[Token]) -> Iterator[tuple[Token, Token, Token]]:
    for opening, inline, closing in zip(*(tokens[n:] for n in range(3)), strict=False):
        if opening.type == "heading_open" and opening.tag != "p":
            yield opening, inline, closing


_WITH_TEXT = ("text", "code_inline", "escaped", "formula", "image", "softbreak", "hardbreak")


def text_of(tokens: list[Token]) -> str:
    """Return the text of inline tokens, with the alt text of images."""
    return "".join(
        text_of(token.children or []) if token.type == "image" else token.content or " "
        for token in tokens
        if token.type in _WITH_TEXT
    )


# Names and ids


def name_headings(state) -> None:
    """Core rule: note the names by which links can reach each heading.

    It comes before the typographer, which changes letters of the heading.
    """
    for opening, inline, _closing in _headings(state.tokens):
        names = [*_take_name(inline), *opening.meta.get("names", [])]
        github = _NOT_GITHUB.sub("", text_of(inline.children).strip().lower()).replace(" ", "-")
        opening.meta |= {"names": names, "github": github}


def _take_name(inline: Token) -> list[str]:
    """Remove `{#name}` from the end of a heading that has other text, and return the name."""
    found = _NAME.search(inline.content)
    last = inline.children[-1] if found and inline.children else None
    if last is None or last.type != "text" or not last.content.endswith(found[0]):
        return []
    if last.content == found[0] and len(inline.children) == 1:
        return []
    last.content = last.content.removesuffix(found[0]).rstrip()
    return [found["name"]]


class _Targets:
    """The ids of headings and anchors, and the fragments that lead to them."""

    def __init__(self) -> None:
        self.used: dict[str, int] = {}
        self.used_by_github: dict[str, int] = {}
        # From the strongest to the weakest claim on a fragment.
        self.explicit: dict[str, str] = {}
        self.github: dict[str, str] = {}
        self.own: dict[str, str] = {}

    def add(self, token: Token, slug: str) -> None:
        """Give `token` an id that is free, and note its names."""
        name = _numbered(slug, self.used)
        token.attrs["id"] = f"h-{name}"
        for each in token.meta["names"]:
            self.explicit.setdefault(each, token.attrs["id"])
        self.own.setdefault(name, token.attrs["id"])
        self.own.setdefault(f"h-{name}", token.attrs["id"])

    def add_heading(self, opening: Token, text: str) -> None:
        self.add(opening, slugify(*opening.meta["names"][:1] or [text]))
        github = _numbered(opening.meta["github"], self.used_by_github)
        self.github.setdefault(github, opening.attrs["id"])

    def find(self, href: str) -> str:
        """Return the fragment that arrives where `href` leads, or `href` itself."""
        name = unquote(href[1:]).removeprefix("user-content-")
        for key in (name, name.lower(), slugify(name, empty="")):
            for names in (self.explicit, self.github, self.own):
                if key and key in names:
                    return f"#{names[key]}"
        return href


def _numbered(name: str, used: dict[str, int]) -> str:
    """Return `name`, with a number if it is used. Count as GitHub does: a, a-1, a-2."""
    free = name
    while free in used:
        # Continue at the last number: a thousand equal headings must not take quadratic time.
        used[name] += 1
        free = f"{name}-{used[name]}"
    used[free] = 0
    return free


def link_headings(state) -> None:
    """Core rule: give headings and anchors their ids, and lead links within the text to them."""
    tokens = list(_walk(state.tokens))
    links = [each for each in tokens if str(each.attrs.get("href", "")).startswith("#")]
    wanted = {unquote(link.attrs["href"][1:]) for link in links}
    targets = _Targets()
    for opening, inline, _closing in _headings(state.tokens):
        targets.add_heading(opening, text_of(inline.children))
    for token in tokens:
        names = token.meta.get("names", ())
        is_target = token.type == "anchor" or (token.nesting == 1 and wanted & {*names})
        if names and is_target and "id" not in token.attrs:
            targets.add(token, slugify(names[0], empty="a"))
    for link in links:
        link.attrs["href"] = targets.find(link.attrs["href"])


def _walk(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from token.children or ()


def render_anchor(self, tokens, index, options, env) -> str:
    return f'<span id="{tokens[index].attrs["id"]}"></span>'
