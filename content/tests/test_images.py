"""Uploaded images: stored data, refused files and error messages."""

import random
import re
import struct
import zlib
from contextlib import suppress
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from PIL import Image, ImageFile

from content import images
from content.images import RefusedImage, make_image

FORMATS = ["JPEG", "PNG", "WEBP", "GIF", "AVIF"]
TOKEN = "aZ0_-aZ0_-aZ0_-aZ0_-aZ"
BASE = f"images/{TOKEN}"

UNKNOWN = "This file type isn't supported. Use JPEG, PNG, WebP, GIF or AVIF."
DAMAGED = "This image can't be read. The file is damaged or incomplete."
TOO_LARGE = "This image is over 10 MB. Use a smaller file."
TOO_LONG = "This image is over 12,000 pixels wide or high. Resize it."
TOO_MANY = "This image has over 40 megapixels. Resize it."

RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)


def encoded(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def plain(width: int = 40, height: int = 20, color=RED, mode: str = "RGB") -> Image.Image:
    return Image.new(mode, (width, height), color)


def noise(width: int = 200, height: int = 150) -> Image.Image:
    bands = [Image.effect_noise((width, height), 90 + 10 * band) for band in range(3)]
    return Image.merge("RGB", bands)


def made(data: bytes) -> images.MadeImage:
    return make_image(BytesIO(data))


def opened(image: images.MadeImage) -> Image.Image:
    return Image.open(BytesIO(image.files[image.name]), formats=["WEBP"])


def refusal(data: bytes) -> str:
    with pytest.raises(RefusedImage) as refused:
        made(data)
    return str(refused.value)


def is_near(pixel: tuple, color: tuple) -> bool:
    return all(abs(one - other) < 40 for one, other in zip(pixel, color, strict=True))


def chunk(name: bytes, content: bytes = b"") -> bytes:
    crc = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", crc)


def png_after_header(*chunks: bytes) -> bytes:
    data = encoded(plain())
    return data[:33] + b"".join(chunks) + data[33:]


def png_of_size(width: int, height: int) -> bytes:
    """Return a PNG whose header claims a size, with only a few bytes of pixels."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND")
    return b"\x89PNG\r\n\x1a\n" + header + body


def jpeg_of_size(width: int, height: int) -> bytes:
    data = encoded(plain(), "JPEG")
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + struct.pack(">HH", height, width) + data[at + 4 :]


def gif_of_size(width: int, height: int) -> bytes:
    data = encoded(plain(), "GIF")
    return data[:6] + struct.pack("<HH", width, height) + data[10:]


def webp_of_size(width: int, height: int) -> bytes:
    data = encoded(plain(), "WEBP")
    return data[:26] + struct.pack("<HH", width, height) + data[30:]


def jpeg_segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def jpeg_with(*segments: bytes) -> bytes:
    data = encoded(plain(), "JPEG")
    return data[:2] + b"".join(segments) + data[2:]


# Accepted files --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", FORMATS)
def test_each_format_becomes_webp_of_the_same_image(kind):
    image = made(encoded(plain(), kind))
    assert (image.width, image.height, image.tone) == (40, 20, "300")
    assert list(image.files) == [image.name]
    stored = opened(image)
    assert stored.size == (40, 20)
    assert is_near(stored.getpixel((20, 10)), RED)


@pytest.mark.parametrize("uploaded", ["memory", "disk"])
def test_an_upload_is_identified_by_its_content(uploaded):
    data = encoded(plain())
    file = SimpleUploadedFile("../../x.jpg.php", data, content_type="text/html")
    if uploaded == "disk":
        file = TemporaryUploadedFile("x.txt", "text/plain", len(data), None)
        file.write(data)
    file.read()
    image = make_image(file)
    assert re.fullmatch(r"images/[A-Za-z0-9_-]{22}-40x20-300\.webp", image.name)


@pytest.mark.parametrize(
    ("mode", "color", "kind", "expected"),
    [
        ("1", 1, "PNG", WHITE),
        ("L", 128, "PNG", (128, 128, 128)),
        ("L", 128, "JPEG", (128, 128, 128)),
        ("LA", (128, 255), "PNG", (128, 128, 128)),
        ("I;16", 0x8000, "PNG", (128, 128, 128)),
        ("CMYK", (0, 255, 255, 0), "JPEG", RED),
        ("RGBA", (255, 0, 0, 255), "PNG", RED),
        ("RGBA", (255, 0, 0, 255), "AVIF", RED),
        ("P", 0, "GIF", (0, 0, 0)),
    ],
)
def test_each_kind_of_colors_is_converted_correctly(mode, color, kind, expected):
    image = opened(made(encoded(plain(40, 20, color, mode), kind))).convert("RGB")
    assert is_near(image.getpixel((20, 10)), expected)


def paletted() -> Image.Image:
    image = plain(40, 20, 0, "P")
    image.putpalette([0, 0, 0, *RED])
    image.paste(1, (0, 0, 20, 20))
    return image


def half_clear() -> Image.Image:
    image = plain(40, 20, (0, 0, 0, 0), "RGBA")
    image.paste((*RED, 255), (0, 0, 20, 20))
    return image


@pytest.mark.parametrize(
    "data",
    [
        encoded(half_clear()),
        encoded(half_clear(), "WEBP"),
        encoded(half_clear(), "AVIF"),
        encoded(paletted(), "GIF", transparency=0),
        encoded(paletted(), transparency=0),
        encoded(paletted(), transparency=b"\0\xff"),
        encoded(half_clear().convert("RGB"), transparency=(0, 0, 0)),
        encoded(half_clear().convert("LA")),
    ],
    ids=["png", "webp", "avif", "gif", "palette", "palette-bytes", "rgb-key", "gray"],
)
def test_transparency_is_kept(data):
    image = opened(made(data))
    assert image.mode == "RGBA"
    assert image.getpixel((5, 10))[3] == 255
    assert image.getpixel((35, 10))[3] == 0


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "AVIF", "MPO"])
def test_only_the_first_of_several_images_in_a_file_is_kept(kind):
    data = encoded(plain(), kind, save_all=True, append_images=[plain(color=BLUE)])
    image = made(data)
    assert image.tone == "300"
    assert getattr(opened(image), "n_frames", 1) == 1
    # A phone's JPEG may contain a second image, which is not an animation.
    assert image.is_still == (kind != "MPO")
    assert not made(encoded(plain(), kind)).is_still


@pytest.mark.parametrize("brand", [b"heic", b"mif1"])
def test_a_heic_image_is_refused_with_the_way_out(brand):
    said = refusal(b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0")
    assert said.startswith("HEIC images aren't supported. Export the image as JPEG.")
    assert "Settings > Camera > Formats > Most Compatible" in said


def test_an_interlaced_and_a_progressive_image_are_taken():
    assert made(encoded(noise(), "JPEG", progressive=True)).width == 200
    assert made(encoded(noise(), "GIF", interlace=1)).width == 200


# Refused files ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"Dear diary, this is no picture.",
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
        b"<!doctype html><script>alert(1)</script>",
        b"%PDF-1.7",
        b"%!PS-Adobe-3.0 EPSF-3.0",
        b"GIF89a",
        b"RIFF\0\0\0\0WEBP",
        b"\x89PNG\r\n\x1a\n",
        png_of_size(0, 10),
        *(encoded(plain(), kind) for kind in ["BMP", "TIFF", "ICO", "JPEG2000", "PPM", "TGA"]),
    ],
)
def test_a_file_in_another_format_is_refused_despite_its_name(data):
    with pytest.raises(RefusedImage, match=re.escape(UNKNOWN)):
        make_image(SimpleUploadedFile("holiday.jpg", data, content_type="image/jpeg"))


@pytest.mark.parametrize(
    ("kind", "sentence"),
    # The AVIF library reports the same error for a truncated file and an unknown one.
    [("JPEG", DAMAGED), ("PNG", DAMAGED), ("WEBP", DAMAGED), ("GIF", DAMAGED), ("AVIF", UNKNOWN)],
)
def test_a_file_cut_short_is_refused(kind, sentence):
    data = encoded(noise(), kind)
    assert refusal(data[: len(data) // 2]) == sentence


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8\xff" + bytes(1000),
        b"\xff\xd8" + b"\xff" * 1000,
        encoded(plain(), "JPEG").partition(b"\xff\xda")[0],
    ],
)
def test_a_jpeg_without_pixels_is_refused(data):
    assert refusal(data) == DAMAGED


@pytest.mark.parametrize(("excess", "sentence"), [(0, None), (1, TOO_LARGE)])
def test_ten_megabytes_are_taken_and_a_byte_more_is_not(excess, sentence):
    data = encoded(plain(), "JPEG").ljust(10 * 1024 * 1024 + excess, b"\0")
    assert made(data) if sentence is None else refusal(data) == sentence


@pytest.mark.parametrize(
    ("width", "height", "sentence"),
    [
        (12_000, 1, None),
        (1, 12_000, None),
        (12_001, 1, TOO_LONG),
        (1, 12_001, TOO_LONG),
        (8_000, 5_000, None),
    ],
)
def test_the_limits_of_size_at_their_edge(width, height, sentence):
    data = encoded(plain(width, height, 0, "1"))
    assert made(data) if sentence is None else refusal(data) == sentence


@pytest.fixture
def decoding_fails_the_test(monkeypatch):
    def load(_image):
        pytest.fail("The picture was decoded.")

    monkeypatch.setattr(ImageFile.ImageFile, "load", load)


@pytest.mark.usefixtures("decoding_fails_the_test")
@pytest.mark.parametrize(
    "data",
    [
        png_of_size(8_000, 5_001),
        png_of_size(10_000, 10_000),
        png_of_size(2**31 - 1, 2**31 - 1),
        jpeg_of_size(8_000, 5_001),
        jpeg_of_size(65_535, 65_535),
        gif_of_size(8_000, 5_001),
        gif_of_size(65_535, 65_535),
        webp_of_size(16_383, 16_383),
    ],
)
def test_a_header_that_promises_too_many_pixels_is_refused_before_decoding(data):
    assert len(data) < 2000
    assert refusal(data) == TOO_MANY


@pytest.mark.usefixtures("decoding_fails_the_test")
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_too_many_pixels_are_refused_even_without_pillows_warning():
    assert refusal(png_of_size(8_000, 5_001)) == TOO_MANY


@pytest.mark.parametrize(("scans", "sentence"), [(0, None), (20, None), (21, DAMAGED)])
def test_a_jpeg_of_very_many_scans_is_refused(scans, sentence):
    """Each costs a pass over the whole image: 10 MB of them would take over an hour."""
    data = encoded(plain(1000, 1000), "JPEG", progressive=True)
    assert data.count(b"\xff\xda") == 10
    last = data[data.rindex(b"\xff\xc4") : -2]
    data = data[:-2] + last * scans + data[-2:]
    assert made(data) if sentence is None else refusal(data) == sentence


@pytest.mark.parametrize(
    ("parts", "part", "sentence"),
    [
        (950, jpeg_segment(0xE1, b"Exif\0\0x"), None),
        (950, b"\xff\xd0", None),
        (950, b"\xff\xfe\0\0", None),
        (1000, jpeg_segment(0xE1, b"Exif\0\0x"), DAMAGED),
        (5_000_000, b"\xff\xd0", DAMAGED),
    ],
)
def test_a_jpeg_of_very_many_parts_is_refused(parts, part, sentence):
    """Pillow joins Exif segments in quadratic time: more than five minutes for 10 MB of them."""
    data = jpeg_with(part * parts)
    assert made(data) if sentence is None else refusal(data) == sentence


def test_png_chunks_that_inflate_are_not_inflated():
    bomb = zlib.compress(bytes(100_000_000))
    texts = chunk(b"zTXt", b"x\0\0" + bomb) + chunk(b"iTXt", b"x\0\1\0\0\0" + bomb)
    profiles = chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(900_000))) * 9000
    assert made(png_after_header(texts, profiles)).width == 40


@pytest.mark.parametrize("kind", FORMATS)
def test_a_corrupted_file_is_refused_or_taken_and_nothing_else(kind):
    chance = random.Random(kind)
    data = encoded(noise(60, 40), kind)
    for _ in range(60):
        broken = bytearray(data)
        for _ in range(chance.choice([1, 3, 20])):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        with suppress(RefusedImage):
            assert made(bytes(broken)).files


# Metadata --------------------------------------------------------------------------------------
