"""Make nginx drop its pages when something is hidden from readers.

If no machine responds, nginx serves its kept pages for a minute, even those of a post that has
since been hidden. The key of each page contains the name of the folder that `current` points to. It
is in MEDIA_ROOT, which all machines and nginx share. When it changes, nginx finds no older page.
"""

import fcntl
import logging
import secrets
from pathlib import Path

from django.conf import settings
from django.db import transaction

from caching import pages

log = logging.getLogger(__name__)


def announce() -> None:
    """Drop all cached pages, including those of nginx, once the transaction is committed.

    Call this instead of `pages.changed()` when text was edited, hidden, deleted or moved to the
    future, because readers must no longer see it. nginx loses every page that it keeps, so new
    posts, comments and likes don't call it.
    """
    pages.changed()
    # Do this only after the cache version has risen. Otherwise, nginx could keep an old page under
    # the new name.
    transaction.on_commit(renew_version, robust=True)


def renew_version() -> None:
    """Point `current` to a new, empty folder, atomically."""
    folder = settings.MEDIA_ROOT / ".version"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        switch_to_new_folder(folder)


def switch_to_new_folder(folder: Path) -> None:
    current = folder / "current"
    following = folder / "next"
    name = secrets.token_hex(8)
    # The previous folder stays, because nginx may still be resolving it.
    kept = {"lock", "current", name}
    if current.is_symlink():
        kept.add(current.readlink().name)
    (folder / name).mkdir()
    following.unlink(missing_ok=True)
    following.symlink_to(name)
    following.replace(current)
    for path in folder.iterdir():
        if path.name not in kept:
            path.rmdir()


def renew_at_start() -> None:
    """Drop nginx's pages at the start, because new settings or templates may hide something."""
    try:
        renew_version()
    except OSError as error:
        log.warning("nginx may serve older pages for a minute: %s", error)
