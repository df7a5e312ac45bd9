"""How long a text is, and how it begins."""

import re

WORDS_A_MINUTE = 230
# Scripts without spaces between words: Han, Kana, Hangul; two characters are about a word.
UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff]")
WORD = re.compile(r"\w+(?:['’.-]\w+)*")


def count_words(text: str) -> int:
    """Return the number of words in plain text of any script."""
    spaced, unspaced = UNSPACED.subn(" ", text)
    return len(WORD.findall(spaced)) + (unspaced + 1) // 2


def reading_minutes(words: int) -> int:
    """Return the whole minutes that reading takes, at least 1."""
    return max(1, round(words / WORDS_A_MINUTE))


def excerpt(text: str, limit: int) -> str:
    """Return the beginning of plain text in at most `limit` characters, cut between words."""
    if len(text) <= limit:
        return text
    cut = text[:limit]
    # A text without spaces is cut where it is.
    at = cut.rfind(" ", limit // 2)
    return cut[: at if at > 0 else limit - 1].rstrip(" ,;:–—-") + "…"
