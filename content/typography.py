"""Typographic quotation marks, dashes and ellipses in the language of a text.

The functions are rules for markdown-it. They change what readers see and never the source.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.token import Token

from content.cjk import is_cjk

NARROW = "\u202f"
APOSTROPHE = "\u2019"
# Outer and inner marks, mostly from Unicode's CLDR, and the languages that use them. All other
# languages have those of English.
_BY_LANGUAGE = {
    "“ ” ‘ ’": "en es-ar es-co es-mx es-ni es-ve pt-br",
    "„ “ ‚ ‘": "bg cs de dsb hsb is lb lt mk sk sl",
    "„ “ « »": "et ka",
    "„ ” ‚ ’": "bs hr sr sr-latn",
    "„ ” « »": "pl ro",
    "„ ” » «": "hu",
    "” ” ’ ’": "fi he sv",
    "« » „ “": "be ky mn os ru tt udm uk",
    "« » “ ”": "ar ast ca ckb el es eu gl hy it pt",
    "« » ‹ ›": "fa",
    "« » ‘ ’": "az kab nb nn",
    "‘ ’ “ ”": "cy ia",
    "「 」 『 』": "ja zh-hant",
    f"«{NARROW} {NARROW}» “ ”": "br fr",
}
_STYLES = {
    language: marks.split(" ") for marks, used in _BY_LANGUAGE.items() for language in used.split()
}
# Languages that put spaces in front of two-part punctuation.
_SPACED = ("fr", "br")
_MARK = re.compile(r"[\"']|\.{3,}|-{2,}|(?<=«) | (?=[:;!?»]+(?:[\s)\]\"'»]|$))")
_CANDIDATE = re.compile(r"[\"']|\.{3}|--|« | [:;!?»]")
_STRAIGHT = re.compile("[\"'.-]")
_CODE = frozenset(("code", "kbd", "pre", "samp", "var"))
# More open marks than this are a mistake. The limit also bounds the time of any text.
_OPEN_MAX = 20


@dataclass(slots=True)
class _Opened:
    """A mark that may open a quotation: its place in the line, and the level of its token."""

    mark: str
    place: int
    level: int


@dataclass(slots=True)
class _Line:
    """The text of one paragraph, heading or cell, with the changes by place."""

    text: str
    marks: list[str]
    is_spaced: bool
    opened: list[_Opened] = field(default_factory=list)
    changes: dict[int, str] = field(default_factory=dict)


def add_typography(parser: MarkdownIt) -> None:
    """Give `parser` the rules. Call it last, so that the ids of headings follow from the source."""
    parser.core.ruler.before("text_join", "keep_escapes", _keep_escapes)
    parser.core.ruler.push("typography", _set_typography)
    parser.add_render_rule("escaped", _render_escaped)


def _keep_escapes(state) -> None:
    """Core rule: keep escaped marks and tags shown as text apart, so that they stay as typed."""
    for block in state.tokens if state.env.get("language") else ():
        for token in block.children or ():
            if token.type == "text_special" and _STRAIGHT.search(token.content):
                token.type = "escaped"


def _render_escaped(self, tokens, index, options, env) -> str:
    return escapeHtml(tokens[index].content)


def _set_typography(state) -> None:
    language = state.env.get("language")
    if not language:
        return
    marks = _STYLES.get(language) or _STYLES.get(language.split("-")[0]) or _STYLES["en"]
    depth = 0
    for block in state.tokens:
        depth += block.nesting if block.tag in _CODE else 0
        if block.type == "inline" and not depth and _CANDIDATE.search(block.content):
            _set_line(block.children, marks, language in _SPACED)


def _set_line(tokens: list[Token], marks: list[str], is_spaced: bool) -> None:
    pieces = [_shown(token) for token in tokens]
    line = _Line("".join(pieces), marks, is_spaced)
    end = 0
    spans = []
    for token, piece, is_text in zip(tokens, pieces, _are_text(tokens), strict=True):
        start, end = end, end + len(piece)
        if is_text:
            spans.append((token, start, end))
            _read_marks(line, token.level, start, end)
    for mark in line.opened:
        _close_nothing(line, mark)
    for token, start, end in spans:
        token.content = _changed(line, start, end)


def _shown(token: Token) -> str:
    """Return the text of a token, as far as the marks beside it depend on it."""
    if token.type in ("softbreak", "hardbreak"):
        return " "
    if token.type == "image":
        return "\ufffc"
    return token.content


def _are_text(tokens: list[Token]) -> Iterator[bool]:
    """Return for each token whether it is text, outside of code and of bare addresses."""
    depth = 0
    for token in tokens:
        if token.tag in _CODE or (token.info == "auto" and token.tag == "a"):
            depth += token.nesting
        yield token.type == "text" and not depth


def _read_marks(line: _Line, level: int, start: int, end: int) -> None:
    """Decide about the marks in one token."""
    while line.opened and line.opened[-1].level > level:
        _close_nothing(line, line.opened.pop())
    for found in _MARK.finditer(line.text, start, end):
        before = line.text[found.start() - 1 : found.start()] or " "
        after = line.text[found.end() : found.end() + 1] or " "
        if found[0] in "\"'":
            _read_quote(line, _Opened(found[0], found.start(), level), before, after)
        elif found[0] == " ":
            if line.is_spaced:
                line.changes[found.start()] = "\u00a0" if after == ":" else NARROW
        elif (new := _dash(found[0], before, after)) is not None:
            line.changes[found.start()] = new
            line.changes |= dict.fromkeys(range(found.start() + 1, found.end()), "")


def _dash(typed: str, before: str, after: str) -> str | None:
    """Return the dash or ellipsis for `typed`. Options of programs, such as --help, stay."""
    is_between = before.isspace() == after.isspace()
    return {"...": "…", "---": "—", "--": "–" if is_between else None}.get(typed)


def _read_quote(line: _Line, mark: _Opened, before: str, after: str) -> None:
    """Decide about a mark by the rules of CommonMark's emphasis, as markdown-it does."""
    is_after_mark = _is_mark(before)
    is_before_mark = _is_mark(after)
    opens = not after.isspace() and (not is_before_mark or before.isspace() or is_after_mark)
    closes = not before.isspace() and (not is_after_mark or after.isspace() or is_before_mark)
    if opens and closes:
        opens, closes = is_after_mark, is_before_mark
    if closes and (partner := _partner(line, mark)):
        marks = line.marks[2:] if mark.mark == "'" else line.marks
        line.changes |= {partner.place: marks[0], mark.place: marks[1]}
    elif opens:
        line.opened.append(mark)
        if len(line.opened) > _OPEN_MAX:
            _close_nothing(line, line.opened.pop(0))
    elif mark.mark == "'" and not (before.isdigit() and not after.isalpha()):
        # Feet and minutes stay straight.
        line.changes[mark.place] = APOSTROPHE


def _is_mark(character: str) -> bool:
    # No spaces separate quotations in Chinese.
    return unicodedata.category(character)[0] in "PS" or is_cjk(character)


def _partner(line: _Line, mark: _Opened) -> _Opened | None:
    """Return the mark that `mark` closes, and forget it and all marks after it."""
    for index in reversed(range(len(line.opened))):
        partner = line.opened[index]
        if (partner.mark, partner.level) == (mark.mark, mark.level):
            for inner in line.opened[index + 1 :]:
                _close_nothing(line, inner)
            del line.opened[index:]
            return partner
    return None


def _close_nothing(line: _Line, mark: _Opened) -> None:
    """Show a single mark without a partner as an apostrophe: ’90s, ’tis."""
    if mark.mark == "'":
        line.changes[mark.place] = APOSTROPHE


def _changed(line: _Line, start: int, end: int) -> str:
    return "".join(
        line.changes.get(place, character)
        for place, character in enumerate(line.text[start:end], start)
    )
