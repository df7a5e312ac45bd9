"""Raw HTML in Markdown: allowed tags pass, and everything else is shown as text.

docs/decisions/0004-markdown.md gives the reasons. The functions are rules for markdown-it. Data
about one document is kept in its tokens.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from markdown_it.common.utils import escapeHtml
from markdown_it.token import Token

RAW_DEPTH = 20


def name_set(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Allowed raw HTML. The first may contain blocks, the second are used within a line.
RAW_BLOCKS = name_set("dd del details dl dt figcaption figure hr ins summary")
RAW_INLINES = name_set(
    "abbr b bdi br cite del dfn em i ins kbd mark q rp rt ruby s samp small strong sub sup time u "
    "var wbr"
)
RAW_VOIDS = name_set("br hr wbr")
_RAW_IN_BLOCKS = RAW_BLOCKS | RAW_INLINES
# Matches if a text contains any of these tags.
RAW_NAMES = re.compile(rf"<(?:{'|'.join(sorted(_RAW_IN_BLOCKS))})\b", re.IGNORECASE)

_ATTRIBUTE = r"""\s+[a-zA-Z_:][\w:.-]*(?:\s*=\s*(?:[^\s"'=<>`]+|"[^"<>]*"|'[^'<>]*'))?"""
# Values contain no < or >, so that each attempt to match ends at the next tag and no text is slow.
_RAW_TAG = re.compile(
    rf"<(?P<opens>[a-zA-Z][a-zA-Z0-9-]*)(?:{_ATTRIBUTE})*\s*/?>|</(?P<closes>[a-zA-Z][\w-]*)\s*>",
    re.ASCII,
)
# Blocks that HTML doesn't parse as tags and text: scripts, comments, doctypes.
_VERBATIM = re.compile(r"\s*<(?:[!?]|(?:script|pre|style|textarea)\b)", re.IGNORECASE)


@dataclass(slots=True)
class _RawTag:
    """A tag as typed. It counts as text until its partner is found in the same block."""

    source: str
    name: str
    closes: bool
    is_paired: bool

    def __str__(self) -> str:
        return self.source if self.is_paired else escapeHtml(self.source)


def pair_raw_tags(state) -> None:
    """Core rule: split raw HTML into tags and text, and pair the tags within one block.

    So raw HTML can neither close an element of the page nor leave one open. The cleaner gets
    well-formed HTML and has nothing to repair.
    """
    frames: list[list[_RawTag]] = [[]]
    for token in _walk(state.tokens):
        if token.nesting == 1:
            frames.append([])
        elif token.nesting == -1:
            frames.pop()
        elif token.type in ("html_block", "html_inline"):
            token.meta["parts"] = parts = _raw_parts(token)
            _pair([part for part in parts if isinstance(part, _RawTag)], frames[-1])
            if token.type == "html_block":
                frames[-1][:] = [tag for tag in frames[-1] if tag.name in RAW_BLOCKS]


def _walk(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        if token.type == "inline":
            yield from token.children


def _raw_parts(token: Token) -> list[_RawTag | str]:
    """Return the allowed tags in a piece of raw HTML, and the escaped text between them."""
    source = token.content
    if token.type == "html_inline":
        tag = _RAW_TAG.fullmatch(source)
        return [_raw_tag(tag, RAW_INLINES) if tag else escapeHtml(source)]
    if _VERBATIM.match(source):
        return [escapeHtml(source)]
    parts = []
    end = 0
    for tag in _RAW_TAG.finditer(source):
        # Text between tags keeps its entities, as in HTML.
        parts += [source[end : tag.start()].replace("<", "&lt;"), _raw_tag(tag, _RAW_IN_BLOCKS)]
        end = tag.end()
    return [*parts, source[end:].replace("<", "&lt;")]


def _raw_tag(tag: re.Match, allowed: frozenset[str]) -> _RawTag | str:
    opens = tag["opens"]
    name = (tag["opens"] or tag["closes"]).lower()
    if name not in allowed:
        return escapeHtml(tag[0])
    return _RawTag(tag[0], name, closes=not opens, is_paired=bool(opens) and name in RAW_VOIDS)


def _pair(tags: list[_RawTag], opened: list[_RawTag]) -> None:
    for tag in tags:
        if tag.closes:
            _close(tag, opened)
        elif not tag.is_paired and len(opened) < RAW_DEPTH:
            opened.append(tag)


def _close(tag: _RawTag, opened: list[_RawTag]) -> None:
    for index in reversed(range(len(opened))):
        if opened[index].name == tag.name:
            opened[index].is_paired = tag.is_paired = True
            del opened[index:]
            return


def render_raw_inline(self, tokens, index, options, env) -> str:
    return "".join(map(str, tokens[index].meta["parts"]))


def render_raw_block(self, tokens, index, options, env) -> str:
    """Render raw HTML. A block that contains only text is shown as a paragraph, like other text."""
    parts = tokens[index].meta["parts"]
    html = "".join(map(str, parts))
    is_block = any(
        isinstance(part, _RawTag) and part.is_paired and part.name in RAW_BLOCKS for part in parts
    )
    return html if is_block else f"<p>{html.strip()}</p>\n"
