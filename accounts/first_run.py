"""The first run: a secret link makes the person who opens it the first owner of a new blog.

Each start replaces the link. The database has a digest of its token, so the link works on all
machines. The instance folder has the token, so that a command can show the link again.
"""

import logging
import secrets
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.db import Error, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.models import User
from accounts.profiles import show_changes
from accounts.roles import Role
from identity import current
from identity.models import Site

log = logging.getLogger(__name__)

# Functions of higher apps. Each returns the address of the page where a new owner begins.
first_pages: list[Callable[[User, datetime], str]] = []


class HasOwner(Exception):  # noqa: N818  a state, not a mistake
    """The link no longer works, because the blog has an owner or a newer link."""


def register_first_page(find: Callable[[User, datetime], str]) -> None:
    """Lead new owners to the address that `find` returns."""
    first_pages.append(find)


def is_token(token: str, site: Site) -> bool:
    """Return whether the link with `token` works, in the same time for each wrong token."""
    expected = site.start_digest or secrets.token_hex(32)
    return constant_time_compare(digest_of(token), expected) and site.owned_since is None


def digest_of(token: str) -> str:
    return sha256(token.encode(errors="replace")).hexdigest()


def take_over(user: User, token: str, values: dict[str, str]) -> None:
    """Make `user` the owner, with these settings of the site. Raise HasOwner if it is too late.

    Call it in a transaction. If two people do so at once, the second waits here for the first.
    """
    if not is_token(token, current.locked()):
        raise HasOwner
    user.role = Role.OWNER
    user.save(update_fields=["role"])
    show_changes(user, ["role"])
    current.change(**values)
    transaction.on_commit(forget_token, robust=True)


# The link -----------------------------------------------------------------------------------------


def token_file() -> Path:
    return settings.INSTANCE_DIR / "start_token"


def keep_token(token: str) -> None:
    """Write the token to a new file that only the site's account can read."""
    forget_token()
    token_file().touch(0o600, exist_ok=False)
    token_file().write_text(token)


def forget_token() -> None:
    token_file().unlink(missing_ok=True)


def renew_link() -> str:
    """Replace the link and return its path, or return "" if the blog has ever had an owner."""
    if had_owner():
        forget_token()
        return ""
    token = secrets.token_urlsafe(32)
    keep_token(token)
    # If someone becomes the owner meanwhile, the link won't work. No page shows the digest, so the
    # pages that were rendered before this process became the workers stay cached.
    Site.objects.update_or_create(pk=1, defaults={"start_digest": digest_of(token)})
    return path_of(token)


def had_owner() -> bool:
    """Return whether the blog has ever had an owner, such as one from an older version."""
    if Site.objects.filter(owned_since__isnull=False).exists():
        return True
    has_owner = User.objects.filter(role=Role.OWNER).exists()
    if has_owner:
        current.note_owner(timezone.now())
    return has_owner


def path_of(token: str) -> str:
    return reverse("accounts:start", args=[token])


def link_at_start() -> str:
    """Replace the link at a start of the site. The site also starts if that is not possible."""
    try:
        return renew_link()
    except (Error, OSError) as error:
        log.warning("The link for the first owner was not created: %s", error)
        return ""


def find_link() -> str:
    """Return the path of the link that works, or of a new one. Return "" if there is an owner."""
    path = token_file()
    token = path.read_text() if path.exists() else ""
    row = Site.objects.first()
    return path_of(token) if row and token and is_token(token, row) else renew_link()
