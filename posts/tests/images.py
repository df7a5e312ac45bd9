"""Small images to upload."""

from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image


def image_file(width: int = 8, height: int = 6, *, kind: str = "PNG") -> SimpleUploadedFile:
    buffer = BytesIO()
    Image.new("RGB", (width, height), "red").save(buffer, kind)
    return SimpleUploadedFile(f"Holiday in {kind}.{kind.lower()}", buffer.getvalue())


def no_image() -> SimpleUploadedFile:
    return SimpleUploadedFile("image.png", b"<svg onload=alert(1)>", "image/png")
