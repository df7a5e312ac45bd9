"""Images that are part of the text itself, as base64. They are not shown, and neither is base64.

Google Docs and others export such images. A photo is longer than a post may be.
"""

import re
from collections.abc import Iterator

from markdown_it.token import Token

# content.checklist looks for this text.
PLACEHOLDER = "image not taken over"
_BASE64 = re.compile(r"(data:[a-z]+/[\w.+-]+(?:;[\w=.+-]+)*;base64,)[\w+/=%-]{60,}", re.IGNORECASE)


def without_base64(text: str) -> str:
    """Return `text` with an ellipsis for the data in addresses of images and other files."""
    return _BASE64.sub(r"\1…", text) if "base64," in text else text


def is_data_image(url: str) -> bool:
    return url[:11].lower() == "data:image/"


def replace_data_images(state) -> None:
    """Core rule: show a placeholder for each image or link whose address contains the image."""
    for block in state.tokens:
        if any(map(_has_data, block.children or ())):
            block.children = list(_replaced(block.children))


def _has_data(token: Token) -> bool:
    address = str(token.attrs.get("src") or token.attrs.get("href") or "")
    return is_data_image(address) or "base64," in token.content


def _replaced(tokens: list[Token]) -> Iterator[Token]:
    is_inside = False
    for token in tokens:
        if token.type == "image" and is_data_image(token.attrs["src"]):
            yield from _placeholder(token.content)
        elif token.type == "link_open" and is_data_image(token.attrs["href"]):
            is_inside = True
        elif token.type == "link_close" and is_inside:
            is_inside = False
            yield Token("text", "", 0, content=" ")
            yield from _placeholder("")
        else:
            if token.type in ("text", "text_special"):
                token.content = without_base64(token.content)
            yield token


def _placeholder(name: str) -> Iterator[Token]:
    text = f"{PLACEHOLDER}: {without_base64(name)}" if name else PLACEHOLDER
    yield Token("em_open", "em", 1)
    yield Token("text", "", 0, content=text)
    yield Token("em_close", "em", -1)
