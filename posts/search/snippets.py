"""Search snippets: an excerpt of the text around the first match, with all matches marked."""

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain, repeat

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString

from posts.search.query import Query, Term
from posts.search.signs import may_name_signs
from posts.search.tokens import Token, scan

SNIPPET_LENGTH = 240
BEFORE_FIRST = 60
# Scanning reads about 1 MB per second. Matches further down in a very long post are not shown.
SEARCHED_LENGTH = 50_000

Span = tuple[int, int]


def mark_words(text: str, query: Query) -> SafeString:
    """Return `text` as HTML with the matches of `query` in <mark>."""
    return _mark(text, _find_spans(text, query, reach=len(text)))


def snippet(text: str, query: Query) -> SafeString:
    """Return an excerpt of `text` as HTML that starts shortly before the first match."""
    spans = _find_spans(text[:SEARCHED_LENGTH], query, reach=SNIPPET_LENGTH)
    start, end = _window(text, spans[0][0] if spans else 0)
    inside = [(a - start, min(b, end) - start) for a, b in spans if start <= a < end]
    before = "… " if start else ""
    after = " …" if end < len(text) else ""
    return format_html("{}{}{}", before, _mark(text[start:end], inside), after)


def _mark(text: str, spans: list[Span]) -> SafeString:
    ends = [0, *(end for _, end in spans)]
    parts = [
        (text[after:start], text[start:end])
        for after, (start, end) in zip(ends, spans, strict=False)
    ]
    return format_html_join("", "{}<mark>{}</mark>", parts) + escape(text[ends[-1] :])


def _window(text: str, first: int) -> Span:
    """Return start and end of the excerpt around `first`, at spaces if there are any."""
    start = max(0, first - BEFORE_FIRST)
    if start:
        start = text.find(" ", start, first) + 1 or start
    end = start + SNIPPET_LENGTH
    if end < len(text):
        space = text.rfind(" ", start + SNIPPET_LENGTH * 3 // 4, end)
        end = space if space > first else end
    return start, min(end, len(text))


def _find_spans(text: str, query: Query, *, reach: int) -> list[Span]:
    """Return the spans of matches, up to `reach` characters after the first one.

    Spans that touch or overlap, such as pairs, are merged.
    """
    merged: list[Span] = []
    for start, end in _occurrences(text, query):
        if merged and start > merged[0][0] + reach:
            break
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _occurrences(text: str, query: Query) -> Iterator[Span]:
    """Yield start and end of each match, ordered by start."""
    terms = [term for term in query.wanted if term.tokens and not term.field]
    firsts = tuple({term.tokens[0] for term in terms})
    is_plain = text.isascii() and not any(map(may_name_signs, firsts))
    if not firsts or (is_plain and not _any_in(text.lower(), firsts)):
        return
    longest = max(len(term.tokens) for term in terms)
    window: deque[Token] = deque(maxlen=longest)
    for token in chain(scan(text), repeat(Token("", 0, 0), longest - 1)):
        window.append(token)
        # This single check skips nearly all tokens.
        if len(window) == longest and window[0].text.startswith(firsts):
            yield from _spans_at(tuple(window), terms)


def _any_in(text: str, words: Iterable[str]) -> bool:
    return any(word in text for word in words)


def _spans_at(tokens: tuple[Token, ...], terms: list[Term]) -> Iterator[Span]:
    """Yield start and end of each term with which `tokens` start."""
    for term in terms:
        here = tokens[: len(term.tokens)]
        if _stands_in(term, tuple(token.text for token in here)):
            yield here[0].start, here[-1].end


def _stands_in(term: Term, words: tuple[str, ...]) -> bool:
    if term.is_prefix and len(words) == len(term.tokens):
        return words[:-1] == term.tokens[:-1] and words[-1].startswith(term.tokens[-1])
    return words == term.tokens
