"""Check free disk space, and recognize errors about a lack of it."""

import errno
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings
from django.core.files.uploadhandler import SkipFile, TemporaryFileUploadHandler
from django.db import connection
from django.http import HttpRequest

# Enough for a long post, or for an upload in all its sizes.
MIN_FREE_BYTES = 8 * 1024 * 1024
FULL = (errno.ENOSPC, errno.EDQUOT)
POSTGRESQL_DISK_FULL = "53100"
# SQLite reports these errors instead if it can't create or extend a file next to the database.
SQLITE_UNSURE = (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN)


def find_problems() -> Iterator[tuple[str, str]]:
    """Yield the problems of the folders that the site writes to, for `/readyz`."""
    # For PostgreSQL, only the database server knows whether its disk is full.
    is_refused = connection.vendor == "sqlite" and is_read_only(database_file())
    yield from [("database-read-only", "the database file can't be written")] if is_refused else []
    for folder, word in folders().items():
        try:
            check(folder)
        except OSError as error:
            yield ("disk-full" if error.errno in FULL else word), str(error)


def database_file() -> Path:
    return Path(connection.settings_dict["NAME"])


def is_read_only(file: Path) -> bool:
    """Return whether `file` exists but can't be written; a missing file is another problem."""
    return file.exists() and not os.access(file, os.W_OK)


def folders() -> dict[Path, str]:
    """Return the folders that the site writes to, each with its code word."""
    codes = {Path(settings.INSTANCE_DIR): "instance"}
    if connection.vendor == "sqlite":
        codes.setdefault(Path(connection.settings_dict["NAME"]).parent, "database")
    return codes | dict.fromkeys(media_folders(), "media")


def media_folders() -> list[Path]:
    """Return the folder of uploads and its subfolders; none before the first upload."""
    media = Path(settings.MEDIA_ROOT)
    if not os.path.lexists(media):
        return []
    inside = []
    # A folder that can't be listed may still be writable; `check` finds out.
    with suppress(OSError):
        inside = [path for path in media.iterdir() if path.is_dir() and path.name[0] != "."]
    return [media, *inside]


def check(folder: Path) -> None:
    """Raise OSError if `folder` can't be written to, or has too little space.

    This writes a small file and removes it, because the free space doesn't show a quota, for
    example.
    """
    if not has_space(folder):
        raise OSError(errno.ENOSPC, f"less than {MIN_FREE_BYTES:,} bytes are free", str(folder))
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".readyz-", buffering=0) as file:
        file.write(bytes(4096))


def has_space(folder: Path) -> bool:
    """Return whether the disk of `folder` has enough space for one request."""
    free = os.statvfs(folder)
    # Some file systems report no number of files, or no numbers at all.
    has_files = free.f_favail > 0 or free.f_files == 0
    has_bytes = free.f_bavail * free.f_frsize >= MIN_FREE_BYTES or free.f_blocks == 0
    return has_files and has_bytes


class TemporaryFile(TemporaryFileUploadHandler):
    """Upload handler that reads the form to its end even if the disk is full.

    Otherwise, the form's text would be lost with the image. `raise_if_full` raises the error later.
    """

    def new_file(self, *args, **kwargs) -> None:
        with self.skipping():
            super().new_file(*args, **kwargs)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        with self.skipping():
            # Write through to the disk, so that closing the file can't fail.
            self.file.write(raw_data)
            self.file.flush()

    @contextmanager
    def skipping(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.request.disk_error = error
            # On a full disk, closing the file fails too, but still removes it.
            with suppress(OSError, AttributeError):
                self.file.close()
            raise SkipFile from error


def raise_if_full(request: HttpRequest) -> None:
    """Read a form with files, and raise the error if a file could not be stored."""
    if request.method == "POST" and request.content_type == "multipart/form-data":
        _ = request.POST
        error = vars(request).pop("disk_error", None)
        if error:
            raise error


def is_full(error: BaseException | None) -> bool:
    """Return whether `error`, or its cause, means that a disk or a quota is full."""
    seen = []
    while error is not None and error not in seen:
        if says_full(error):
            return True
        seen.append(error)
        error = error.__cause__ or error.__context__
    return False


def says_full(error: BaseException) -> bool:
    if isinstance(error, OSError):
        return error.errno in FULL
    if isinstance(error, sqlite3.Error):
        # The lower byte is the kind of error.
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF
        return code == sqlite3.SQLITE_FULL or (code in SQLITE_UNSURE and is_database_disk_full())
    return getattr(error, "sqlstate", None) == POSTGRESQL_DISK_FULL


def is_database_disk_full() -> bool:
    folder = Path(connection.settings_dict["NAME"]).parent
    return folder.is_dir() and not has_space(folder)
