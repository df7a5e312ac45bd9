"""JPEG copies of images, for other sites that show a link to a post. Some of them read no WebP.

The first request for a copy creates it and stores it beside its image. So images from older
versions have a copy too, and images that no one shares need no extra space.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from html import unescape
from typing import NamedTuple

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from content.image_names import file_names, image_from_url, jpeg_name, name_from_url
from content.images import RefusedImage, encode_jpeg

# As wide as the previews of links on other sites.
WIDTH = 1200
END_OF_JPEG = b"\xff\xd9"
# Text contains no bare `<`, and attributes contain no bare `>`.
IMAGE = re.compile(r"<img\s[^>]*>")
ATTRIBUTE = re.compile(r'\s(src|alt)="([^"]*)"')


class BodyImage(NamedTuple):
    name: str
    alt: str


def own_images(html: str) -> Iterator[BodyImage]:
    """Yield the images in rendered `html` that are stored here."""
    for tag in IMAGE.findall(html):
        found = {name: unescape(value) for name, value in ATTRIBUTE.findall(tag)}
        if image_from_url(found.get("src", "")):
            yield BodyImage(name_from_url(found["src"]), found.get("alt", ""))


def jpeg_size(width: int, height: int) -> tuple[int, int]:
    """Return the size of the copy of an image of this size."""
    narrow = min(width, WIDTH)
    return narrow, max(1, round(height * narrow / width))


def find_or_make_jpeg(name: str) -> bytes | None:
    """Return the copy of the image called `name`, or None if there is no such image.

    Raises Busy.
    """
    copy = jpeg_name(name)
    if not file_names(name):
        return None
    if data := find_copy(copy):
        return data
    # A damaged image can't be shown either.
    with suppress(FileNotFoundError, RefusedImage):
        data = encode_jpeg(_read(name), jpeg_size)
        store_copy(copy, data)
        return data
    return None


def find_copy(name: str) -> bytes | None:
    """Return a stored copy. Delete an incomplete one, which a full disk or a crash may leave."""
    with suppress(OSError):
        data = _read(name)
        if data.endswith(END_OF_JPEG):
            return data
        default_storage.delete(name)
    return None


def _read(name: str) -> bytes:
    with default_storage.open(name) as file:
        return file.read()


def store_copy(name: str, data: bytes) -> None:
    """Store a copy, unless another request was faster or the disk is full."""
    # In that case, the next request makes it again.
    with suppress(OSError):
        saved = default_storage.save(name, ContentFile(data))
        if saved != name:
            default_storage.delete(saved)
