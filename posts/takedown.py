"""Makes nginx forget its pages when something leaves readers' view.

nginx serves the pages it keeps for a minute while no machine responds, also those of a post that
was hidden meanwhile. The key of each page holds the name of the folder that `current` leads to, in
MEDIA_ROOT, which all machines and nginx share. Once it leads elsewhere, no older page is found.
"""

import fcntl
import logging
import secrets
from pathlib import Path

from django.conf import settings
from django.db import transaction

from posts import page_cache

log = logging.getLogger(__name__)


def announce() -> None:
    """Let go of all cached pages, also those of nginx, once the transaction is committed.

    Call this instead of `page_cache.changed()` when readers may no longer see what they saw: text
    that was edited, hidden, deleted or moved to the future. It costs every page that nginx keeps,
    so a new post, comment or like does not come by here.
    """
    page_cache.changed()
    # After the counter moved, or nginx could keep an old page under the new name.
    transaction.on_commit(renew_version, robust=True)


def renew_version() -> None:
    """Lead `current` to a new, empty folder, in one step."""
    folder = settings.MEDIA_ROOT / ".version"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lead_to_new(folder)


def lead_to_new(folder: Path) -> None:
    current, following, name = folder / "current", folder / "next", secrets.token_hex(8)
    # The last one stays: nginx may be on the way to it.
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
    """Do so when the site starts, with settings or templates that may show less than before."""
    try:
        renew_version()
    except OSError as error:
        log.warning("nginx may serve pages of before for a minute: %s", error)
