"""Remove the metadata of JPEG and PNG files before Pillow opens them."""

import re
import struct
from contextlib import suppress

# Cameras write one scan, progressive files about ten. Each scan, however short, requires a pass
# over the whole image: a file of 10 MB could contain enough scans to keep a worker busy for hours.
MAX_JPEG_SCANS = 30
# Before the first scan: a large color profile takes 255 parts, everything else a few dozen.
MAX_JPEG_PARTS = 1000

_JPEG_MARKER = re.compile(rb"\xff([\x01-\xfe])")
_JPEG_STANDALONE = b"\x01\xd0\xd1\xd2\xd3\xd4\xd5\xd6\xd7\xd8\xd9"
_JPEG_METADATA = bytes([*range(0xE0, 0xF0), 0xFE])
_JPEG_WANTED = (b"JFIF\0", b"ICC_PROFILE\0", b"Adobe")
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_WANTED_ONCE = {b"IHDR", b"PLTE", b"tRNS", b"iCCP", b"IEND"}


def without_metadata(data: bytes) -> tuple[bytes, bytes]:
    """Return a JPEG or PNG with only its pixels and colors, and separately its Exif data.

    The other parts can cost Pillow much time (JPEG's Exif segments are joined in quadratic time) or
    memory (compressed text and profiles in PNG). They are skipped here, as are the parts that make
    a JPEG an MPO and a PNG an animation. Other kinds are unchanged.
    Raise ValueError for a JPEG with too many parts or scans, or without pixels.
    """
    if data.startswith(b"\xff\xd8"):
        return _bare_jpeg(data)
    if data.startswith(_PNG_SIGNATURE):
        return _bare_png(data)
    return data, b""


def _bare_jpeg(data: bytes) -> tuple[bytes, bytes]:
    kept = [data[:2]]
    exif = b""
    at = 2
    for _part in range(MAX_JPEG_PARTS):
        if not (marker := _JPEG_MARKER.search(data, at)):
            raise ValueError("a JPEG without pixels")
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
    raise ValueError("too many parts before the first scan")


def _checked_scans(scans: bytes) -> bytes:
    # Among the pixels, every 0xFF is followed by 0, so this marker always starts a scan.
    if scans.count(b"\xff\xda") > MAX_JPEG_SCANS:
        raise ValueError("too many scans")
    return scans


def _bare_png(data: bytes) -> tuple[bytes, bytes]:
    kept = [data[:8]]
    exif = b""
    wanted = set(_PNG_WANTED_ONCE)
    start = 8
    while start + 12 <= len(data):
        end = start + 12 + int.from_bytes(data[start : start + 4])
        name = data[start + 4 : start + 8]
        if name == b"IDAT" or name in wanted:
            kept.append(data[start:end])
            wanted.discard(name)
        elif name == b"eXIf":
            exif = exif or data[start + 8 : end - 4]
        start = end
    return b"".join(kept), exif


def orientation(exif: bytes) -> int:
    """Return the orientation in Exif data, 1 to 8; 1 if it is missing or corrupt."""
    tiff = exif.removeprefix(b"Exif\0\0")
    with suppress(KeyError, struct.error):
        order = {b"II": "<", b"MM": ">"}[tiff[:2]]
        (directory,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, directory)
        for number in range(count):
            entry = struct.unpack_from(f"{order}HHIH", tiff, directory + 2 + 12 * number)
            if entry[:3] == (0x0112, 3, 1):
                return entry[3] if 1 <= entry[3] <= 8 else 1
    return 1
