"""Reading time, word count and excerpt of a text."""

import re
import unicodedata

WORDS_A_MINUTE = 230
# Scripts without spaces between words: Han, Kana, Hangul. Two characters are about a word.
UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff]")
WORD = re.compile(r"\w+(?:['’.-]\w+)*")
# These include marks, such as the vowel signs of Indic scripts, which Python's \w does not match.
SIGN = re.compile(r"[^\w\s\x00-\x7f]")
# Symbols and letters that fonts display as blank space.
EMPTY_SIGNS = "\u115f\u1160\u2800\u3164\uffa0"


def is_blank(text: str) -> bool:
    """Return whether plain text is invisible: only spaces, control characters and EMPTY_SIGNS."""
    return not any(unicodedata.category(c)[0] in "LNPS" and c not in EMPTY_SIGNS for c in text)


def count_words(text: str) -> int:
    """Return the number of words in plain text of any script."""
    spaced, unspaced = UNSPACED.subn(" ", SIGN.sub(_without_mark, text))
    return len(WORD.findall(spaced)) + (unspaced + 1) // 2


def _without_mark(sign: re.Match) -> str:
    """Remove marks and joiners, which belong to the word around them; keep everything else."""
    kind = unicodedata.category(sign[0])
    return "" if kind[0] == "M" or kind == "Cf" else sign[0]


def reading_minutes(words: int) -> int:
    """Return the reading time in whole minutes, at least 1."""
    return max(1, round(words / WORDS_A_MINUTE))


def excerpt(text: str, limit: int) -> str:
    """Return the beginning of plain text, at most `limit` characters, cut between words."""
    if len(text) <= limit:
        return text
    cut = text[:limit]
    # Without a space in its second half, the text is cut at the limit.
    at = cut.rfind(" ", limit // 2)
    return cut[: at if at > 0 else limit - 1].rstrip(" ,;:–—-") + "…"
