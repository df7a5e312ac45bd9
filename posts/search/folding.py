"""Folding: forms of a word that readers type interchangeably become equal."""

import re
import unicodedata
from functools import lru_cache

# No language has longer words, and PostgreSQL accepts at most 2 kB.
TOKEN_MAX_LENGTH = 64
# Invisible within words: soft hyphen, joiners, directions. A zero-width space ends a word.
INVISIBLE = "\u00ad\u061c\u200c-\u200f\u2060\ufeff"
# Variation selectors. They change the appearance of a character, not its identity.
SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
STRESS = "\u0300\u0301"
# Letters with a stroke, which Unicode doesn't decompose into a letter and a mark.
STROKES = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe"}
)
# Letters that people type instead of each other: on another keyboard, or because it is faster.
VARIANTS = str.maketrans(
    {
        "ё": "е",
        "\u0640": None,  # tatweel, which stretches a word
        "\u0671": "\u0627",  # alef wasla
        "\u0649": "\u064a",  # alef maksura, to yeh
        "\u06cc": "\u064a",  # Persian yeh
        "\u06a9": "\u0643",  # Persian kaf
        "\u06aa": "\u0643",  # swash kaf
        "\u0629": "\u0647",  # teh marbuta, to heh
        "\u06c1": "\u0647",  # Urdu heh
        "\u06c3": "\u0647",  # Urdu teh marbuta
        "\u06d5": "\u0647",  # the heh that hamza stands on
    }
)
# The iota below a Greek letter is a mark like the others, but casefolding turns it into a letter.
BARE_GREEK = {
    code: unicodedata.normalize("NFD", chr(code)).replace("\u0345", "")
    for code in (0x0345, *range(0x1F80, 0x1FFD))
}


def fold(text: str) -> str:
    """Return `text` with case, width and diacritics folded, so that equal words match.

    It removes marks from Latin, Greek, Hebrew and Arabic letters, and stress marks from Cyrillic
    ones. So hamza and vowel signs make no difference. It keeps the marks of other scripts, as well
    as й, ї and ў, which are separate letters. Digits of all scripts become European ones.
    """
    return _fold(text) if len(text) > TOKEN_MAX_LENGTH else _fold_word(text)


def _fold(text: str) -> str:
    # NFKC expands one Arabic ligature to 18 letters. A text that consists only of these is cut.
    written_out = unicodedata.normalize("NFKC", text)[: 3 * len(text) + TOKEN_MAX_LENGTH]
    composed = unicodedata.normalize("NFKC", written_out.translate(BARE_GREEK).casefold())
    kept = []
    base = ""
    for character in composed:
        category = unicodedata.category(character)
        if category == "Nd":
            base = str(unicodedata.decimal(character))
            kept.append(base)
        elif category[0] != "M":
            base = unicodedata.normalize("NFD", character)[0]
            kept.append(base if _loses_marks(base) else character)
        elif not _loses_marks(base) and not (character in STRESS and _is_cyrillic(base)):
            kept.append(character)
    visible = re.sub(f"[{INVISIBLE}{SELECTORS}]", "", "".join(kept))
    return unicodedata.normalize("NFC", visible).translate(STROKES).translate(VARIANTS)


_fold_word = lru_cache(maxsize=10_000)(_fold)


def _loses_marks(base: str) -> bool:
    """Return whether `base` loses its marks, as letters of four scripts and keycap digits do."""
    return (
        "" < base < "\u0400"
        or "\u0590" <= base <= "\u06ff"
        or "\u1d00" <= base <= "\u1fff"
        or base in _EXTENSIONS
    )


_EXTENSIONS = frozenset(
    chr(code)
    for block in (
        *((0x0750, 0x0780), (0x0870, 0x0900)),
        *((0x2C60, 0x2C80), (0xA720, 0xA800), (0xAB30, 0xAB70)),
    )
    for code in range(*block)
)


def _is_cyrillic(base: str) -> bool:
    return "\u0400" <= base <= "\u052f"
