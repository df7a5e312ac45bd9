"""Links in Markdown: which addresses are allowed, and which are links without brackets.

The functions are rules for markdown-it.
"""

import re
from collections.abc import Iterator
from html import escape
from itertools import pairwise

import nh3
from markdown_it.token import Token

# The usual limit of browsers and servers. It also limits the search for the end of a bare address.
URL_LIMIT = 2_000

_SCHEME = re.compile(r"\s*([a-z][a-z0-9+.-]*):", re.IGNORECASE)
SCHEMES = frozenset({"http", "https", "mailto"})
_BARE_SCHEME = re.compile(r"(?:^|[^a-z0-9.+/_-])(https?|mailto)$", re.IGNORECASE)
_WITHIN_WORD = re.compile(r"[\w./@-]")
_SEPARATORS = r"\s<>`\"\u2000-\u206f\u3000-\u303f\uff00-\uff0f\uff1a-\uff20"
_HOST = rf"(?![-_])[^{_SEPARATORS}!-,./:-@\[-^{{-~]+"
_BARE_URL = re.compile(
    rf"(?:https?://{_HOST}|www\.{_HOST}\.{_HOST})(?:\.{_HOST})*(?::\d+)?(?:[/?#][^{_SEPARATORS}]*)?"
    rf"|mailto:[\w.+-]+@{_HOST}(?:\.{_HOST})+",
    re.IGNORECASE,
)
_BRACKETS = {")": "(", "]": "[", "}": "{"}


# Two slashes and an ordinary host. nh3 decides about all others, because a link whose address it
# drops leads nowhere.
_PLAIN_HOST = re.compile(
    r"//(?:(?!xn--)[a-z0-9-]+\.)*[a-z][a-z0-9]*(?::\d{1,4})?(?:[/?#]|$)", re.IGNORECASE
)
_SLASHES = re.compile(r"[/\\]{2}")


def is_allowed_url(url: str) -> bool:
    """Return whether `url`, normalized by markdown-it, is relative or has an allowed scheme.

    An address with an impossible host is refused too, because it is not valid HTML.
    """
    scheme = _SCHEME.match(url)
    if scheme and scheme[1].lower() not in SCHEMES:
        return False
    rest = url[scheme.end() :] if scheme else url
    if (scheme and scheme[1].lower() == "mailto") or not (scheme or _SLASHES.match(rest)):
        return True
    return bool(_PLAIN_HOST.match(rest)) or _is_host(rest)


def _is_host(rest: str) -> bool:
    cleaned = nh3.clean(f'<a href="http:{escape(rest)}">x</a>', link_rel=None)
    return rest.startswith("//") and not rest.startswith("///") and "href" in cleaned


def name_links(state) -> None:
    """Core rule: use the address of an empty link as its text, for screen readers.

    A link around an image without alt text keeps the image.
    """
    for block in state.tokens:
        if any(token.type == "link_open" for token in block.children or ()):
            block.children = list(_named(block.children))


def _named(tokens: list[Token]) -> Iterator[Token]:
    for token, follower in pairwise([*tokens, None]):
        yield token
        if token.type == "link_open" and follower.type == "link_close":
            yield Token("text", "", 0, content=token.attrs["href"] or "#")
        elif token.type == "link_open" and follower.type == "image" and not follower.content:
            token.attrs["aria-label"] = token.attrs["href"] or "#"


def link_bare_url(state, silent: bool) -> bool:
    """Inline rule: turn http://…, https://…, www.… and mailto:… into links without brackets.

    linkify-it is not used, because it takes `README.md` for a host.
    """
    if silent or state.linkLevel or state.src[state.pos] not in ":w":
        return False
    start = _start_of_bare_url(state)
    found = _BARE_URL.match(state.src, start, min(state.posMax, start + URL_LIMIT))
    if start > state.pos or not found:
        return False
    url = _without_closing_punctuation(found[0])
    href = state.md.normalizeLink(f"http://{url}" if url.startswith("www.") else url)
    if not is_allowed_url(href):
        return False
    state.pending = state.pending[: len(state.pending) - (state.pos - start)]
    _push_link(state, url, href)
    state.pos = start + len(url)
    return True


def _start_of_bare_url(state) -> int:
    """Return the start of the address that continues at `:` or `w`, else a later position."""
    if state.src[state.pos] == "w":
        return state.pos + bool(_WITHIN_WORD.search(state.src, max(state.pos - 1, 0), state.pos))
    # The scheme and one character. Searching all of `pending` at each colon would be quadratic.
    scheme = _BARE_SCHEME.search(state.pending[-7:])
    return state.pos - len(scheme[1]) if scheme else state.pos + 1


def _without_closing_punctuation(url: str) -> str:
    while True:
        last = url[-1]
        is_unpaired = last in _BRACKETS and url.count(last) > url.count(_BRACKETS[last])
        if not is_unpaired and last not in "?!.,:;*_~'":
            return url
        url = url[:-1]


def _push_link(state, url: str, href: str) -> None:
    state.push("link_open", "a", 1).attrs = {"href": href}
    state.push("text", "", 0).content = url
    state.push("link_close", "a", -1)
