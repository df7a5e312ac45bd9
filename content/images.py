"""Uploaded images: checked, decoded, and encoded as WebP in up to three widths.

docs/decisions/0005-images.md gives the reasons.
"""

import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

from django.core.files import File
from django.utils.translation import gettext as _
from PIL import Image, ImageCms, UnidentifiedImageError

from content.bulkhead import expensive
from content.image_metadata import orientation, without_metadata
from content.image_names import MAX_SIDE, WIDTHS, file_names, new_name, stored_widths

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
# The only decoder found for these contains code under the GPL.
HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
MAX_MEGABYTES = 10
MAX_MEGAPIXELS = 40

WEBP_QUALITY = 80
JPEG_QUALITY = 82
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
_BLACK = "000"
_WHITE = "333"


class RefusedImage(ValueError):  # noqa: N818
    """The file can't be stored as an image; the message explains why in one sentence."""


@dataclass(frozen=True)
class MadeImage:
    """An image ready to be stored. `files` contains its files by name; `name` is the largest.

    `is_still` says that the upload is animated and only its first frame is kept.
    """

    name: str
    width: int
    height: int
    tone: str
    files: dict[str, bytes]
    is_still: bool = False


@expensive.slot()
def make_image(file: BinaryIO | File) -> MadeImage:
    """Return the files to store for an image or a first frame. Raise only Busy and RefusedImage."""
    data = _read(file)
    with _decoding:
        largest = _decode(data)
    tone = _tone_of(largest)
    name = new_name(largest.width, largest.height, tone)
    widths = stored_widths(largest.width)
    files = {
        file_name: _encode(_narrowed(largest, width))
        for file_name, width in zip(file_names(name), widths, strict=True)
    }
    return MadeImage(name, largest.width, largest.height, tone, files, _is_animated(data))


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


def _unknown(data: bytes) -> str:
    if data[4:8] == b"ftyp" and data[8:12] in HEIC_BRANDS:
        return _(
            "HEIC images aren't supported. Export the image as JPEG. To make an iPhone take JPEG "
            "photos, choose Settings > Camera > Formats > Most Compatible."
        )
    return _("This file type isn't supported. Use JPEG, PNG, WebP, GIF or AVIF.")


def _is_animated(data: bytes) -> bool:
    """Return whether a readable file has more than one frame."""
    if data.startswith(b"\x89PNG"):
        return 0 <= data.find(b"acTL") < data.find(b"IDAT")
    # Only the first frame must be readable.
    with suppress(Exception):
        return Image.open(BytesIO(data), formats=("GIF", "WEBP", "AVIF")).is_animated
    return False


@contextmanager
def _refusals(data: bytes) -> Iterator[None]:
    """Turn exceptions into RefusedImage."""
    try:
        yield
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise RefusedImage(_too_many_pixels()) from error
    except UnidentifiedImageError as error:
        raise RefusedImage(_unknown(data)) from error
    # Broken files raise nearly anything: OSError, SyntaxError, EOFError, struct.error, KeyError.
    except Exception as error:
        raise RefusedImage(_damaged()) from error


# Decoding --------------------------------------------------------------------------------------


def _decode(data: bytes) -> Image.Image:
    """Return the first frame upright, in sRGB, as RGB or RGBA and no wider than the widest width.

    The size is checked in the header, before anything is decoded.
    """
    with _refusals(data):
        data, exif = without_metadata(data)
        image = Image.open(BytesIO(data), formats=FORMATS)
    _check_size(*image.size)
    turn = orientation(exif or image.info.get("exif", b""))
    goal = _goal(image.size, on_its_side=turn >= 5)
    profile = image.info.get("icc_profile")
    with _refusals(data):
        # Do this in two steps, so that the memory of the whole image is free before the second.
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
    """Return the image reduced by a whole factor, but not below REDUCING_GAP times `goal`.

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


@expensive.slot()
def encode_jpeg(webp: bytes, size_of: Callable[[int, int], tuple[int, int]]) -> bytes:
    """Return one of our WebP files as JPEG, in the size that `size_of` returns for its own.

    JPEG has no transparency, so the background becomes the one that shows the image best.
    """
    with _decoding, _refusals(webp):
        image = Image.open(BytesIO(webp), formats=("WEBP",))
        small = image.resize(size_of(*image.size), Image.Resampling.LANCZOS).convert("RGBA")
        color = "black" if _tone_of(small) == _BLACK else "white"
        backing = Image.new("RGBA", small.size, color)
        buffer = BytesIO()
        whole = Image.alpha_composite(backing, small).convert("RGB")
        whole.save(buffer, "JPEG", quality=JPEG_QUALITY, optimize=True, progressive=True)
    return buffer.getvalue()


def _tone_of(image: Image.Image) -> str:
    """Return the color to show until the image has loaded: the most frequent of 64 colors.

    Behind a transparent image, this color stays visible and could hide a drawing of the same color.
    So there the color is black or white: the one with more contrast.
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
