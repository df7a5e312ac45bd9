"""Small images to upload."""

from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image


def image_file(
    width: int = 8, height: int = 6, *, kind: str = "PNG", frames: int = 1
) -> SimpleUploadedFile:
    buffer = BytesIO()
    images = [Image.new("RGB", (width, height), (255, 0, 40 * at)) for at in range(frames)]
    more = {"save_all": True, "append_images": images[1:]} if frames > 1 else {}
    images[0].save(buffer, kind, **more)
    return SimpleUploadedFile(f"Holiday in {kind}.{kind.lower()}", buffer.getvalue())


def no_image() -> SimpleUploadedFile:
    return SimpleUploadedFile("image.png", b"<svg onload=alert(1)>", "image/png")
