"""The raw HTML tags that a post may contain, as tokens of markdown-it."""

import re
from collections.abc import Iterator
from html import unescape

from markdown_it.token import Token

from content.data_images import is_data_image

RAW_DEPTH = 20


def name_set(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Old or sectioning elements, and the element that is shown in their place. Their meaning is lost on
# a page that has its own header, main part and footer.
SHOWN_AS = {
    **dict.fromkeys(name_set("address article aside center footer header hgroup main nav"), "div"),
    **dict.fromkeys(name_set("section"), "div"),
    **dict.fromkeys(name_set("big font"), "span"),
    "acronym": "abbr",
    "dir": "ul",
    "strike": "s",
    "tt": "code",
}
# Allowed raw HTML. The first may contain blocks, the second are used within a line.
RAW_BLOCKS = name_set(
    """address article aside blockquote caption center dd del details dir div dl dt figcaption
    figure footer h1 h2 h3 h4 h5 h6 header hgroup hr ins li main nav ol p pre section summary table
    tbody td tfoot th thead tr ul"""
)
RAW_INLINES = name_set(
    """a abbr acronym b bdi bdo big br cite code del dfn em font i img ins kbd mark q rp rt ruby s
    samp small span strike strong sub sup time tt u var wbr"""
)
RAW_VOIDS = name_set("br hr wbr")
RAW_TAGS = frozenset(SHOWN_AS.get(name, name) for name in RAW_BLOCKS | RAW_INLINES) - {"h1"}
# The elements that may contain these directly. Elsewhere, browsers drop the tag or close others.
RAW_PARENTS = {
    "caption": name_set("table"),
    "li": name_set("ol ul"),
    "tbody": name_set("table"),
    "tfoot": name_set("table"),
    "thead": name_set("table"),
    "tr": name_set("table tbody tfoot thead"),
    "td": name_set("tr"),
    "th": name_set("tr"),
}
# Matches if a text contains any of these tags.
RAW_NAMES = re.compile(rf"<(?:{'|'.join(sorted(RAW_BLOCKS | RAW_INLINES))})\b", re.IGNORECASE)

_ATTRIBUTE = r"""\s+[a-zA-Z_:][\w:.-]*(?:\s*=\s*(?:[^\s"'=<>`]+|"[^"<>]*"|'[^'<>]*'))?"""
# Values contain no < or >, so that each attempt to match ends at the next tag and no text is slow.
RAW_TAG = re.compile(
    rf"<(?P<opens>[a-zA-Z][a-zA-Z0-9-]*)(?P<attributes>(?:{_ATTRIBUTE})*)\s*/?>"
    r"|</(?P<closes>[a-zA-Z][\w-]*)\s*>",
    re.ASCII,
)
COMMENT = re.compile("<!--(?:-?>|.*?-->)", re.DOTALL)
# Blocks that HTML doesn't parse as tags and text: scripts, instructions, doctypes.
VERBATIM = re.compile(r"\s*<(?:![^-]|\?|(?:script|style|textarea)\b)", re.IGNORECASE)

_VALUE = re.compile(
    r"""\s(?P<name>[a-zA-Z_:][\w:.-]*)(?:\s*=\s*(?:"(?P<a>[^"]*)"|'(?P<b>[^']*)'|(?P<c>[^\s"'=<>`]+)))?""",
    re.ASCII,
)
# The allowed attributes with their allowed values.
_EVERYWHERE = {"dir": "ltr|rtl|auto", "lang": "[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,3}"}
_CELL = {"colspan": r"[1-9]\d?", "rowspan": r"[1-9]\d?"}
_ATTRIBUTES = {
    "a": {"title": ".*"},
    "abbr": {"title": ".*"},
    "details": {"open": ".*"},
    "dfn": {"title": ".*"},
    "ol": {"start": r"\d{1,9}"},
    "td": _CELL,
    "th": _CELL,
    "time": {"datetime": ".*"},
}
_STYLED_WIDTH = re.compile(r"(?:^|;)\s*width\s*:\s*(\d{1,5})px", re.ASCII | re.IGNORECASE)
# Browsers ignore these characters in an address.
_IGNORED = re.compile(r"^[\x00-\x20]+|[\x00-\x20]+$|[\t\n\r]+")


def tag_tokens(found: re.Match, parser, allowed: frozenset[str], level: int) -> Iterator[Token]:
    """Yield the tokens of a tag. A tag with a partner counts as text until that is found."""
    typed = (found["opens"] or found["closes"]).lower()
    name = SHOWN_AS.get(typed, typed)
    values = _values(found["attributes"] or "")
    text = Token("text_special", "", 0, content=found[0], level=level)
    if typed not in allowed:
        yield text
    elif found["closes"]:
        text.meta = {"closes": typed, "name": name}
        yield text
    elif typed == "img":
        yield _image(values, parser, text)
    elif typed in RAW_VOIDS:
        yield Token("raw", name, 0, level=level)
    elif typed == "a":
        yield from _anchor(values, parser, text)
    else:
        text.meta = {"opens": typed, "name": name, "attrs": _allowed(name, values)}
        text.meta["names"] = _names(values)
        if name == "pre":
            # The keyboard can scroll it only if it is focusable.
            text.meta["attrs"]["tabindex"] = "0"
        yield text


def _values(source: str) -> dict[str, str]:
    """Return the attributes of a tag. The first of two with the same name counts, as in HTML."""
    values = {}
    for found in _VALUE.finditer(source):
        value = found["a"] or found["b"] or found["c"] or ""
        values.setdefault(found["name"].lower(), unescape(value))
    return values


def _allowed(name: str, values: dict[str, str]) -> dict[str, str]:
    allowed = _EVERYWHERE | _ATTRIBUTES.get(name, {})
    return {
        key: value
        for key, value in values.items()
        if key in allowed and re.fullmatch(allowed[key], value, re.DOTALL | re.ASCII)
    }


def _names(values: dict[str, str]) -> list[str]:
    """Return the names by which links can reach this element."""
    return [value for key in ("id", "name") if (value := values.get(key, "").strip())]


def _image(values: dict[str, str], parser, text: Token) -> Token:
    """Return the token that ![alt](src "title") would give, with the wanted width."""
    source = parser.normalizeLink(_IGNORED.sub("", values.get("src", "")))
    if not source or not parser.validateLink(source):
        return text
    alt = " ".join(values.get("alt", "").split())
    children = [Token("text", "", 0, content=alt)] if alt else []
    image = Token("image", "img", 0, {"src": source, "alt": ""}, level=text.level, content=alt)
    image.children = children
    if title := values.get("title"):
        image.attrs["title"] = title
    styled = _STYLED_WIDTH.search(values.get("style", ""))
    width = styled[1] if styled else values.get("width", "").removesuffix("px")
    if re.fullmatch("[1-9][0-9]{0,4}", width):
        image.meta["width"] = int(width)
    return image


def _anchor(values: dict[str, str], parser, text: Token) -> Iterator[Token]:
    """Yield the target for links that <a name> is, and the link that <a href> is.

    Without an address, the tags themselves show nothing. With a forbidden one, they are text.
    """
    names = _names(values)
    href = parser.normalizeLink(_IGNORED.sub("", values.get("href", "")))
    if not parser.validateLink(href) or is_data_image(href):
        yield text
        return
    if names:
        yield Token("anchor", "span", 0, level=text.level, meta={"names": names})
    has_address = "href" in values
    attrs = _allowed("a", values) | {"href": href} if has_address else {}
    text.meta = {"opens": "a", "name": "a", "attrs": attrs, "is_empty": not has_address}
    text.content = text.content if has_address or not names else ""
    yield text
