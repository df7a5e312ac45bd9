"""Excerpts: the beginning of a post, for lists and for people who have not opened it."""

import re

from content.bare_urls import BARE_ADDRESS, without_closing_punctuation
from content.markup import plain_text
from content.reading import excerpt

NOTES = re.compile('<section class="footnotes"')
# Longer than any excerpt and the addresses in it.
SEARCHED_LENGTH = 20_000
# Takes the place of an address until the signs around it are cleaned up. No text contains it.
GONE = "\0"
IN_BRACKETS = re.compile(rf"[(\[{{]{GONE}[)\]}}]")
AT_THE_END = re.compile(rf"\s*{GONE}(?=$|[.,;:!?…)\]}}。、])")


def make_excerpt(html: str, text: str, limit: int) -> str:
    """Return at most `limit` characters of rendered `html`, whose plain text is `text`.

    Footnotes are left out, because they interrupt the text, and so are bare addresses.
    """
    notes = NOTES.search(html)
    shown = plain_text(html[: notes.start()]) if notes else text
    return excerpt(without_addresses(shown[:SEARCHED_LENGTH]), limit)


def without_addresses(text: str) -> str:
    """Return plain text without the URLs and email addresses that are written out in it."""
    marked = BARE_ADDRESS.sub(_closing_punctuation, text)
    closed = AT_THE_END.sub("", IN_BRACKETS.sub(GONE, marked))
    return " ".join(closed.replace(GONE, " ").split())


def _closing_punctuation(found: re.Match) -> str:
    return GONE + found[0][len(without_closing_punctuation(found[0])) :]
