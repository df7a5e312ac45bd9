"""The parser for search queries. It accepts any text and never fails."""

import re
from dataclasses import dataclass

from posts.search.signs import SIGNS, without_plain_word
from posts.search.tokens import PREFIX_MIN_LENGTH, is_pair, is_single, tokenize

# Enough for a sentence. The limit keeps every query as cheap as a page.
QUERY_MAX_LENGTH = 500
TERMS_MAX = 20

_TERM = re.compile(
    r"""(?P<minus>-?)(?P<field>(?:tag|author):)?(?:"(?P<quoted>[^"]*)"?|(?P<word>[^\s"]+))""",
    re.IGNORECASE,
)
_QUOTES = re.compile("[“”„‟«»＂]")
# Characters that databases can't store: NUL and surrogates.
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True)
class Term:
    """A word or phrase: consecutive `tokens` within any field, or only within `field`.

    With `is_prefix`, the last token matches longer words as well. A tag matches by its full name.
    """

    typed: str
    tokens: tuple[str, ...]
    is_prefix: bool = False
    field: str = ""


@dataclass(frozen=True)
class Query:
    """A search for posts with all terms in `wanted` and none in `unwanted`.

    `is_cut` is true if the text exceeded the limits.
    """

    wanted: tuple[Term, ...] = ()
    unwanted: tuple[Term, ...] = ()
    is_cut: bool = False

    @property
    def has_words(self) -> bool:
        """Return whether a wanted term has tokens, without which it can't be found in the index."""
        return any(term.tokens for term in self.wanted)

    @property
    def is_question(self) -> bool:
        """Return whether there is anything to look up. Exclusions alone are not enough."""
        return bool(self.wanted)

    @property
    def filters(self) -> list[tuple[bool, Term]]:
        """The parsed tags and authors, each with whether it is wanted."""
        both = [(True, term) for term in self.wanted] + [(False, term) for term in self.unwanted]
        return [(is_wanted, term) for is_wanted, term in both if term.field]


def parse(text: str) -> Query:
    """Parse `text`, even with open quotes, stray operators or signs without a letter or digit."""
    clean = _QUOTES.sub('"', _UNSTORABLE.sub(" ", text))
    wanted = {}
    unwanted = {}
    is_cut = len(clean) > QUERY_MAX_LENGTH
    for found in _TERM.finditer(clean[:QUERY_MAX_LENGTH]):
        term = _read_term(found)
        if not term.tokens and not (term.field == "tag" and term.typed):
            continue
        if len(wanted) + len(unwanted) == TERMS_MAX:
            is_cut = True
            break
        (unwanted if found["minus"] else wanted)[term] = True
    return Query(tuple(wanted), tuple(unwanted), is_cut)


def _read_term(found: re.Match) -> Term:
    field = (found["field"] or "").lower().removesuffix(":")
    typed = " ".join((found["word"] or found["quoted"] or "").split())
    tokens = tokenize(typed)
    # The sign of C++ ends the word. That of app* is a wildcard.
    is_whole = tokens[-1:] != tokenize(typed.rstrip(SIGNS))[-1:]
    # In the index, the last character of a run of pairs is also a token. A query doesn't need it.
    if len(tokens) > 1 and is_pair(tokens[-2]):
        tokens.pop()
    if found["word"]:
        tokens = without_plain_word(tokens)
    may_go_on = bool(found["word"]) and not (field or found["minus"] or is_whole)
    return Term(typed, tuple(tokens), bool(tokens) and _is_prefix(tokens[-1], may_go_on), field)


def _is_prefix(token: str, may_go_on: bool) -> bool:
    """Return whether `token` may match longer ones. A single unspaced character always may."""
    return is_single(token) or (
        may_go_on and len(token) >= PREFIX_MIN_LENGTH and not is_pair(token)
    )
