"""Limits on the cost of a document, for any text. docs/decisions/0004-markdown.md has figures.

Counts for one document are kept in markdown-it's `env`.
"""

from collections.abc import Callable

from markdown_it import MarkdownIt
from markdown_it.rules_block import blockquote, list_block
from markdown_it.rules_inline import image, link

# Quotes, lists and notes deeper than this are shown as typed (a list takes two levels). markdown-it
# drops everything nested deeper than `maxNesting`, so no document may reach that depth.
BLOCK_DEPTH = 16
# The number of block tokens, plus the number of lines at which the parser looks for a block. A
# crafted text has a million of both and takes 5 seconds. This limit allows 20,000 paragraphs,
# 10,000 items or 30,000 cells. A document beyond it is shown as typed.
BLOCK_LIMIT = 100_000
# A document is also shown as typed if its HTML would be longer than GROWTH_LIMIT times the text
# plus GROWTH_OF_SHORT. A thousand uses of one long reference make a megabyte of HTML.
GROWTH_LIMIT = 15
GROWTH_OF_SHORT = 100_000
# A bracket that opens no link costs a lookahead of up to 0.1 ms. After this many such brackets, all
# later ones are text.
BRACKET_LIMIT = 5_000


class TooMuch(Exception):  # noqa: N818  a state, not a mistake
    """The document costs more than any that a person writes."""


def add_limits(parser: MarkdownIt) -> None:
    """Give `parser` the rules that enforce the limits on each document."""
    parser.options["maxNesting"] = BLOCK_DEPTH + 4
    alternatives = ["paragraph", "reference", "blockquote", "list"]
    parser.block.ruler.before("table", "count_blocks", _count_blocks, {"alt": alternatives})
    parser.block.ruler.at("blockquote", shallow(blockquote), {"alt": alternatives})
    parser.block.ruler.at("list", shallow(list_block), {"alt": alternatives[:3]})
    parser.core.ruler.after("block", "limit_blocks", _limit_blocks)
    parser.core.ruler.after("inline", "limit_addresses", _limit_addresses)
    parser.inline.ruler.at("link", _limited("[", link))
    parser.inline.ruler.at("image", _limited("![", image))


def render_within_limits(parser: MarkdownIt, text: str, language: str = "") -> str:
    """Return the uncleaned HTML of `text`; raise TooMuch if it exceeds a limit."""
    longest = GROWTH_LIMIT * len(text) + GROWTH_OF_SHORT
    html = parser.render(text, {"longest": longest, "language": language})
    if len(html) > longest:
        raise TooMuch
    return html


def _count_blocks(state, start_line: int, end_line: int, silent: bool) -> bool:
    """Block rule that matches nothing but counts: it runs at each line, before all other rules."""
    lines = state.env["lines"] = state.env.get("lines", 0) + 1
    if lines + len(state.tokens) > BLOCK_LIMIT:
        raise TooMuch
    return False


def _limit_blocks(state) -> None:
    """Core rule: check again before inline parsing, as the last block may be a huge table row."""
    if len(state.tokens) > BLOCK_LIMIT:
        raise TooMuch


def _limit_addresses(state) -> None:
    """Core rule: limit the total length of addresses and titles, which references repeat."""
    attributes = (
        len(str(value))
        for block in state.tokens
        for token in block.children or ()
        for value in token.attrs.values()
    )
    if sum(attributes) > state.env["longest"]:
        raise TooMuch


def _limited(mark: str, rule: Callable) -> Callable:
    """Return an inline rule that looks for links at `mark` until BRACKET_LIMIT attempts failed."""

    def guarded(state, silent: bool) -> bool:
        if not state.src.startswith(mark, state.pos, state.posMax):
            return False
        failed = state.env.get("failed_brackets", 0)
        if failed < BRACKET_LIMIT and rule(state, silent):
            return True
        state.env["failed_brackets"] = failed + 1
        return False

    return guarded


def shallow(rule: Callable) -> Callable:
    """Return a block rule that doesn't match below BLOCK_DEPTH; a paragraph shows that text."""

    def guarded(state, start_line: int, end_line: int, silent: bool) -> bool:
        return state.level < BLOCK_DEPTH and rule(state, start_line, end_line, silent)

    return guarded
