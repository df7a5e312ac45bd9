"""Names of stored images, and the attributes of an <img> that follow from a name alone.

The largest file of an image is named `images/<token>-<width>x<height>-<tone>.webp`. Smaller copies
end in `.w480.webp` and `.w960.webp`, and exist only if the image is wider than that. So the whole
<img> is written without a query or opening the file (docs/decisions/0005-images.md).
"""

import re
import secrets
from dataclasses import dataclass, replace

from django.conf import settings

FOLDER = "images/"
WIDTHS = (480, 960, 1600)
MAX_SIDE = 12_000
# The column is 42rem with a root of 17 px; lengths here are based on the browser's 16 px.
SIZES = "(min-width: 48em) 45em, 100vw"

# For each ratio of width and height, in tenths, up to this one, the style sheet limits the width,
# so that no image is taller than the window. With a limit on the height, the browser would not know
# how much space to reserve before the image loads.
RATIO_MAX = 25
RATIOS = {f"ratio-{tenths}" for tenths in range(1, RATIO_MAX + 1)}

_NAME = re.compile(
    FOLDER + r"[A-Za-z0-9_-]{22}-([1-9][0-9]{0,3})x([1-9][0-9]{0,4})-([0-3]{3})\.webp"
)


@dataclass(frozen=True)
class ImageTag:
    """The attributes of an <img> of ours. No value contains a character that needs escaping."""

    url: str
    width: int
    height: int
    tone: str
    srcset: str
    sizes: str

    def narrowed(self, width: int) -> "ImageTag":
        """Return the tag for showing the image at most `width` pixels wide."""
        if width >= self.width:
            return self
        height = max(1, round(self.height * width / self.width))
        return replace(self, width=width, height=height, sizes=f"{width}px")

    @property
    def classes(self) -> str:
        """Return the class of its placeholder color, and that of its ratio if it may be tall."""
        tenths = max(10 * self.width // self.height, 1)
        ratio = f" ratio-{tenths}" if tenths <= RATIO_MAX else ""
        return f"tone-{self.tone}{ratio}"


def stored_widths(width: int) -> list[int]:
    """Return the widths of all files of an image, whose largest is this wide and comes last."""
    return [*(narrow for narrow in WIDTHS if narrow < width), width]


def new_name(width: int, height: int, tone: str) -> str:
    """Return a new name for an image whose largest file has this size."""
    return f"{FOLDER}{secrets.token_urlsafe(16)}-{width}x{height}-{tone}.webp"


def file_names(name: str) -> list[str]:
    """Return the names of all files of the image whose largest is `name`, which comes last.

    The list is empty for a name that new_name would not return, so no other file is pruned by
    mistake.
    """
    if not (parts := _parts_of(name)):
        return []
    stem = name.removesuffix(".webp")
    *narrower, _largest = stored_widths(parts[0])
    return [*(f"{stem}.w{narrow}.webp" for narrow in narrower), name]


def jpeg_name(name: str) -> str:
    """Return the name of the copy of an image for other sites (`content.shared_images`)."""
    return f"{name.removesuffix('.webp')}.jpg"


def name_from_url(url: str) -> str:
    """Return the name of an image for which `image_from_url` returns a tag."""
    return url[url.index(settings.MEDIA_URL) + len(settings.MEDIA_URL) :]


def image_from_url(url: str) -> ImageTag | None:
    """Return the tag of our image at `url`, with or without SITE_URL, or None for other URLs.

    This does not check whether its files exist. The image's own addresses are below MEDIA_URL, so
    they survive a new domain.
    """
    if settings.MEDIA_URL.startswith("/"):
        url = url.removeprefix(settings.SITE_URL)
    name = url.removeprefix(settings.MEDIA_URL)
    if not url.startswith(settings.MEDIA_URL) or not (parts := _parts_of(name)):
        return None
    width, height, tone = parts
    urls = [settings.MEDIA_URL + each for each in file_names(name)]
    sized = zip(urls, stored_widths(width), strict=True)
    srcset = ", ".join(f"{each} {narrow}w" for each, narrow in sized)
    return ImageTag(url, width, height, tone, srcset, SIZES)


def _parts_of(name: str) -> tuple[int, int, str] | None:
    match = _NAME.fullmatch(name)
    if not match or int(match[1]) > WIDTHS[-1] or int(match[2]) > MAX_SIDE:
        return None
    return int(match[1]), int(match[2]), match[3]
