"""Store and delete the files of images in the site's storage."""

import re
from datetime import datetime

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from content.image_names import FOLDER, file_names, jpeg_name
from content.images import MadeImage

NARROW_ENDING = re.compile(r"\.w[0-9]+(?=\.webp$)")


def store_files(made: MadeImage) -> str:
    """Store the files of an image and return its name."""
    # The largest comes last, so that its name never refers to an incomplete image.
    try:
        for name, data in made.files.items():
            default_storage.save(name, ContentFile(data))
    except OSError:
        # An incomplete file would take up space on a full disk.
        delete_files(made.name)
        raise
    return made.name


def delete_files(name: str) -> None:
    """Delete the files of the image called `name`, the largest first."""
    for file in reversed([jpeg_name(name), *file_names(name)]):
        default_storage.delete(file)


def stored_names() -> set[str]:
    """Return the names of all images with stored files, even if only some of them exist."""
    try:
        _folders, files = default_storage.listdir(FOLDER)
    except FileNotFoundError:
        return set()
    names = {NARROW_ENDING.sub("", FOLDER + file) for file in files}
    return {name for name in names if file_names(name)}


def stored_at(name: str) -> datetime:
    """Return when the last file of an image was stored. At least one of its files must exist."""
    files = [file for file in file_names(name) if default_storage.exists(file)]
    return max(default_storage.get_modified_time(file) for file in files)
