"""Make raw HTML valid by the content model of HTML, without losing text.

The input is nh3's output: well-formed, with `<` and `>` escaped in texts and attributes. An element
that HTML does not allow in its place is replaced by its content.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from html import unescape

from content.raw_tags import name_set

VOID = frozenset(("br", "hr", "img", "input", "wbr"))
# Elements whose content model is that of their parent.
TRANSPARENT = frozenset(("a", "del", "ins"))
BLOCKS = name_set(
    """blockquote dd details div dl dt figcaption figure h2 h3 h4 h5 h6 hr li ol p pre section
    summary table ul"""
)
HEADINGS = frozenset(("h2", "h3", "h4", "h5", "h6"))
INLINES = name_set(
    """abbr b bdi bdo cite code dfn em i kbd mark q rp rt ruby s samp small span strong sub sup time
    u var"""
)
# HTML forbids these inside a link.
INTERACTIVE = frozenset(("a", "details", "input"))
PARENTS = {
    "dd": name_set("dl"),
    "dt": name_set("dl"),
    "figcaption": name_set("figure"),
    "li": name_set("ol ul"),
    "rp": name_set("ruby"),
    "rt": name_set("ruby"),
    "summary": name_set("details"),
}
_TAG = re.compile(r"(<[^>]*>)")
_NAME = re.compile(r"</?([a-z0-9]+)")
_DATETIME = re.compile(r' datetime="([^"]*)"')
_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,3})?)?"
_ZONE = r"(?:Z|[+-](?:[01]\d|2[0-3]):?[0-5]\d)"
# A day, with or without a time; a month; a year; a time of day. The checker of benchmarks/html.py
# considers other years a mistake.
_MOMENT = re.compile(
    rf"(?P<day>[12]\d{{3}}-\d\d-\d\d)(?:[T ]{_CLOCK}{_ZONE}?)?"
    rf"|[12]\d{{3}}(?:-(?:0[1-9]|1[0-2]))?|{_CLOCK}",
    re.ASCII,
)


@dataclass(slots=True)
class Element:
    """An element with its original start tag. The root has no name."""

    name: str
    start: str = ""
    inside: list["Element | str"] = field(default_factory=list)

    @property
    def elements(self) -> list["Element"]:
        return [each for each in self.inside if isinstance(each, Element)]

    @property
    def is_block(self) -> bool:
        """Return whether HTML forbids this element inside a summary."""
        return self.name not in HEADINGS and (self.name in BLOCKS or self.has_block)

    @property
    def has_block(self) -> bool:
        return self.has(BLOCKS)

    def has(self, names: frozenset[str]) -> bool:
        """Return whether an element with one of these names is inside."""
        return any(each.name in names or each.has(names) for each in self.elements)


def make_valid(html: str) -> str:
    """Return `html` with elements only in places that HTML allows, and with all of its text."""
    root = _parse(html)
    root.inside = list(_valid_inside(root, frozenset()))
    return "".join(_serialize(root))


def _parse(html: str) -> Element:
    opened = [Element("")]
    for piece in filter(None, _TAG.split(html)):
        if not piece.startswith("<"):
            opened[-1].inside.append(piece)
        elif piece.startswith("</"):
            opened.pop()
        else:
            element = Element(_NAME.match(piece)[1], piece)
            opened[-1].inside.append(element)
            if element.name not in VOID:
                opened.append(element)
    return opened[0]


def _serialize(element: Element) -> Iterator[str]:
    yield element.start
    for each in element.inside:
        if isinstance(each, Element):
            yield from _serialize(each)
        else:
            yield each
    if element.name and element.name not in VOID:
        yield f"</{element.name}>"


def _valid_inside(element: Element, around: frozenset[str]) -> Iterator[Element | str]:
    """Yield the allowed content of `element`; `around` contains the names of its ancestors."""
    around |= {element.name}
    for each in element.inside:
        if isinstance(each, str):
            yield each
            continue
        each.inside = list(_valid_inside(each, around))
        each.inside = list(_without_misplaced(each))
        is_alone = each.name in PARENTS and element.name not in PARENTS[each.name]
        if is_alone or not _is_valid(each, around):
            yield from _unwrapped(each)
        else:
            yield each


def _unwrapped(element: Element) -> Iterator[Element | str]:
    """Yield the content of `element`, without the tags of elements that need a certain parent."""
    for each in element.inside:
        if isinstance(each, Element) and element.name in PARENTS.get(each.name, ()):
            yield from each.inside
        else:
            yield each


def _without_misplaced(element: Element) -> Iterator[Element | str]:
    """Yield the content of `element` with at most one summary or caption, in its required place."""
    if element.name == "details":
        yield from _with_summary(element)
    elif element.name == "figure":
        yield from _with_caption(element)
    else:
        yield from element.inside


def _with_summary(details: Element) -> Iterator[Element | str]:
    first = Element("summary", "<summary>", ["Details"])
    for summary in [each for each in details.elements if each.name == "summary"][:1]:
        inside = list(_without_paragraphs(summary))
        if not any(each.is_block for each in inside if isinstance(each, Element)):
            first = summary
            first.inside = inside
    if first is not next(_shown(details), None):
        yield first
        details.inside = [each for each in details.inside if each is not first]
    for each in details.inside:
        is_other = isinstance(each, Element) and each.name == "summary" and each is not first
        yield from each.inside if is_other else [each]


def _shown(element: Element) -> Iterator[Element | str]:
    """Yield the content of `element` except white space."""
    return (each for each in element.inside if isinstance(each, Element) or each.strip())


def _without_paragraphs(summary: Element) -> Iterator[Element | str]:
    for each in summary.inside:
        if isinstance(each, Element) and each.name == "p":
            yield from each.inside
        else:
            yield each


def _with_caption(figure: Element) -> Iterator[Element | str]:
    shown = list(_shown(figure))
    kept = [each for each in (*shown[:1], *shown[-1:]) if _is_caption(each)][:1]
    for each in figure.inside:
        is_other = _is_caption(each) and not any(each is caption for caption in kept)
        yield from each.inside if is_other else [each]


def _is_caption(each: Element | str) -> bool:
    return isinstance(each, Element) and each.name == "figcaption"


def _is_valid(element: Element, around: frozenset[str]) -> bool:
    if element.name in INLINES and element.has_block:
        return False
    if element.name in TRANSPARENT and element.has_block and around & (INLINES | {"p"}):
        return False
    rule = RULES.get(element.name)
    return rule is None or rule(element, around)


def _is_definition_list(element: Element, around: frozenset[str]) -> bool:
    return bool(re.fullmatch("(?:t+d+)+", _signature(element, {"dt": "t", "dd": "d"})))


def _is_ruby(element: Element, around: frozenset[str]) -> bool:
    signature = _signature(element, {"rt": "t", "rp": "p"})
    return "ruby" not in around and bool(re.fullmatch("(?:x*(?:t|ptp))+", signature))


def _signature(element: Element, letters: dict[str, str]) -> str:
    """Return one letter per child of `element`: x for text and others, none for white space."""
    return "".join(
        letters.get(each.name, "x") if isinstance(each, Element) else "x" if each.strip() else ""
        for each in element.inside
    )


def _is_time(element: Element, around: frozenset[str]) -> bool:
    said = _DATETIME.search(element.start)
    if said:
        return _is_moment(unescape(said[1]))
    text = "".join(each for each in element.inside if isinstance(each, str))
    return not element.elements and _is_moment(unescape(text).strip())


def _is_moment(text: str) -> bool:
    found = _MOMENT.fullmatch(text)
    try:
        return bool(found and (found["day"] is None or date.fromisoformat(found["day"])))
    except ValueError:
        return False


def _is_list(element: Element, around: frozenset[str]) -> bool:
    return not _signature(element, {"li": ""})


def _is_link(element: Element, around: frozenset[str]) -> bool:
    return not element.has(INTERACTIVE)


def _is_line(element: Element, around: frozenset[str]) -> bool:
    return not element.has_block


RULES: dict[str, Callable[[Element, frozenset[str]], bool]] = {
    "a": _is_link,
    "dfn": lambda element, around: "dfn" not in around,
    "dl": _is_definition_list,
    "ol": _is_list,
    "pre": _is_line,
    "ruby": _is_ruby,
    "time": _is_time,
    "ul": _is_list,
    **dict.fromkeys(HEADINGS, _is_line),
}
