"""The tokenizer for indexed text and for queries.

A token contains only letters, digits and the marks that distinguish words, so that it is safe in
the query syntax of both databases. There is no stemming, and there are no stop words.

Scripts without spaces between words (Chinese, Japanese, Thai, Lao, Khmer, Burmese), and Korean,
which attaches particles to words, become overlapping pairs of characters, each with its marks. The
last character of such a run follows as a separate token, so that every single character is the
start of some token.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import pairwise
from typing import NamedTuple

# No language has longer words, and PostgreSQL accepts at most 2 kB.
TOKEN_MAX_LENGTH = 64
PREFIX_MIN_LENGTH = 3

# Blocks of scripts without spaces. The patterns below exclude their signs and digits.
UNSPACED = (
    "\u0e00-\u0e4f\u0e80-\u0ecf"  # Thai, Lao
    "\u1000-\u103f\u1050-\u109f\uaa60-\uaa7f"  # Burmese
    "\u1780-\u17df"  # Khmer
    "\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff"  # Hangul
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u312f\u31a0-\u31ff"  # radicals, kana, Bopomofo
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uffdc"  # Han, halfwidth kana
)
UNSPACED_FAR = "\U0001aff0-\U0001b16f\U00020000-\U0003ffff"  # kana, Han
# Symbols that NFKC expands to letters and digits: №, Ⓐ, ㍿.
WRITTEN_OUT = "\u2100-\u214f\u2460-\u24ff\U0001f100-\U0001f1ff"
WRITTEN_OUT_UNSPACED = "\u3200-\u33ff"
# Invisible within words: soft hyphen, joiners, directions. A zero-width space ends a word.
INVISIBLE = "\u00ad\u200c-\u200f\u2060\ufeff"
# Maximum number of marks per letter. More are decoration, and normalization needs quadratic time to
# sort them.
MARKS_MAX = 30
# Variation selectors. They change the appearance of a character, not its identity.
SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
STRESS = "\u0300\u0301"
# Letters with a stroke, which Unicode doesn't decompose into a letter and a mark.
STROKES = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe"}
)
# The iota below a Greek letter is a mark like the others, but casefolding turns it into a letter.
BARE_GREEK = {
    code: unicodedata.normalize("NFD", chr(code)).replace("\u0345", "")
    for code in (0x0345, *range(0x1F80, 0x1FFD))
}


class Token(NamedTuple):
    """A token and the position of its source in the text."""

    text: str
    start: int
    end: int


def tokenize(text: str) -> list[str]:
    """Return the tokens of `text` in their order."""
    if text.isascii():
        words = re.findall("[a-z0-9]+", text.lower())
        return [word[:TOKEN_MAX_LENGTH] for word in words]
    tokens = []
    for run in _patterns().run.findall(text):
        tokens += [run.lower()[:TOKEN_MAX_LENGTH]] if run.isascii() else _split(fold(run))
    return tokens


def scan(text: str) -> Iterator[Token]:
    """Yield the tokens of `text` with their positions."""
    for run in _patterns().run.finditer(text):
        if run[0].isascii():
            yield Token(run[0].lower()[:TOKEN_MAX_LENGTH], run.start(), run.end())
            continue
        folded = fold(run[0])
        tokens = _split(folded)
        places = _places(run[0], folded, len(tokens))
        for token, (start, end) in zip(tokens, places, strict=True):
            yield Token(token, run.start() + start, run.start() + end)


def is_pair(token: str) -> bool:
    """Return whether `token` is two characters of a script without spaces."""
    return len(_patterns().unit.findall(token)) == 2


def is_single(token: str) -> bool:
    """Return whether `token` is one character of a script without spaces."""
    return bool(_patterns().unit.fullmatch(token))


def _split(folded: str) -> list[str]:
    """Return the tokens of a folded run. Folding may have added signs and other scripts."""
    tokens = []
    for run in _patterns().folded_run.findall(folded):
        units = _patterns().unit.findall(run)
        if units:
            tokens += [*map("".join, pairwise(units)), units[-1]]
        else:
            tokens.append(run[:TOKEN_MAX_LENGTH])
    return tokens


def _places(typed: str, folded: str, wanted: int) -> list[tuple[int, int]]:
    """Return the positions of tokens in their run, or the whole run if they are not known."""
    units = [unit.span() for unit in _patterns().unit.finditer(typed)]
    is_exact = len(units) == wanted == len(_patterns().unit.findall(folded))
    if not units or not is_exact:
        return [(0, len(typed))] * wanted
    return [(start, end) for (start, _), (_, end) in pairwise([*units, units[-1]])]


def fold(text: str) -> str:
    """Return `text` with case, width and diacritics folded, so that equal words match.

    It removes marks from Latin and Greek letters, and stress marks from Cyrillic ones. It keeps the
    marks of other scripts, as well as й, ё, ї and ў, which are separate letters.
    """
    return _fold(text) if len(text) > TOKEN_MAX_LENGTH else _fold_word(text)


def _fold(text: str) -> str:
    # NFKC expands one Arabic ligature to 18 letters. A text that consists only of these is cut.
    written_out = unicodedata.normalize("NFKC", text)[: 3 * len(text) + TOKEN_MAX_LENGTH]
    composed = unicodedata.normalize("NFKC", written_out.translate(BARE_GREEK).casefold())
    kept = []
    base = ""
    for character in composed:
        if unicodedata.category(character)[0] != "M":
            base = unicodedata.normalize("NFD", character)[0]
            kept.append(base if _loses_marks(base) else character)
        elif not _loses_marks(base) and not (character in STRESS and _is_cyrillic(base)):
            kept.append(character)
    visible = re.sub(f"[{INVISIBLE}{SELECTORS}]", "", "".join(kept))
    return unicodedata.normalize("NFC", visible).translate(STROKES)


_fold_word = lru_cache(maxsize=10_000)(_fold)


def _loses_marks(base: str) -> bool:
    """Return whether `base` loses its marks, as Latin and Greek letters and keycap digits do."""
    return "" < base < "\u0400" or "\u1d00" <= base <= "\u1fff" or base in _EXTENSIONS


_EXTENSIONS = frozenset(
    chr(code)
    for block in ((0x2C60, 0x2C80), (0xA720, 0xA800), (0xAB30, 0xAB70))
    for code in range(*block)
)


def _is_cyrillic(base: str) -> bool:
    return "\u0400" <= base <= "\u052f"


class _Patterns(NamedTuple):
    """Runs of one kind of script, as typed and as folded, and characters of unspaced scripts."""

    run: re.Pattern
    folded_run: re.Pattern
    unit: re.Pattern


@cache
def _patterns() -> _Patterns:
    """Return the patterns, compiled on first use: finding all Unicode marks takes milliseconds."""
    # A lookahead checks the plane before the few marks outside the first one, because `re` searches
    # that class sequentially.
    far = f"(?=[\U00010000-\U0001ffff])[{_marks(0x10000, 0x20000)}]"
    marks = f"(?:[{_marks(0x300, 0x10000)}\uff9e\uff9f{INVISIBLE}]|{far}|[{SELECTORS}])"
    marks += f"{{0,{MARKS_MAX}}}"
    unspaced = f"(?:[{UNSPACED}]|[{UNSPACED_FAR}])"
    unit = rf"(?=[^\W_]){unspaced}{marks}"
    letter = rf"(?!{unspaced})[^\W_]{marks}"
    return _Patterns(
        run=re.compile(f"(?:{unit}|[{WRITTEN_OUT_UNSPACED}])+|(?:{letter}|[{WRITTEN_OUT}])+"),
        folded_run=re.compile(f"(?:{unit})+|(?:{letter})+"),
        unit=re.compile(unit),
    )


def _marks(start: int, end: int) -> str:
    """Return the combining marks in a part of Unicode, for use in a character class of `re`.

    For a class with only characters of the first plane, `re` uses a lookup table.
    """
    codes = (c for c in range(start, end) if unicodedata.category(chr(c))[0] == "M")
    return "".join(map(chr, codes))
