"""Chinese, Japanese and Korean in Markdown: emphasis beside punctuation, and lines without spaces.

The functions are rules for markdown-it. docs/decisions/0004-markdown.md gives the reasons.
"""

import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from itertools import islice

from markdown_it import MarkdownIt
from markdown_it.common.utils import isMdAsciiPunct, isPunctChar, isWhiteSpace
from markdown_it.rules_inline import StateInline, emphasis, strikethrough
from markdown_it.rules_inline.state_inline import Scanned
from markdown_it.token import Token

# The number of tokens after a line end in which its next character is looked for.
LOOKAHEAD = 10
_HANGUL = ("\u1100", "\u11ff"), ("\u3130", "\u318f"), ("\ua960", "\ua97f"), ("\uac00", "\ud7ff")


@lru_cache(maxsize=4096)
def is_cjk(character: str) -> bool:
    """Return whether this is a letter or mark of Chinese, Japanese or Korean, and no emoji."""
    is_wide = character != "" and unicodedata.east_asian_width(character) in "WFH"
    return is_wide and unicodedata.category(character) not in ("So", "Sk")


def _is_unspaced(character: str) -> bool:
    """Return whether this is Chinese or Japanese. Korean puts spaces between words."""
    is_hangul = any(first <= character <= last for first, last in _HANGUL)
    return is_cjk(character) and not is_hangul


def add_cjk(parser: MarkdownIt) -> None:
    """Give `parser` the rules for Chinese, Japanese and Korean."""
    for name, rule in (("emphasis", emphasis), ("strikethrough", strikethrough)):
        parser.inline.ruler.at(name, _scanning(rule.tokenize))
    parser.core.ruler.after("inline", "join_lines", _join_lines)


def _scanning(rule: Callable) -> Callable:
    """Return an inline rule of markdown-it that uses our rule for marks."""

    def guarded(state: StateInline, silent: bool) -> bool:
        state.scanDelims = partial(_scan, state)
        return rule(state, silent)

    return guarded


def _scan(state: StateInline, start: int, can_split_word: bool) -> Scanned:
    """Return whether the marks at `start` may open or close emphasis.

    CommonMark decides by the punctuation beside a mark, and expects spaces between words. So marks
    after a full stop and before a letter would not close: **重要。**重要
    """
    scanned = StateInline.scanDelims(state, start, can_split_word)
    end = start + scanned.length
    before = state.src[start - 1 : start] or " "
    after = state.src[end : min(end + 1, state.posMax)] or " "
    if not can_split_word or not (is_cjk(before) or is_cjk(after)):
        return scanned
    opens = not isWhiteSpace(ord(after)) and _is_free(after, before)
    closes = not isWhiteSpace(ord(before)) and _is_free(before, after)
    return Scanned(opens, closes, scanned.length)


def _is_free(beside: str, across: str) -> bool:
    """Return whether a mark may open or close at `beside`, with `across` on its other side."""
    if is_cjk(beside) or not _is_punctuation(beside):
        return True
    return isWhiteSpace(ord(across)) or _is_punctuation(across) or is_cjk(across)


def _is_punctuation(character: str) -> bool:
    return isMdAsciiPunct(ord(character)) or isPunctChar(character)


def _join_lines(state) -> None:
    """Core rule: remove the line end between two lines of Chinese or Japanese.

    A browser shows a line end as a space, which these languages don't put between words.
    """
    for block in state.tokens:
        if block.type == "inline" and not block.content.isascii() and "\n" in block.content:
            block.children = list(_joined(block.children))


def _joined(tokens: list[Token]) -> Iterator[Token]:
    before = ""
    for index, token in enumerate(tokens):
        if token.children:
            token.children = list(_joined(token.children))
        is_break = token.type == "softbreak"
        if is_break and _is_unspaced(before) and _is_unspaced(_next(tokens, index)):
            continue
        yield token
        before = _shown(token)[-1:] or before


def _next(tokens: list[Token], index: int) -> str:
    """Return the first character after the line end at `index`, or an empty string."""
    following = (_shown(token) for token in islice(tokens, index + 1, index + 1 + LOOKAHEAD))
    return next(filter(None, following), "")[:1]


def _shown(token: Token) -> str:
    """Return the text of a token. Emphasis, links and tags have none."""
    if token.type in ("image", "softbreak", "hardbreak"):
        return " "
    return "" if token.type == "html_inline" else token.content
