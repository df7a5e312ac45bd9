"""Uploaded images: checked, resized, stripped of metadata, and stored under descriptive names.

Each image is stored as WebP in up to three widths. The largest is named
`images/<token>-<width>x<height>-<tone>.webp`. Smaller copies end in `.w480.webp` and `.w960.webp`,
and exist only if the image is wider than that. The name alone is enough to write the whole <img>,
without a query or opening the file. docs/decisions/0005-images.md gives the reasons.
"""

import re
import secrets
import struct
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

from django.conf import settings
from django.core.files import File
from django.utils.translation import gettext as _
from PIL import Image, ImageCms, UnidentifiedImageError

from content.bulkhead import expensive

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
MAX_MEGABYTES = 10
MAX_MEGAPIXELS = 40
MAX_SIDE = 12_000
# Cameras write one scan, progressive files about ten. Each scan, however short, requires a pass
# over the whole image: a file of 10 MB could contain enough scans to keep a worker busy for hours.
MAX_JPEG_SCANS = 30
# Before the first scan: a large color profile takes 255 parts, everything else a few dozen.
MAX_JPEG_PARTS = 1000

FOLDER = "images/"
WIDTHS = (480, 960, 1600)
WEBP_QUALITY = 80
# The column is 42rem with a root of 17 px; lengths here are based on the browser's 16 px.
SIZES = "(min-width: 48em) 45em, 100vw"

# An image is first reduced by a whole factor, to at least this many times its final size, and then
# resampled.
REDUCING_GAP = 2
BAND_HEIGHT = 64

# These are set for the whole process, which reads no other images. On opening a file, Pillow warns
# beyond this number and refuses twice as many, before WebP's decoder allocates memory for the
# canvas.
Image.MAX_IMAGE_PIXELS = MAX_MEGAPIXELS * 1_000_000
warnings.simplefilter("error", Image.DecompressionBombWarning)
# Pillow's warnings describe what is wrong with an image's EXIF. Strangers should not be able to
# write to our log.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")

# 40 megapixels take up to 660 MB while they are decoded (measured, WebP), so only one at a time.
_decoding = threading.Lock()

