"""The site's settings in force: environment variables if they are set, and otherwise the row.

Each process keeps them until the cache version rises, so reading them costs no query per page.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.db import Error, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.formats import reset_format_cache

from caching import fragments, pages, takedown
from identity.models import Site

# Seconds after which the settings are read again if the database or Redis did not respond.
RETRY = 1


class Kept(NamedTuple):
    """The settings that were in force when the cache version was `version`."""

    site: Site
    version: pages.CacheVersion | str | None
    good_until: float


kept: Kept | None = None
# Functions of higher apps. They run in the transaction that changes the settings.
effects: list[Callable[[Site, Site], None]] = []


def register_effect(effect: Callable[[Site, Site], None]) -> None:
    """Register `effect` to be called with the settings before and after each change."""
    effects.append(effect)


def site() -> Site:
    """Return the settings in force, which are shared and must not be changed.

    The defaults apply if the row does not exist, or the database does not respond.
    """
    # In a request, this is the version before its first query. Later changes raise it again.
    version = fragments.version_at_start.get() or pages.find_counter().read()
    if not kept or kept.version != version or time.monotonic() >= kept.good_until:
        keep(version)
    return kept.site


def keep(version: pages.CacheVersion | str | None) -> None:
    """Read the settings that are in force at this cache version."""
    global kept
    before = kept
    is_known = isinstance(version, bytes | int)
    try:
        found = in_force(Site.objects.first())
    except Error:
        found = before.site if before else in_force(None)
        is_known = False
    good_for = pages.LIFETIME if is_known else RETRY
    kept = Kept(found, version, time.monotonic() + good_for)
    if before and before.site.language != found.language:
        # Django keeps the formats of the interface's language, which are those of the blog's.
        reset_format_cache()


def in_force(row: Site | None) -> Site:
    """Return the settings with the values of environment variables."""
    found = row or Site()
    for column, value in fixed_values().items():
        setattr(found, column, value)
    return found


def fixed_values() -> dict[str, object]:
    """Return the columns that environment variables set, and their values."""
    given = settings.SITE_VARIABLES.items()
    return {column: value for column, (_, value) in given if value is not None}


class SettingsConflict(Exception):  # noqa: N818  no mistake
    """The settings were changed after the form was shown. `site` is the row."""

    def __init__(self, site: Site) -> None:
        super().__init__()
        self.site = site


@transaction.atomic
def change(*, seen: int | None = None, **values: object) -> None:
    """Save these settings, for all pages of all processes.

    `seen` is the version of the settings that the person saw. Raise SettingsConflict if there is a
    newer one.
    """
    row = locked()
    if seen is not None and seen != row.version:
        raise SettingsConflict(row)
    before = copy(row)
    for column, value in values.items():
        setattr(row, column, value)
    row.version += 1
    row.save()
    for effect in effects:
        effect(before, row)
    # Comments may have been turned off, so nginx has to forget its pages too.
    takedown.announce()


def locked() -> Site:
    """Return the row, locked until the transaction ends. The first call creates it."""
    Site.objects.get_or_create(pk=1)
    return Site.objects.select_for_update().get()


def note_owner(now: datetime) -> None:
    """Remember that the blog has an owner, which ends its first run for good."""
    if not site().owned_since:
        change(owned_since=now, start_digest="")


@contextmanager
def applied() -> Iterator[None]:
    """Use the site's time zone, and the language of its interface."""
    found = site()
    with timezone.override(found.zone), translation.override(found.interface_language):
        yield


def apply_site(get_response: Callable) -> Callable:
    """Middleware: use the site's time zone, and the language of its interface.

    Nothing is restored afterwards, because each request sets both. Restoring them took 10 µs.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        found = site()
        timezone.activate(found.zone)
        translation.activate(found.interface_language)
        with fragments.settled():
            return get_response(request)

    return middleware
