"""Links in Markdown: which addresses are allowed, and which are links without brackets.

The functions are rules for markdown-it.
"""

import re
from collections.abc import Iterator
from html import escape
from itertools import pairwise

import nh3
from markdown_it.token import Token

from content.data_images import is_data_image

# The usual limit of browsers and servers. It also limits the search for the end of a bare address.
URL_LIMIT = 2_000

_SCHEME = re.compile(r"\s*([a-z][a-z0-9+.-]*):", re.IGNORECASE)
WITHOUT_HOST = frozenset({"mailto", "tel", "xmpp"})
SCHEMES = WITHOUT_HOST | {"http", "https"}
_BARE_SCHEME = re.compile(r"(?:^|[^a-z0-9.+/_-])(https?)$", re.IGNORECASE)
_WITHIN_WORD = re.compile(r"[\w./@-]")
_SEPARATORS = r"\s<>`\"\u2000-\u206f\u3000-\u303f\uff00-\uff0f\uff1a-\uff20"
_HOST = rf"(?![-_])[^{_SEPARATORS}!-,./:-@\[-^{{-~]+"
_BARE_URL = re.compile(
    rf"(?:https?://{_HOST}|www\.{_HOST}\.{_HOST})(?:\.{_HOST})*(?::\d+)?(?:[/?#][^{_SEPARATORS}]*)?",
    re.IGNORECASE,
)
# An email address as GFM has it, with letters of any script refused around it. It starts only at
# the start of a word, so that no text takes quadratic time.
_EMAIL = re.compile(
    r"(?<![\w.+/@-])(?P<scheme>(?:mailto|xmpp):)?[a-z0-9_.+-]{1,64}@"
    r"(?>[a-z0-9_-]+(?:\.[a-z0-9_-]+)+)(?<![_-])(?!\w)(?P<resource>/[a-z0-9@.]*[a-z0-9@])?",
    re.IGNORECASE,
)
# Any address within a plain text.
BARE_ADDRESS = re.compile(
    rf"(?<![a-z0-9])(?:{_BARE_URL.pattern}|[a-z][a-z0-9+.-]{{1,31}}://[^{_SEPARATORS}]+|tel:\+?[\d.-]+)"
    rf"|{_EMAIL.pattern}",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&[a-z0-9]+;$", re.IGNORECASE)
_BRACKETS = {")": "(", "]": "[", "}": "{"}
# Longer than the name of any entity.
ENTITY_LIMIT = 40


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
        # A rule replaces these images, so that their data is not shown as text.
        return is_data_image(url)
    rest = url[scheme.end() :] if scheme else url
    if (scheme and scheme[1].lower() in WITHOUT_HOST) or not (scheme or _SLASHES.match(rest)):
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
    """Inline rule: turn http://…, https://… and www.… into links without brackets.

    linkify-it is not used, because it takes `README.md` for a host.
    """
    if silent or state.linkLevel or state.src[state.pos] not in ":w":
        return False
    start = _start_of_bare_url(state)
    found = _BARE_URL.match(state.src, start, min(state.posMax, start + URL_LIMIT))
    if start > state.pos or not found:
        return False
    url = without_closing_punctuation(found[0])
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


def without_closing_punctuation(url: str) -> str:
    while True:
        last = url[-1]
        is_unpaired = last in _BRACKETS and url.count(last) > url.count(_BRACKETS[last])
        if entity := _ENTITY.search(url[-ENTITY_LIMIT:]):
            url = url.removesuffix(entity[0])
        elif is_unpaired or last in "?!.,:;*_~'":
            url = url[:-1]
        else:
            return url


def _push_link(state, url: str, href: str) -> None:
    for new in _link(url, href, state.level):
        state.push(new.type, new.tag, new.nesting).content = new.content
        state.tokens[-1].attrs = new.attrs
        state.tokens[-1].info = new.info


def _link(text: str, href: str, level: int) -> list[Token]:
    """Return a link to a bare address. The typographer skips links with the mark "auto"."""
    return [
        Token("link_open", "a", 1, attrs={"href": href}, level=level, info="auto"),
        Token("text", "", 0, content=text, level=level + 1),
        Token("link_close", "a", -1, level=level, info="auto"),
    ]


def link_emails(state) -> None:
    """Core rule: turn email addresses, mailto:… and xmpp:… into links without brackets.

    It reads whole words after emphasis is known, because an address may contain underscores.
    """
    for block in state.tokens:
        if "@" in block.content and block.children:
            block.children = list(_with_emails(block.children))


def _with_emails(tokens: list[Token]) -> Iterator[Token]:
    depth = 0
    for token in tokens:
        depth += token.nesting if token.tag == "a" else 0
        if depth or token.type != "text":
            yield token
        else:
            yield from _split_at_emails(token)


def _split_at_emails(token: Token) -> Iterator[Token]:
    end = 0
    for found in _EMAIL.finditer(token.content):
        scheme = (found["scheme"] or "").lower()
        text = found[0] if scheme == "xmpp:" else found[0].removesuffix(found["resource"] or "")
        yield Token("text", "", 0, content=token.content[end : found.start()], level=token.level)
        yield from _link(text, text if scheme else f"mailto:{text}", token.level)
        end = found.start() + len(text)
    yield Token("text", "", 0, content=token.content[end:], level=token.level)
