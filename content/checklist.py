"""Checks that an author may want before publishing. They read the output of render_post."""

import re
from functools import lru_cache
from html.parser import HTMLParser
from urllib.parse import unquote

from content.data_images import PLACEHOLDER
from content.figures import ELSEWHERE, is_elsewhere

# Link texts that mean nothing to someone who jumps from link to link.
VAGUE_WORDS = frozenset(
    {
        "click",
        "click here",
        "click this",
        "continue reading",
        "go here",
        "here",
        "learn more",
        "link",
        "more",
        "read more",
        "see here",
        "see more",
        "source",
        "this",
        "this link",
        "this page",
        "this post",
    }
)
_WORD = re.compile(r"\w+")
# Every page has these places. Browsers treat an empty fragment as the top.
PLACES = frozenset(("", "top", "comments"))
_HEADINGS = frozenset({"h2", "h3", "h4", "h5", "h6"})


def images_without_alt(html: str) -> int:
    """Return how many images have no alt text, or only spaces."""
    # Every form runs this, and most texts have no image, so search for a tag first. Text that looks
    # like a tag is escaped.
    return "<img" in html and sum(name == "img" and not alt for name, alt in _read(html))


def images_elsewhere(html: str) -> int:
    """Return how many images are on other sites. Readers see links to them."""
    linked = sum(name == ELSEWHERE for name, _text in _read(html))
    return linked + sum(name == "src" and is_elsewhere(source) for name, source in _read(html))


def images_not_taken_over(html: str) -> int:
    """Return how many placeholders stand for images that were part of the text."""
    return html.count(f"<em>{PLACEHOLDER}")


def links_to_nowhere(html: str) -> list[str]:
    """Return the fragments of links that lead to no heading or anchor of this text."""
    elements = _read(html)
    ids = {value for name, value in elements if name == "id"}
    fragments = [value for name, value in elements if name == "fragment"]
    return [each for each in fragments if unquote(each) not in ids]


def skipped_headings(html: str) -> list[str]:
    """Return the headings that were typed more than one level below the heading before them.

    The title of the page counts as the first heading. The renderer shows such a heading one level
    below the previous heading, and marks it.
    """
    return [text for name, text in _read(html) if name == "skipped"]


def vague_links(html: str) -> list[str]:
    """Return the texts of links that say only "here", "read more" or the like, in English."""
    links = [text for name, text in _read(html) if name == "a"]
    return [text for text in links if " ".join(_WORD.findall(text.casefold())) in VAGUE_WORDS]


# The checks run one after another on the same HTML.
@lru_cache(maxsize=1)
def _read(html: str) -> list[tuple[str, str]]:
    """Return images with their alt text and source, and links and headings with their text."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return [(name, " ".join("".join(parts).split())) for name, parts in reader.elements]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, list[str]]] = []
        # Safe HTML has no heading within a heading and no link within a link. So only a link can be
        # inside.
        self.opened: dict[str, list[str]] = {}

    def handle_starttag(self, tag, attrs):
        if dict(attrs).get("class") == ELSEWHERE:
            self.elements.append((ELSEWHERE, []))
        if tag == "img":
            alt, source = (dict(attrs).get(name) or "" for name in ("alt", "src"))
            self.elements += [(tag, [alt]), ("src", [source])]
            self.handle_data(alt)
        if identity := dict(attrs).get("id"):
            self.elements.append(("id", [identity]))
        if tag == "a" or tag in _HEADINGS:
            self.opened[tag] = []
            self.elements.append((tag, self.opened[tag]))
            fragment = (dict(attrs).get("href") or "").partition("#")
            if fragment[0] == "" and fragment[2] not in PLACES:
                self.elements.append(("fragment", [fragment[2]]))
            if dict(attrs).get("class") == "skips-level":
                self.elements.append(("skipped", self.opened[tag]))

    def handle_endtag(self, tag):
        self.opened.pop(tag, None)

    def handle_data(self, data):
        for parts in self.opened.values():
            parts.append(data)
