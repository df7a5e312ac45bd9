"""One parser for what people type: it takes anything and never fails."""

import re
from dataclasses import dataclass

from posts.search.tokens import PREFIX_MIN_LENGTH, is_pair, is_single, tokenize

# Enough for a sentence; a limit, so that no question costs more than a page.
QUERY_MAX_LENGTH = 500
TERMS_MAX = 20

_TERM = re.compile(
    r"""(?P<minus>-?)(?P<field>(?:tag|author):)?(?:"(?P<quoted>[^"]*)"?|(?P<word>[^\s"]+))""",
    re.IGNORECASE,
)
_QUOTES = re.compile("[“”„‟«»＂]")
# What no database stores: NUL, and halves of characters.
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True)
class Term:
    """A word or phrase: `tokens` one after the other in one field, or in `field` alone.

    With `is_prefix` the last of the tokens may go on. A tag is matched by its whole name.
    """

    typed: str
    tokens: tuple[str, ...]
    is_prefix: bool = False
    field: str = ""


@dataclass(frozen=True)
class Query:
    """Posts with every one of `wanted` and none of `unwanted`; `is_cut` if there was more."""

    wanted: tuple[Term, ...] = ()
    unwanted: tuple[Term, ...] = ()
    is_cut: bool = False

    @property
    def has_words(self) -> bool:
        """Tell whether a word is wanted, which an index holds."""
        return any(term.tokens for term in self.wanted)

    @property
    def is_question(self) -> bool:
        """Tell whether there is something to look up; exclusions alone are no question."""
        return bool(self.wanted)

    @property
    def filters(self) -> list[tuple[bool, Term]]:
        """The tags and authors as understood, each with whether it is wanted."""
        both = [(True, term) for term in self.wanted] + [(False, term) for term in self.unwanted]
        return [(is_wanted, term) for is_wanted, term in both if term.field]


def parse(text: str) -> Query:
    """Read `text`; what has no letter or digit, unclosed quotes and stray operators do no harm."""
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
    # The index holds the last character of such a run by itself, the question does without.
    if len(tokens) > 1 and is_pair(tokens[-2]):
        tokens.pop()
    may_go_on = bool(found["word"]) and not field and not found["minus"]
    return Term(typed, tuple(tokens), bool(tokens) and _is_prefix(tokens[-1], may_go_on), field)


def _is_prefix(token: str, may_go_on: bool) -> bool:
    """A single character of a script without spaces is found where a pair begins with it."""
    return is_single(token) or (
        may_go_on and len(token) >= PREFIX_MIN_LENGTH and not is_pair(token)
    )
