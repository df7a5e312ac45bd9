"""Keeping the files of pictures, wherever the site keeps files."""

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from content.images import MadeImage, names_of


def keep_files(made: MadeImage) -> str:
    """Store the files of a picture; return its name."""
    # The largest comes last, so that its name never leads to half a picture.
    for name, data in made.files.items():
        default_storage.save(name, ContentFile(data))
    return made.name


def discard_files(name: str) -> None:
    """Remove the files of the picture called `name`, the largest first."""
    for file in reversed(names_of(name)):
        default_storage.delete(file)