_NAME = re.compile(
    FOLDER + r"[A-Za-z0-9_-]{22}-([1-9][0-9]{0,3})x([1-9][0-9]{0,4})-([0-3]{3})\.webp"
)
_JPEG_MARKER = re.compile(rb"\xff([\x01-\xfe])")
_JPEG_STANDALONE = b"\x01\xd0\xd1\xd2\xd3\xd4\xd5\xd6\xd7\xd8\xd9"
_JPEG_METADATA = bytes([*range(0xE0, 0xF0), 0xFE])
_JPEG_WANTED = (b"JFIF\0", b"ICC_PROFILE\0", b"Adobe")
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_WANTED_ONCE = {b"IHDR", b"PLTE", b"tRNS", b"iCCP", b"IEND"}
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# The index of the nearest of the levels 0, 85, 170 and 255, for each value of a channel.
_LEVELS = [(value * 3 + 127) // 255 for value in range(256)]
_BLACK, _WHITE = "000", "333"


class RefusedImage(ValueError):  # noqa: N818
    """The file can't be stored as an image; the message explains why in one sentence."""


@dataclass(frozen=True)
class MadeImage:
    """An image ready to be stored. `files` contains its files by name; `name` is the largest."""

    name: str
    width: int
    height: int
    tone: str
    files: dict[str, bytes]


@dataclass(frozen=True)
class ImageTag:
    """The attributes of an <img> of ours. No value contains a character that needs escaping."""

    url: str
    width: int
    height: int
    tone: str
    srcset: str
    sizes: str


@expensive.place()
def make_image(file: BinaryIO | File) -> MadeImage:
    """Return the files to store for an image or a first frame. Raise only Busy and RefusedImage."""
    data = _read(file)
    with _decoding:
        largest = _decode(data)
    tone = _tone_of(largest)
    size = f"{largest.width}x{largest.height}"
    name = f"{FOLDER}{secrets.token_urlsafe(16)}-{size}-{tone}.webp"
    widths = [*_narrower_than(largest.width), largest.width]
    files = {
        made: _encode(_narrowed(largest, width))
        for made, width in zip(names_of(name), widths, strict=True)
    }
    return MadeImage(name, largest.width, largest.height, tone, files)


def names_of(name: str) -> list[str]:
    """Return the names of all files of the image whose largest is `name`, which comes last.

    The list is empty for a name that make_image would not give, so no other file is pruned by
    mistake.
    """
    if not (parts := _parts_of(name)):
        return []
    stem = name.removesuffix(".webp")
    return [*(f"{stem}.w{narrow}.webp" for narrow in _narrower_than(parts[0])), name]


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
    urls = [settings.MEDIA_URL + each for each in names_of(name)]
    widths = [*_narrower_than(width), width]
    srcset = ", ".join(f"{each} {w}w" for each, w in zip(urls, widths, strict=True))
    return ImageTag(url, width, height, tone, srcset, SIZES)


def _parts_of(name: str) -> tuple[int, int, str] | None:
    match = _NAME.fullmatch(name)
    if not match or int(match[1]) > WIDTHS[-1] or int(match[2]) > MAX_SIDE:
        return None
    return int(match[1]), int(match[2]), match[3]


def _narrower_than(width: int) -> list[int]:
    return [narrow for narrow in WIDTHS if narrow < width]


# Checking --------------------------------------------------------------------------------------


def _read(file: BinaryIO | File) -> bytes:
    limit = MAX_MEGABYTES * 1024 * 1024
    file.seek(0)
    data = file.read(limit + 1)
    if len(data) > limit:
        raise RefusedImage(_("This image is over %d MB. Use a smaller file.") % MAX_MEGABYTES)
    return data


def _check_size(width: int, height: int) -> None:
    if max(width, height) > MAX_SIDE:
        sides = f"{MAX_SIDE:,}"
        raise RefusedImage(_("This image is over %s pixels wide or high. Resize it.") % sides)
    if width * height > MAX_MEGAPIXELS * 1_000_000:
        raise RefusedImage(_too_many_pixels())


def _too_many_pixels() -> str:
    return _("This image has over %d megapixels. Resize it.") % MAX_MEGAPIXELS


def _damaged() -> str:
    return _("This image can't be read. The file is damaged or incomplete.")


@contextmanager
def _refusals() -> Iterator[None]:
    """Turn Pillow's exceptions into RefusedImage."""
    try:
        yield
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise RefusedImage(_too_many_pixels()) from error
    except UnidentifiedImageError as error:
        sentence = _("This file type isn't supported. Use JPEG, PNG, WebP, GIF or AVIF.")
        raise RefusedImage(sentence) from error
    # Broken files raise nearly anything: OSError, SyntaxError, EOFError, struct.error, KeyError.
    except Exception as error:
        raise RefusedImage(_damaged()) from error


# Removing metadata ---------------------------------------------------------------------------


def _without_metadata(data: bytes) -> tuple[bytes, bytes]:
    """Return a JPEG or PNG with nothing but its pixels and colors, and the Exif that it had.

    The other parts can cost Pillow much time (JPEG's Exif segments are joined in quadratic time) or
    memory (compressed text and profiles in PNG). They are skipped here, as are the parts that make
    a JPEG an MPO and a PNG an animation. Other kinds are unchanged.
    """
    if data.startswith(b"\xff\xd8"):
        return _bare_jpeg(data)
    if data.startswith(_PNG_SIGNATURE):
        return _bare_png(data)
    return data, b""


def _bare_jpeg(data: bytes) -> tuple[bytes, bytes]:
    kept, exif, at = [data[:2]], b"", 2
    for _part in range(MAX_JPEG_PARTS):
        if not (marker := _JPEG_MARKER.search(data, at)):
            break
        start, at = marker.span()
        if marker[1] == b"\xda":
            return b"".join([*kept, _checked_scans(data[start:])]), exif
        if marker[1] in _JPEG_STANDALONE:
            continue
        at += max(2, int.from_bytes(data[at : at + 2]))
        content = data[start + 4 : at]
        if marker[1] not in _JPEG_METADATA or content.startswith(_JPEG_WANTED):
            kept.append(data[start:at])
        elif content.startswith(b"Exif\0\0"):
            exif = exif or content
    raise RefusedImage(_damaged())


def _checked_scans(scans: bytes) -> bytes:
    # Among the pixels, every 0xFF is followed by 0, so this marker always starts a scan.
    if scans.count(b"\xff\xda") > MAX_JPEG_SCANS:
        raise RefusedImage(_damaged())
    return scans


def _bare_png(data: bytes) -> tuple[bytes, bytes]:
    kept, exif, at = [data[:8]], b"", 8
    wanted = set(_PNG_WANTED_ONCE)
    while at + 12 <= len(data):
        start, at = at, at + 12 + int.from_bytes(data[at : at + 4])
        name = data[start + 4 : start + 8]
        if name == b"IDAT" or name in wanted:
            kept.append(data[start:at])
            wanted.discard(name)
        elif name == b"eXIf":
            exif = exif or data[start + 8 : at - 4]
    return b"".join(kept), exif


def _orientation(exif: bytes) -> int:
    """Return the orientation in Exif data, 1 to 8; 1 if it is missing or corrupt."""
    tiff = exif.removeprefix(b"Exif\0\0")
    with suppress(KeyError, struct.error):
        order = {b"II": "<", b"MM": ">"}[tiff[:2]]
        (directory,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, directory)
        for number in range(count):
            entry = struct.unpack_from(f"{order}HHIH", tiff, directory + 2 + 12 * number)
            if entry[:3] == (0x0112, 3, 1):
                return entry[3] if entry[3] in _UPRIGHT else 1
    return 1


# Decoding --------------------------------------------------------------------------------------


def _decode(data: bytes) -> Image.Image:
    """Return the first frame upright, in sRGB, as RGB or RGBA and no wider than the widest width.

    The size is checked in the header, before anything is decoded.
    """
    data, exif = _without_metadata(data)
    with _refusals():
        image = Image.open(BytesIO(data), formats=FORMATS)
    _check_size(*image.size)
    turn = _orientation(exif or image.info.get("exif", b""))
    goal = _goal(image.size, on_its_side=turn >= 5)
    profile = image.info.get("icc_profile")
    with _refusals():
        # In two steps, so that the memory of the whole image is free before the second.
        image = _coarse(image, goal)
        image = image.resize(goal, Image.Resampling.LANCZOS)
    image = _in_srgb(image, profile)
    return image.transpose(_UPRIGHT[turn]) if turn in _UPRIGHT else image


def _goal(size: tuple[int, int], *, on_its_side: bool) -> tuple[int, int]:
    """Return the size of the largest file, before the image is turned upright."""
    width, height = size[::-1] if on_its_side else size
    kept = _size_at(min(width, WIDTHS[-1]), width, height)
    return kept[::-1] if on_its_side else kept


def _size_at(narrow: int, width: int, height: int) -> tuple[int, int]:
    return narrow, max(1, round(height * narrow / width))


def _coarse(image: Image.Image, goal: tuple[int, int]) -> Image.Image:
    """Return the image reduced by a whole factor, to no less than REDUCING_GAP times `goal`.

    For a JPEG, the decoder does most of this. The rest is done in bands, because converting a
    palette to RGBA takes four times the memory of the image, and reducing takes as much again.
    """
    image.draft(None, (goal[0] * REDUCING_GAP, goal[1] * REDUCING_GAP))
    width, height = image.size
    factor = min(width // goal[0], height // goal[1]) // REDUCING_GAP or 1
    rows = range(0, height, BAND_HEIGHT * factor)
    bands = (
        _plain(image.crop((0, top, width, min(top + rows.step, height)))).reduce(factor)
        for top in rows
    )
    return _stacked(bands, -(-height // factor))


def _stacked(bands: Iterator[Image.Image], height: int) -> Image.Image:
    first = next(bands)
    whole = Image.new(first.mode, (first.width, height))
    whole.paste(first)
    for number, band in enumerate(bands, start=1):
        whole.paste(band, (0, number * first.height))
    return whole


def _plain(image: Image.Image) -> Image.Image:
    """Return the image as L, RGB, RGBA or CMYK, with 8 bits per channel."""
    if image.mode == "I;16":
        # Pillow's own conversion clips all values above 255 instead of scaling them.
        return Image.frombytes("L", image.size, image.tobytes()[1::2])
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image if image.mode in ("L", "CMYK") else image.convert("RGB")


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    if profile:
        srgb = ImageCms.createProfile("sRGB")
        # Ignore a profile that is broken or for another color model.
        with suppress(ImageCms.PyCMSError):
            return ImageCms.profileToProfile(image, BytesIO(profile), srgb, outputMode=mode)
    return image.convert(mode)


# Encoding --------------------------------------------------------------------------------------


def _narrowed(image: Image.Image, width: int) -> Image.Image:
    size = _size_at(width, image.width, image.height)
    return image.resize(size, Image.Resampling.LANCZOS)


def _encode(image: Image.Image) -> bytes:
    """Return the image as WebP without metadata, which Pillow writes only on request."""
    buffer = BytesIO()
    image.save(buffer, "WEBP", quality=WEBP_QUALITY)
    return buffer.getvalue()


def _tone_of(image: Image.Image) -> str:
    """Return the color to show until the image has loaded: the most frequent of 64 colors.

    Behind a transparent image, this color stays visible and could hide a drawing of the same color.
    So there it is black or white, whichever has more contrast.
    """
    small = image.resize((64, 64), Image.Resampling.BOX)
    if small.mode == "RGBA" and small.getextrema()[3][0] < 255:
        return _backing_of(small)
    levels = small.convert("RGB").point(_LEVELS * 3)
    _count, color = max(levels.getcolors())
    return "".join(map(str, color))


def _backing_of(small: Image.Image) -> str:
    on_black, on_white = (_lightness(small, backing) for backing in ("black", "white"))
    return _WHITE if on_black < 255 - on_white else _BLACK


def _lightness(small: Image.Image, backing: str) -> float:
    """Return the mean lightness, 0 to 255, of an image on a background color."""
    whole = Image.alpha_composite(Image.new("RGBA", small.size, backing), small)
    histogram = whole.convert("L").histogram()
    return sum(value * count for value, count in enumerate(histogram)) / sum(histogram)
