"""Cover images for the sample blog: rows of hills, drawn from a number."""

from io import BytesIO
from math import sin
from random import Random

from PIL import Image, ImageDraw, ImageFilter

WIDTH = 1600
HEIGHT = 900
# The top of the sky, its bottom, and the nearest hill.
PALETTES = [
    ((250, 214, 165), (222, 122, 96), (64, 42, 64)),
    ((201, 224, 230), (245, 236, 214), (34, 72, 74)),
    ((32, 42, 84), (222, 134, 120), (16, 20, 36)),
    ((236, 226, 208), (214, 178, 120), (88, 58, 34)),
    ((176, 206, 184), (242, 240, 214), (38, 66, 44)),
]
LAYERS = 6

Color = tuple[int, int, int]


def draw_image(number: int) -> BytesIO:
    """Return a PNG file. The same number always gives the same image."""
    chance = Random(number)  # noqa: S311  sample image, no secret
    top, bottom, near = PALETTES[number % len(PALETTES)]
    image = Image.new("RGB", (WIDTH, HEIGHT))
    draw = ImageDraw.Draw(image)
    for y in range(HEIGHT):
        draw.line((0, y, WIDTH, y), fill=mix(top, bottom, y / HEIGHT))
    draw_sun(draw, chance, mix(top, (255, 255, 255), 0.6))
    for layer in range(LAYERS):
        draw_hill(draw, chance, layer, mix(bottom, near, (layer + 1) / LAYERS))
    file = BytesIO()
    image.filter(ImageFilter.GaussianBlur(1)).save(file, "PNG")
    file.seek(0)
    return file


def draw_sun(draw: ImageDraw.ImageDraw, chance: Random, color: Color) -> None:
    x = chance.uniform(300, 1300)
    y = chance.uniform(150, 380)
    radius = chance.uniform(50, 110)
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=color)


def draw_hill(draw: ImageDraw.ImageDraw, chance: Random, layer: int, color: Color) -> None:
    base = HEIGHT * (0.42 + 0.1 * layer)
    waves = [(chance.uniform(0.001, 0.006), chance.uniform(0, 6), 60 / n) for n in (1, 2, 4)]
    ridge = [
        (x, base + sum(size * sin(x * pace + start) for pace, start, size in waves))
        for x in range(0, WIDTH + 8, 8)
    ]
    draw.polygon([*ridge, (WIDTH, HEIGHT), (0, HEIGHT)], fill=color)


def mix(first: Color, second: Color, share: float) -> Color:
    return tuple(round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
