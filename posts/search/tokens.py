"""The tokenizer for indexed text and for queries.

A token contains only letters, digits and the marks that distinguish words, so that it is safe in
the query syntax of both databases. Signs that distinguish words become letters: C++ gives `cpp`.
There is no stemming, and there are no stop words.

Scripts without spaces between words (Chinese, Japanese, Thai, Lao, Khmer, Burmese), and Korean,
which attaches particles to words, become overlapping pairs of characters, each with its marks. The
last character of such a run follows as a separate token, so that every single character is the
start of some token.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from posts.search.folding import INVISIBLE, SELECTORS, TOKEN_MAX_LENGTH, fold
from posts.search.signs import AFTER, BEFORE, has_signs, signed_words

PREFIX_MIN_LENGTH = 3
SIGNED_ASCII_RUN = re.compile(f"{BEFORE}[A-Za-z0-9]+{AFTER}")

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
# Maximum number of marks per letter. More are decoration, and normalization needs quadratic time to
# sort them.
MARKS_MAX = 30


class Token(NamedTuple):
    """A token and the position of its source in the text."""

    text: str
    start: int
    end: int


def tokenize(text: str) -> list[str]:
    """Return the tokens of `text` in their order."""
    is_signed = has_signs(text)
    if text.isascii() and not is_signed:
        return [word[:TOKEN_MAX_LENGTH] for word in re.findall("[a-z0-9]+", text.lower())]
    if text.isascii():
        pattern = SIGNED_ASCII_RUN
    else:
        pattern = _patterns().signed_run if is_signed else _patterns().run
    tokens = []
    for run in pattern.findall(text):
        # Most words take this path, and another call for each would take twice as long.
        if run.isascii() and run.isalnum():
            tokens.append(run.lower()[:TOKEN_MAX_LENGTH])
        else:
            tokens += _tokens_of(run)
    return tokens


def scan(text: str) -> Iterator[Token]:
    """Yield the tokens of `text` with their positions."""
    for run in _patterns().signed_run.finditer(text):
        tokens = _tokens_of(run[0])
        if run[0].isascii():
            places = [(0, len(run[0]))] * len(tokens)
        else:
            places = _places(run[0], fold(run[0]), len(tokens))
        for token, (start, end) in zip(tokens, places, strict=True):
            yield Token(token, run.start() + start, run.start() + end)


def is_pair(token: str) -> bool:
    """Return whether `token` is two characters of a script without spaces."""
    return len(_patterns().unit.findall(token)) == 2


def is_single(token: str) -> bool:
    """Return whether `token` is one character of a script without spaces."""
    return bool(_patterns().unit.fullmatch(token))


def _tokens_of(run: str) -> list[str]:
    """Return the tokens of a word with its signs, or of a run of a script without spaces."""
    if run.isascii() and run.isalnum():
        return [run.lower()[:TOKEN_MAX_LENGTH]]
    tokens = _split(fold(run))
    is_word = len(tokens) == 1 and not is_single(tokens[0])
    return signed_words(run, tokens[0]) if is_word else tokens


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


class _Patterns(NamedTuple):
    """Runs of one kind of script, as typed and as folded, and characters of unspaced scripts."""

    run: re.Pattern
    # With the signs of words. Finding these takes twice as long.
    signed_run: re.Pattern
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
    unspaced_run = f"(?:{unit}|[{WRITTEN_OUT_UNSPACED}])+"
    word = f"(?:{letter}|[{WRITTEN_OUT}])+"
    return _Patterns(
        run=re.compile(f"{unspaced_run}|{word}"),
        signed_run=re.compile(f"{unspaced_run}|{BEFORE}{word}{AFTER}"),
        folded_run=re.compile(f"(?:{unit})+|(?:{letter})+"),
        unit=re.compile(unit),
    )


def _marks(start: int, end: int) -> str:
    """Return the combining marks in a part of Unicode, for use in a character class of `re`.

    For a class with only characters of the first plane, `re` uses a lookup table.
    """
    codes = (c for c in range(start, end) if unicodedata.category(chr(c))[0] == "M")
    return "".join(map(chr, codes))
