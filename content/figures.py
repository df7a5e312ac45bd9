"""Images in Markdown: captions below them, and links in place of images on other sites.

The functions are rules for markdown-it.
"""

import re
from collections.abc import Iterator
from itertools import groupby

from django.conf import settings
from markdown_it import MarkdownIt
from markdown_it.token import Token

from content.image_names import image_from_url

# The class of a link that replaces an image. `content.checklist` looks for it to warn the author.
ELSEWHERE = "image-elsewhere"
_ADDRESS = re.compile(
    r"(?:https?:)?//(?:[^/?#]*@)?(?P<host>[^/?#:]+)[^?#]*?(?P<file>[^/?#]*)(?:[?#]|$)",
    re.IGNORECASE,
)
# One letter for each token of a paragraph: image, link around it, white space, other.
_LETTERS = {"image": "i", "link_open": "(", "link_close": ")", "softbreak": " ", "hardbreak": " "}
_ONLY_IMAGES = re.compile(r"(?: *(?:i|\(i\)))+ *")
_IMAGE = re.compile(r"i|\(i\)")


def is_elsewhere(url: str) -> bool:
    """Return whether an image is on another site. Our pages don't load it."""
    is_on_site = settings.SITE_URL and url.startswith(f"{settings.SITE_URL}/")
    return bool(_ADDRESS.match(url)) and not is_on_site and not image_from_url(url)


def add_figures(parser: MarkdownIt) -> None:
    """Give `parser` the rules for images in posts, after those for images inside the text."""
    parser.core.ruler.after("data_images", "link_elsewhere", _link_elsewhere)
    parser.core.ruler.after("data_images", "set_figures", _set_figures)


def _set_figures(state) -> None:
    """Core rule: make a figure of each image with a caption, in paragraphs of images alone."""
    tokens: list[Token] = []
    depth = 0
    for token in state.tokens:
        tokens.append(token)
        depth += token.nesting if token.tag == "figure" else 0
        types = [each.type for each in tokens[-3:]]
        if depth or types != ["paragraph_open", "inline", "paragraph_close"]:
            continue
        images = _images_alone(tokens[-2].children)
        if any(map(_caption, images)):
            tokens[-3:] = _with_captions(images, *tokens[-3:-1])
    state.tokens = tokens


def _images_alone(tokens: list[Token]) -> list[list[Token]]:
    """Return the images with the links around them, or nothing if there is anything else."""
    letters = "".join(map(_letter, tokens))
    if not _ONLY_IMAGES.fullmatch(letters):
        return []
    return [tokens[found.start() : found.end()] for found in _IMAGE.finditer(letters)]


def _letter(token: Token) -> str:
    is_blank = token.type == "text" and not token.content.strip()
    return " " if is_blank else _LETTERS.get(token.type, "x")


def _image_in(tokens: list[Token]) -> Token:
    return next(token for token in tokens if token.type == "image")


def _caption(tokens: list[Token]) -> str:
    return str(_image_in(tokens).attrs.get("title", "")).strip()


def _with_captions(images: list[list[Token]], opening: Token, inline: Token) -> Iterator[Token]:
    """Yield a figure for each image with a caption, and a paragraph for others in a row."""
    for has_caption, group in groupby(images, lambda image: bool(_caption(image))):
        if has_caption:
            for image in group:
                children = [*image, *_caption_below(image)]
                yield from _block("figure", "figure", children, inline, opening)
        else:
            children = [token for image in group for token in (*image, Token("softbreak", "br", 0))]
            yield from _block("paragraph", "p", children[:-1], inline, opening)


def _caption_below(image: list[Token]) -> list[Token]:
    caption = _caption(image)
    # Otherwise, it would also be a tooltip.
    del _image_in(image).attrs["title"]
    text = Token("text", "", 0, content=caption)
    names = ("figcaption_open", 1), ("figcaption_close", -1)
    opening, closing = (Token(name, "figcaption", nesting) for name, nesting in names)
    return [opening, text, closing]


def _block(
    name: str, tag: str, children: list[Token], inline: Token, opening: Token
) -> Iterator[Token]:
    level = opening.level
    where = {"block": True, "level": level, "map": opening.map}
    yield Token(f"{name}_open", tag, 1, attrs=dict(opening.attrs), **where)
    yield Token("inline", "", 0, content=inline.content, children=children, level=level + 1)
    yield Token(f"{name}_close", tag, -1, **where)


def _link_elsewhere(state) -> None:
    """Core rule: show images on other sites as links that name the site.

    Links can't contain links, so within a link only the text remains.
    """
    for block in state.tokens:
        if any(token.type == "image" for token in block.children or ()):
            block.children = list(_with_links(block.children))


def _with_links(tokens: list[Token]) -> Iterator[Token]:
    depth = 0
    for token in tokens:
        depth += token.nesting if token.tag == "a" else 0
        url = str(token.attrs.get("src", ""))
        if token.type != "image" or not is_elsewhere(url):
            yield token
            continue
        name, tag = ("span", "span") if depth else ("link", "a")
        attrs = {"class": ELSEWHERE} | ({} if depth else {"href": url})
        if "title" in token.attrs:
            attrs["title"] = token.attrs["title"]
        yield Token(f"{name}_open", tag, 1, attrs=attrs)
        yield Token("text", "", 0, content=_name(token, url))
        yield Token(f"{name}_close", tag, -1)


def _name(image: Token, url: str) -> str:
    """Return the alt text, or else the name of the file, and the host."""
    address = _ADDRESS.match(url)
    alt = " ".join("".join(child.content or " " for child in image.children or ()).split())
    name = alt or address["file"]
    return f"{name} ({address['host']})" if name else address["host"]
