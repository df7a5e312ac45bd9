"""What many visitors are shown alike, made once and kept in each worker for those who log in too.

A piece is what everybody gets: a card, a comment as those see it who may do the same with it, a
page of a list. What only some may see is asked of the database for each of them anew. Pieces go
when cached pages go: when the cache version rises, when a scheduled post is published, and after a
minute (`each`). What is made of the same values stays, as it is never old (`always`).
"""

import sys
from collections.abc import Callable, Hashable
from contextvars import ContextVar
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime
from types import NoneType
from typing import TypeVar

from django.conf import settings
from django.db import connection
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.urls import get_script_prefix
from django.utils import timezone
from django.utils.translation import get_language

from caching import pages

Key = TypeVar("Key", bound=Hashable)
Piece = TypeVar("Piece")

# Bytes that a worker keeps on each of its two shelves: some 3,000 pieces. Where there are more, it
# begins anew.
SIZE_MAX = 4_000_000
# What Python takes for a place in a dictionary that grows.
OVERHEAD = 100
# What has no parts.
PLAIN = (str, int, NoneType, datetime)


@dataclass(slots=True)
class Shelf:
    """Pieces of one cache version, good between two instants in seconds since 1970."""

    version: pages.CacheVersion | None = None
    made_at: float = 0
    good_until: float = 0
    pieces: dict = field(default_factory=dict)
    size: int = 0

    def keep(self, pieces: dict) -> None:
        added = sum(OVERHEAD + bytes_of(item) for item in pieces.items())
        if added > SIZE_MAX:
            # A page of very long comments would drive out all else for itself.
            return
        if self.size + added > SIZE_MAX:
            self.pieces = {}
            self.size = 0
        self.pieces.update(pieces)
        self.size += added


def bytes_of(thing: object) -> int:
    """Return what Python takes for a piece or a key and all that it is made of.

    Not the number of characters: each may take four bytes, and so may a digit of an id.
    """
    # First, as most are: a page of comments has thousands.
    if isinstance(thing, PLAIN):
        return sys.getsizeof(thing)
    parts = thing if isinstance(thing, tuple | list) else ()
    if isinstance(thing, Model):
        parts = values_of(thing)
    elif is_dataclass(thing):
        parts = [getattr(thing, part.name) for part in fields(thing)]
    return sys.getsizeof(thing) + sum(map(bytes_of, parts))


newest = Shelf()
# What is never old, by all that it says.
rendered = Shelf()
# The cache version when the request began, before its first query.
version_at_start = ContextVar[pages.CacheVersion | str | None]("version_at_start", default=None)


def note_cache_version(get_response: Callable) -> Callable:
    """Middleware: note the cache version before the request reads the database."""

    def middleware(request: HttpRequest) -> HttpResponse:
        token = version_at_start.set(pages.find_counter().read() or "unknown")
        try:
            return get_response(request)
        finally:
            version_at_start.reset(token)

    return middleware


def each(
    kind: str,
    keys: list[Key],
    make: Callable[[list[Key]], dict[Key, Piece]],
    *,
    now: datetime | None = None,
) -> dict[Key, Piece]:
    """Return the piece for each key, in their order; `make` is asked for what is missing.

    A key names all that its piece depends on besides what is saved, and `now`, where time counts.
    """
    # Before `make` looks at the database: a change from here on raises the version.
    return from_shelf(find_shelf(now or timezone.now()), kind, keys, make)


def always(
    kind: str, keys: list[Key], make: Callable[[list[Key]], dict[Key, Piece]]
) -> dict[Key, Piece]:
    """Return the same of pieces that are never old.

    A key is all that its piece says, as it is and not by an id, so that a change needs to tell
    nobody: what has changed is another key.
    """
    return from_shelf(rendered if settings.KEEP_FRAGMENTS else Shelf(), kind, keys, make)


def from_shelf(
    shelf: Shelf, kind: str, keys: list[Key], make: Callable[[list[Key]], dict[Key, Piece]]
) -> dict[Key, Piece]:
    zone = timezone.get_current_timezone_name()
    pieces = shelf.pieces
    # Links begin with the path that the site lies at.
    context = (kind, get_language(), zone, get_script_prefix())
    found = {key: pieces[context, key] for key in keys if (context, key) in pieces}
    missing = [key for key in keys if key not in found]
    made = make(missing) if missing else {}
    shelf.keep({(context, key): piece for key, piece in made.items()})
    found |= made
    return {key: found[key] for key in keys if key in found}


def values_of(instance: Model) -> tuple:
    """Return all that was loaded of a row."""
    return tuple(value for name, value in vars(instance).items() if name[0] != "_")


def find_shelf(now: datetime) -> Shelf:
    """Return the shelf with what is good at `now`; one of its own where nothing can be shared."""
    global newest
    # What a transaction sees may never be committed.
    if not settings.KEEP_FRAGMENTS or connection.in_atomic_block:
        return Shelf()
    version = pages.find_counter().read()
    at = now.timestamp()
    shelf = newest
    # What a request saw of the database may be older than a change that came in its middle.
    if version is None or version_at_start.get() not in (None, version):
        return Shelf()
    # Nor what was made before the clock was set back, which would be good again in an hour.
    is_good = shelf.made_at - pages.LIFETIME < at < shelf.good_until
    if shelf.version != version or not is_good:
        shelf = newest = Shelf(version, at, pages.good_until(at))
    # Who looked at the clock before it was made gets nothing from it, and leaves nothing.
    return shelf if shelf.made_at <= at else Shelf()
