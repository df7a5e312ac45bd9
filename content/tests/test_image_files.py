"""Stored image files, and the data that their names contain."""

import re
import struct
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from PIL import Image, ImageCms

from content.image_names import ImageTag, file_names, image_from_url
from content.tests.test_images import (
    BASE,
    BLUE,
    RED,
    TOKEN,
    WHITE,
    chunk,
    encoded,
    is_near,
    jpeg_segment,
    jpeg_with,
    made,
    noise,
    opened,
    plain,
    png_after_header,
)


def secretive_exif(orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "SecretCamera"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (48.0, 8.0, 12.0)
    return exif.tobytes()


SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_nothing_but_pixels_is_kept(kind):
    options = {"exif": secretive_exif(), "xmp": b"<x>SecretPlace</x>", "icc_profile": SRGB}
    data = encoded(noise(1000, 30), kind, **options)
    assert b"SecretCamera" in data
    for stored in made(data).files.values():
        assert not {"exif", "xmp", "icc_profile"} & set(Image.open(BytesIO(stored)).info)
        assert not re.search(rb"Secret|EXIF|XMP |ICCP", stored)


def test_data_appended_to_an_image_is_not_kept():
    trojan = b"<?php system($_GET[0]) ?><script>alert(1)</script>PK\x03\x04"
    for data in (
        encoded(plain(), "JPEG", comment=trojan) + trojan,
        encoded(plain(), "GIF", comment=trojan) + trojan,
        png_after_header(chunk(b"tEXt", b"x\0" + trojan)) + trojan,
    ):
        assert all(b"php" not in stored for stored in made(data).files.values())


TURNED_FROM_UPRIGHT = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("orientation", TURNED_FROM_UPRIGHT)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_an_image_is_turned_upright(kind, orientation):
    upright = plain(64, 32, WHITE)
    upright.paste(RED, (0, 0, 32, 16))
    turn = TURNED_FROM_UPRIGHT[orientation]
    stored = upright if turn is None else upright.transpose(turn)
    image = opened(made(encoded(stored, kind, exif=secretive_exif(orientation))))
    assert image.size == (64, 32)
    corners = [image.getpixel(at) for at in ((8, 8), (56, 8), (8, 24), (56, 24))]
    assert [is_near(corner, RED) for corner in corners] == [True, False, False, False]


def test_an_image_on_its_side_is_narrowed_by_its_upright_width():
    data = encoded(noise(1000, 2000), "JPEG", exif=secretive_exif(6))
    image = made(data)
    assert (image.width, image.height) == (1600, 800)


def tiff(order: str, *entry: int, count: int = 1) -> bytes:
    mark = b"II" if order == "<" else b"MM"
    return mark + struct.pack(f"{order}HIHHHIHH", 42, 8, count, *entry, 0)


@pytest.mark.parametrize(
    ("exif", "is_turned"),
    [
        (tiff("<", 0x0112, 3, 1, 6), True),
        (tiff(">", 0x0112, 3, 1, 6), True),
        (tiff(">", 0x0112, 3, 1, 6, count=65_535), True),
        (tiff("<", 0x0112, 3, 1, 0), False),
        (tiff("<", 0x0112, 3, 1, 9), False),
        (tiff("<", 0x0112, 3, 2, 6), False),
        (tiff("<", 0x0112, 2, 1, 6), False),
        (tiff("<", 0x010F, 3, 1, 6), False),
        (tiff("<", 0x010F, 3, 1, 6, count=65_535), False),
        (b"II*\0\xff\xff\xff\xff", False),
        (b"II*", False),
        (b"nonsense", False),
        (b"", False),
    ],
)
def test_valid_exif_turns_the_image_and_invalid_exif_does_no_harm(exif, is_turned):
    for data in (
        jpeg_with(jpeg_segment(0xE1, b"Exif\0\0" + exif)),
        png_after_header(chunk(b"eXIf", exif)),
    ):
        image = made(data)
        assert (image.width, image.height) == ((20, 40) if is_turned else (40, 20))


@pytest.mark.filterwarnings("ignore::UserWarning:PIL.TiffImagePlugin")
def test_corrupt_exif_in_avif_does_no_harm():
    data = encoded(plain(), "AVIF", exif=secretive_exif())
    at = data.index(b"SecretCamera") - 20
    assert made(data[:at] + b"\xff" * 20 + data[at + 20 :]).width == 40


def with_red_and_blue_swapped(profile: bytes) -> bytes:
    swapped = profile.replace(b"rXYZ", b"?XYZ", 1).replace(b"bXYZ", b"rXYZ", 1)
    return swapped.replace(b"?XYZ", b"bXYZ", 1)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_a_color_profile_is_applied(kind, mode):
    image = plain().convert("RGB" if kind == "JPEG" else mode)
    data = encoded(image, kind, icc_profile=with_red_and_blue_swapped(SRGB))
    assert is_near(opened(made(data)).convert("RGB").getpixel((20, 10)), BLUE)


@pytest.mark.parametrize(
    ("mode", "profile"),
    [("RGB", b"nonsense"), ("RGB", SRGB[:200]), ("L", SRGB), ("CMYK", SRGB)],
)
def test_a_color_profile_that_is_broken_or_of_another_kind_does_no_harm(mode, profile):
    data = encoded(plain(color=WHITE).convert(mode), "JPEG", icc_profile=profile)
    assert is_near(opened(made(data)).getpixel((20, 10)), WHITE)


# Widths and names ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "kept", "narrower"),
    [
        ((1, 1), (1, 1), []),
        ((480, 300), (480, 300), []),
        ((481, 300), (481, 300), [480]),
        ((960, 300), (960, 300), [480]),
        ((961, 300), (961, 300), [480, 960]),
        ((1600, 1200), (1600, 1200), [480, 960]),
        ((1601, 1200), (1600, 1199), [480, 960]),
        ((7000, 3500), (1600, 800), [480, 960]),
        ((5000, 1), (1600, 1), [480, 960]),
        ((50, 3000), (50, 3000), []),
    ],
)
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_an_image_is_narrowed_to_three_widths_and_never_enlarged(kind, size, kept, narrower):
    image = made(encoded(plain(*size, 0, "L"), kind))
    assert (image.width, image.height) == kept
    stem = image.name.removesuffix(".webp")
    assert stem.endswith(f"-{kept[0]}x{kept[1]}-000")
    assert list(image.files) == [*(f"{stem}.w{width}.webp" for width in narrower), image.name]
    for width, stored in zip([*narrower, kept[0]], image.files.values(), strict=True):
        height = max(1, round(kept[1] * width / kept[0]))
        assert Image.open(BytesIO(stored)).size == (width, height)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L", "CMYK"])
