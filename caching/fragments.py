"""Per-worker cache of HTML fragments shared by visitors.

A fragment is a part of a page that many people see alike: a card, a page of a list, a comment as
everyone with the same permissions sees it. Permissions are never kept: each request queries the
private texts that its visitor may see. `until_next_change()` keeps fragments as long as cached
pages: until the cache version rises, a scheduled post is published, or a minute has passed.
`by_value()` keeps fragments whose key contains everything that they show, so they are never
outdated.
"""

import sys
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime
from types import NoneType
from typing import TypeVar

from django import template
from django.conf import settings
from django.db import connection
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import get_script_prefix
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from caching import pages

register = template.Library()

Key = TypeVar("Key", bound=Hashable)
Fragment = TypeVar("Fragment")

# Bytes that a worker keeps in each of its two stores, enough for 3,000 fragments. A full store is
# emptied.
SIZE_MAX = 4_000_000
# Bytes that Python takes for an entry of a growing dictionary.
OVERHEAD = 100
# Values that contain no other values.
PLAIN = (str, int, NoneType, datetime)


@dataclass(slots=True)
class Store:
    """Fragments of one cache version, valid between two times in seconds since 1970."""

    version: pages.CacheVersion | None = None
    made_at: float = 0
    good_until: float = 0
    fragments: dict = field(default_factory=dict)
    size: int = 0

    def keep(self, fragments: dict) -> None:
        added = sum(OVERHEAD + bytes_of(item) for item in fragments.items())
        if added > SIZE_MAX:
            # A page of very long comments would evict everything else.
            return
        if self.size + added > SIZE_MAX:
            self.fragments = {}
            self.size = 0
        self.fragments.update(fragments)
        self.size += added


def bytes_of(thing: object) -> int:
    """Return the bytes that Python takes for a fragment or a key, with all of its parts.

    Counting characters is not enough: each may take four bytes, even a digit of an id.
    """
    # Checked first, because most values are plain: a page of comments has thousands.
    if isinstance(thing, PLAIN):
        return sys.getsizeof(thing)
    parts = thing if isinstance(thing, tuple | list) else ()
    if isinstance(thing, Model):
        parts = values_of(thing)
    elif is_dataclass(thing):
        parts = [getattr(thing, part.name) for part in fields(thing)]
    return sys.getsizeof(thing) + sum(map(bytes_of, parts))


changing = Store()
unchanging = Store()
# Each function returns something that the HTML of all fragments depends on. Links begin with the
# path that the site is served under.
dependencies: list[Callable[[], Hashable]] = [
    get_language,
    timezone.get_current_timezone_name,
    get_script_prefix,
]
# The values of the dependencies while they don't change.
surroundings = ContextVar[tuple | None]("surroundings", default=None)
# The cache version when the request began, before its first query.
version_at_start = ContextVar[pages.CacheVersion | str | None]("version_at_start", default=None)


def register_dependency(find: Callable[[], Hashable]) -> None:
    """Keep fragments apart for each value that `find` returns, such as the blog's language."""
    dependencies.append(find)


def find_surroundings() -> tuple:
    return tuple(find() for find in dependencies)


@contextmanager
def settled() -> Iterator[None]:
    """Find out what all fragments depend on once, because nothing of it changes in this block.

    A page shows about nine fragments, and finding it out takes 7 µs.
    """
    token = surroundings.set(find_surroundings())
    try:
        yield
    finally:
        surroundings.reset(token)


def note_cache_version(get_response: Callable) -> Callable:
    """Middleware: note the cache version before the request reads the database."""

    def middleware(request: HttpRequest) -> HttpResponse:
        token = version_at_start.set(pages.find_counter().read() or "unknown")
        try:
            return get_response(request)
        finally:
            version_at_start.reset(token)

    return middleware


def until_next_change(
    kind: str, key: Key, make: Callable[[], Fragment], *, now: datetime | None = None
) -> Fragment:
    """Return the fragment of `key`, kept until pages change.

    A key contains everything that its fragment depends on, except rows of the database. Pass `now`
    if the fragment depends on the time.
    """
    return many_until_next_change(kind, [key], lambda keys: {key: make()}, now=now)[key]


def many_until_next_change(
    kind: str,
    keys: list[Key],
    make: Callable[[list[Key]], dict[Key, Fragment]],
    *,
    now: datetime | None = None,
) -> dict[Key, Fragment]:
    """Return the fragment of each key, in their order; `make` renders the missing ones.

    It may leave out keys that have no fragment.
    """
    # Get the store before `make` reads the database, because later changes raise the cache version.
    return find_or_make(current_store(now or timezone.now()), kind, keys, make)


def by_value(kind: str, key: Key, make: Callable[[], Fragment]) -> Fragment:
    """Return the fragment of `key`, kept for as long as there is room.

    A key contains the values that its fragment shows, not ids of rows. Changed values form another
    key, so changes need no announcement.
    """
    store = unchanging if settings.KEEP_FRAGMENTS else Store()
    return find_or_make(store, kind, [key], lambda keys: {key: make()})[key]


@register.simple_tag
def include_cached(name: str, **values: Hashable) -> SafeString:
    """Template tag: include a template that shows only `values`, rendered once per worker."""
    return by_value(name, tuple(values.items()), lambda: render_to_string(name, values))


def find_or_make(
    store: Store, kind: str, keys: list[Key], make: Callable[[list[Key]], dict[Key, Fragment]]
) -> dict[Key, Fragment]:
    fragments = store.fragments
    context = (kind, surroundings.get() or find_surroundings())
    found = {key: fragments[context, key] for key in keys if (context, key) in fragments}
    missing = [key for key in keys if key not in found]
    if missing:
        made = make(missing)
        store.keep({(context, key): fragment for key, fragment in made.items()})
        found |= made
    return {key: found[key] for key in keys if key in found}


def values_of(instance: Model) -> tuple:
    """Return all loaded columns of a row."""
    return tuple(value for name, value in vars(instance).items() if name[0] != "_")


def current_store(now: datetime) -> Store:
    """Return the store that is valid at `now`, or an empty one if nothing may be shared."""
    global changing
    # Rows that a transaction reads may never be committed.
    if not settings.KEEP_FRAGMENTS or connection.in_atomic_block:
        return Store()
    version = pages.find_counter().read()
    at = now.timestamp()
    store = changing
    # This request may have read the database before a change that raised the version.
    if version is None or version_at_start.get() not in (None, version):
        return Store()
    # If the clock was set back, an old store would become valid again.
    is_good = store.made_at - pages.LIFETIME < at < store.good_until
    if store.version != version or not is_good:
        store = changing = Store(version, at, pages.good_until(at))
    # If a request read the clock before the store was created, it may not use the store.
    return store if store.made_at <= at else Store()