def test_reducing_band_by_band_leaves_no_seam(mode):
    """A gradient from black to white stays a gradient: no row is lost, repeated or out of place."""
    slope = Image.linear_gradient("L").resize((4800, 3001))
    image = slope.convert("RGB").convert(mode)
    kind = {"CMYK": "JPEG"}.get(mode, "PNG")
    small = opened(made(encoded(image, kind))).convert("L")
    rows = [small.getpixel((800, y)) for y in range(small.height)]
    expected = [y * 255 / small.height for y in range(small.height)]
    assert max(abs(one - other) for one, other in zip(rows, expected, strict=True)) < 8


def test_names_reveal_nothing_and_are_never_the_same():
    data = encoded(plain())
    # Two images may decode at once; a third would find no free slot.
    with ThreadPoolExecutor(2) as threads:
        made_images = list(threads.map(made, [data] * 20))
    assert len({image.name for image in made_images}) == 20


@pytest.mark.parametrize(
    ("width", "narrower"), [(480, []), (481, [480]), (961, [480, 960]), (1600, [480, 960])]
)
def test_all_names_of_an_image_follow_from_the_largest(width, narrower):
    stem = f"{BASE}-{width}x90-213"
    expected = [f"{stem}.w{each}.webp" for each in narrower] + [f"{stem}.webp"]
    assert file_names(f"{stem}.webp") == expected


def test_the_file_names_follow_from_the_name_of_the_image():
    image = made(encoded(noise(1000, 100), "JPEG"))
    assert file_names(image.name) == list(image.files)


# Tones -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("color", "tone"),
    [
        ((0, 0, 0), "000"),
        ((255, 255, 255), "333"),
        ((42, 43, 127), "011"),
        ((128, 212, 213), "223"),
    ],
)
def test_the_tone_is_the_nearest_of_four_levels_a_channel(color, tone):
    assert made(encoded(plain(color=color))).tone == tone


def test_the_tone_is_the_color_that_covers_most():
    image = plain(90, 90, BLUE)
    image.paste(RED, (0, 0, 90, 40))
    assert made(encoded(image)).tone == "003"


@pytest.mark.parametrize(
    ("ink", "tone"),
    [((0, 0, 0), "333"), ((60, 60, 60), "333"), (WHITE, "000"), ((255, 230, 0), "000")],
)
def test_behind_an_image_with_transparency_the_tone_contrasts_with_it(ink, tone):
    drawing = plain(90, 90, (0, 0, 0, 0), "RGBA")
    drawing.paste((*ink, 255), (30, 30, 60, 60))
    assert made(encoded(drawing)).tone == tone


def test_an_image_that_is_all_transparent_has_a_tone():
    assert made(encoded(plain(90, 90, (0, 0, 0, 0), "RGBA"))).tone == "000"


def test_the_stylesheet_has_each_of_the_64_tones_once():
    css = Path(finders.find("css/site.css")).read_text()
    rules = re.findall(r"\.tone-(\d{3})\{background:#([05af]{3})\}", css)
    tones = [f"{r}{g}{b}" for r in range(4) for g in range(4) for b in range(4)]
    assert [tone for tone, _color in rules] == tones
    assert all(tone.translate(str.maketrans("0123", "05af")) == color for tone, color in rules)
    assert css.count(".tone-") == 64


# Addresses -------------------------------------------------------------------------------------


@pytest.mark.parametrize("media_url", ["/media/", "/blog/media/", "https://cdn.example.org/m/"])
def test_a_made_image_is_known_again_by_its_address(settings, media_url):
    settings.MEDIA_URL = media_url
    image = made(encoded(noise(1700, 850), "JPEG"))
    small, middle, large = (media_url + name for name in image.files)
    assert image_from_url(media_url + image.name) == ImageTag(
        url=large,
        width=1600,
        height=800,
        tone=image.tone,
        srcset=f"{small} 480w, {middle} 960w, {large} 1600w",
        sizes="(min-width: 48em) 45em, 100vw",
    )


def test_the_srcset_of_a_narrow_image_has_only_one_file():
    url = f"/media/{BASE}-480x90-213.webp"
    assert image_from_url(url).srcset == f"{url} 480w"


@pytest.mark.parametrize(
    ("site_url", "media_url", "url", "is_ours"),
    [
        ("https://a.example", "/media/", "https://a.example/media/", True),
        ("https://a.example", "/media/", "/media/", True),
        ("https://a.example", "https://a.example/media/", "https://a.example/media/", True),
        ("https://a.example", "https://a.example/media/", "/media/", False),
        ("", "/media/", "https://a.example/media/", False),
        ("https://a.example", "/media/", "https://a.example.evil/media/", False),
        ("https://a.example", "/media/", "https://evil.example/media/", False),
        ("https://a.example", "/media/", "http://a.example/media/", False),
        ("https://a.example", "/media/", "https://a.example@evil.example/media/", False),
        ("https://a.example", "/media/", "//evil.example/media/", False),
    ],
)
def test_an_absolute_address_is_ours_only_on_site_url(settings, site_url, media_url, url, is_ours):
    settings.SITE_URL = site_url
    settings.MEDIA_URL = media_url
    name = f"{BASE}-480x90-213.webp"
    image = image_from_url(url + name)
    assert (image and image.url) == (media_url + name if is_ours else None)


NOT_OURS = [
    "",
    "images/",
    f"{TOKEN}-480x90-213.webp",
    f"/{BASE}-480x90-213.webp",
    f"other/{TOKEN}-480x90-213.webp",
    f"images//{TOKEN}-480x90-213.webp",
    f"images/../{BASE}-480x90-213.webp",
    f"images/x/{TOKEN}-480x90-213.webp",
    f"{BASE}-480x90-213.w480.webp",
    f"{BASE}-480x90-213.png",
    f"{BASE}-480x90-213.webp\n",
    f"{BASE}-480x90-213.webp ",
    f"{BASE}-480x90-213.webp?x=1",
    f"{BASE}-480x90-213.webp#x",
    f'{BASE}-480x90-213.webp" onerror="alert(1)',
    f"{BASE}-480x90-213.WEBP",
    f"{BASE}-480x90-214.webp",
    f"{BASE}-480x90-21.webp",
    f"{BASE}-480x90-2133.webp",
    f"{BASE}-0x90-213.webp",
    f"{BASE}-480x0-213.webp",
    f"{BASE}-0480x90-213.webp",
    f"{BASE}-480x090-213.webp",
    f"{BASE}-1601x90-213.webp",
    f"{BASE}-9999x90-213.webp",
    f"{BASE}-480x12001-213.webp",
    f"{BASE}-{'9' * 5000}x90-213.webp",
    f"{BASE}-48٠x90-213.webp",
    f"{BASE}--480x90-213.webp",
    f"{BASE[:-1]}-480x90-213.webp",
    f"{BASE[:-1]}é-480x90-213.webp",
    f"{BASE[:-1]}.-480x90-213.webp",
    f"{BASE[:-1]}%-480x90-213.webp",
    f"{BASE[:-1]}\0-480x90-213.webp",
    f"{BASE[:-1]}<-480x90-213.webp",
]


@pytest.mark.parametrize("name", NOT_OURS)
def test_names_that_new_name_would_not_return_are_not_ours(name):
    assert image_from_url(f"/media/{name}") is None
    assert file_names(name) == []


@pytest.mark.parametrize(
    "url",
    [
        f"{BASE}-480x90-213.webp",
        f"media/{BASE}-480x90-213.webp",
        f"/static/{BASE}-480x90-213.webp",
        f"/MEDIA/{BASE}-480x90-213.webp",
        f"javascript:/media/{BASE}-480x90-213.webp",
        f"data:image/webp,/media/{BASE}-480x90-213.webp",
        f" /media/{BASE}-480x90-213.webp",
        f"\\media\\{BASE}-480x90-213.webp",
        f"/media/media/{BASE}-480x90-213.webp",
        f"/x/../media/{BASE}-480x90-213.webp",
    ],
)
def test_an_address_elsewhere_is_not_ours(url):
    assert image_from_url(url) is None


@pytest.mark.parametrize("size", ["1x1", "1600x12000"])
def test_an_address_at_the_edge_is_ours(size):
    assert image_from_url(f"/media/{BASE}-{size}-333.webp")
