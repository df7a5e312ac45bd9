"""Whole pages for anonymous visitors, served before Django builds a request.

`PageCache` wraps the WSGI callable. Each worker keeps its own pages, in memory; all workers share
one number, the cache version. A change that anyone might see calls `changed()`, which raises the
version once the change is committed. A kept page is valid as long as the version is still the one
that was read before rendering, and until the next scheduled post is published. It is never served
longer than LIFETIME, because a process that is killed after the commit can't raise the version.
"""

import fcntl
import gzip
import hashlib
import logging
import mmap
import os
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from pathlib import Path
from threading import Event, Lock, local

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, transaction
from django.http import HttpResponse
from django.utils.http import http_date, parse_http_date_safe

from caching.requests import Key, cache_key, in_order, takes_gzip

log = logging.getLogger(__name__)

# Seconds after which a page is rendered again, even if nothing has changed.
LIFETIME = 60
# Shared caches in front may serve a page for five seconds, for four more while they fetch it again,
# and for one more because of rounding. If no machine responds, they may serve it for a minute
# (`takedown`).
CACHE_CONTROL = "public, max-age=0, s-maxage=5, stale-while-revalidate=4, stale-if-error=60"
VARY = "Cookie, Accept-Encoding"
# The most bytes that a worker keeps, and the most of one response. Sitemaps of many posts are
# larger.
SIZE_MAX = 16 * 1024 * 1024
RESPONSE_MAX = 1024 * 1024
# Bytes that Python takes for one response: headers, lists and a key.
OVERHEAD = 4_000
# Seconds that a request waits for another request to render the same page.
PATIENCE = 5
REPORTED_EVERY = 1_000
REPORT = "Page cache of worker %d: %d hits, %d misses, %d pages in %.1f MB"

# Headers of the view's response that ours replace, or that belong to one request.
REPLACED = {"cache-control", "content-length", "etag", "last-modified", "vary", "x-request-id"}
BODY_HEADERS = {"Content-Type", "Content-Encoding", "Content-Length"}
TEXT = re.compile(r"(text/(html|plain)|application/([a-z]+\+)?(xml|json))\b")
date_of = lru_cache(maxsize=256)(http_date)
ETAG = re.compile(r'"[^"]*"')

Headers = list[tuple[str, str]]
CacheVersion = bytes | int | None  # None if Redis does not respond


# The cache version --------------------------------------------------------------------------------


def changed() -> None:
    """Drop all cached pages, in every worker, once the transaction is committed.

    Each function that changes what readers see calls this, or `takedown.announce`. Django's signals
    can't replace these calls. `update` and `bulk_create`, which most of these functions use, send
    no signal. `post_save` is also sent for each autosave of a draft, which would empty the cache
    every few seconds. `posts/tests/test_page_cache_changes.py` covers each kind of change.

    `robust=True` keeps the change committed even if the counter can't be raised.
    """
    transaction.on_commit(lambda: find_counter().increase(), robust=True)


class FileCounter:
    """The cache version in a file of the instance folder, for one machine.

    All processes map its eight bytes into memory, so each sees a change at once.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "page_cache.generation"

    def open(self) -> int:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)

    def increase(self) -> None:
        # Open a descriptor for each call, because threads that share one would share its lock.
        descriptor = self.open()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            number = int.from_bytes(os.pread(descriptor, 8, 0), "little")
            os.pwrite(descriptor, (number + 1).to_bytes(8, "little"), 0)
        finally:
            os.close(descriptor)

    def read(self) -> bytes:
        return self.memory[:8]

    @cached_property
    def memory(self) -> mmap.mmap:
        """Map the file into memory, so that reading it costs no system call."""
        descriptor = self.open()
        try:
            os.ftruncate(descriptor, 8)
            return mmap.mmap(descriptor, 8, prot=mmap.PROT_READ)
        finally:
            os.close(descriptor)


class RedisCounter:
    """The cache version in the Redis of CACHE_URL, for many machines.

    It is the time of the last change, so that no version is used twice.
    """

    # Version 0.1 used this name. During an update, machines of both versions share one counter.
    KEY = "page_cache.generation"
    REST = 1  # seconds without a query after Redis failed: if it hangs, every request waits

    def __init__(self, url: str) -> None:
        self.url = url
        self.threads = local()
        self.rests_until = 0.0
        self.was_away = False

    def increase(self) -> int:
        cache.set(self.KEY, number := time.time_ns(), timeout=None)
        self.was_away = False
        return number

    def read(self) -> int | None:
        """Return the version. If Redis does not respond, return None: no page is kept or served."""
        if time.monotonic() < self.rests_until:
            return None
        if getattr(self.threads, "process", 0) != os.getpid():
            self.connect()
        try:
            self.threads.connection.send_packed_command(self.threads.question, check_health=False)
            number = self.threads.connection.read_response()
            # After a crash, Redis may have an old number from its disk, or none.
            return int(self.increase() if self.was_away or not number else number)
        # Drivers have no common error; `/readyz` reports that the cache does not respond.
        except Exception:
            self.rests_until = time.monotonic() + self.REST
            self.was_away = True
            # The next read opens a new connection, so it can't receive a late reply to this one.
            self.threads.connection.disconnect()
            return None

    def connect(self) -> None:
        """Give the thread its own connection. Django's cache takes ten times as long to read."""
        from redis.connection import ConnectionPool  # slow to import

        pool = ConnectionPool.from_url(self.url, **settings.CACHES["default"].get("OPTIONS", {}))
        self.threads.connection = pool.make_connection()
        self.threads.process = os.getpid()
        question = ("GET", cache.make_key(self.KEY))
        self.threads.question = self.threads.connection.pack_command(*question)


counter_at = lru_cache(maxsize=1)(lambda kind, place: kind(place))


def find_counter() -> FileCounter | RedisCounter:
    if (where := settings.CACHES["default"])["BACKEND"].endswith("RedisCache"):
        return counter_at(RedisCounter, where["LOCATION"])
    return counter_at(FileCounter, settings.INSTANCE_DIR)


# Cached responses ---------------------------------------------------------------------------------


class Representation:
    """A response in one encoding, and the 304 response for clients that already have it."""

    def __init__(self, headers: Headers, body: bytes, etag: str) -> None:
        self.body = body
        self.etag = etag
        own = [("Cache-Control", CACHE_CONTROL), ("Vary", VARY), ("ETag", etag)]
        self.headers = [*headers, *own, ("Content-Length", str(len(body)))]
        self.unchanged = [header for header in self.headers if header[0] not in BODY_HEADERS]

    @property
    def size(self) -> int:
        return len(self.body) + sum(len(name) + len(value) for name, value in self.headers)


@dataclass(slots=True)
class CachedResponse:
    plain: Representation
    # None if gzip does not make it shorter.
    gzipped: Representation | None
    version: CacheVersion
    made_at: float
    good_until: float
    modified_at: int

    @property
    def size(self) -> int:
        return OVERHEAD + self.plain.size + (self.gzipped.size if self.gzipped else 0)

    def is_good(self, version: CacheVersion, now: float) -> bool:
        # A page from the future is not valid either; it means that the clock was set back.
        return self.version == version and self.made_at <= now < self.good_until

    def send(self, environ: dict, start_response: Callable) -> list[bytes]:
        chosen = self.plain
        now = time.time()
        if self.gzipped and takes_gzip(environ.get("HTTP_ACCEPT_ENCODING", "")):
            chosen = self.gzipped
        # Dates count whole seconds. Until this second has passed, another response with the same
        # date may replace this one, so no date is sent yet.
        dated = [("Last-Modified", date_of(self.modified_at))] if self.modified_at <= now else []
        if self.is_current(environ, chosen, now):
            start_response("304 Not Modified", chosen.unchanged + dated)
            return []
        start_response("200 OK", chosen.headers + dated)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [chosen.body]

    def is_current(self, environ: dict, chosen: Representation, now: float) -> bool:
        """Return whether the client already has this response. ETag takes precedence (RFC 9110)."""
        tags = environ.get("HTTP_IF_NONE_MATCH")
        if tags is not None:
            return tags.strip() == "*" or chosen.etag in ETAG.findall(tags)
        date = environ.get("HTTP_IF_MODIFIED_SINCE")
        return date is not None and self.modified_at <= (parse_http_date_safe(date) or 0) <= now


def is_for_everyone(status: str, headers: Headers, response: Iterable[bytes]) -> bool:
    """Return whether a response is text, not too large, and the same for all anonymous visitors."""
    present = {name.lower(): value for name, value in headers}
    varies = {name.strip().lower() for name in present.get("vary", "").split(",") if name}
    return (
        status.startswith("200 ")
        and isinstance(response, HttpResponse)
        # If a view sets Cache-Control, it decides how the page is cached.
        and not present.keys() & {"set-cookie", "cache-control", "content-encoding"}
        and varies <= {"cookie", "accept-encoding"}
        and TEXT.match(present.get("content-type", "")) is not None
        and len(response.content) <= RESPONSE_MAX
    )


def make_response(
    headers: Headers, body: bytes, version: CacheVersion, made_at: float, good_until: float
) -> CachedResponse:
    kept = [(name, value) for name, value in headers if name.lower() not in REPLACED]
    digest = hashlib.sha256(body).hexdigest()[:32]
    packed = gzip.compress(body, compresslevel=6, mtime=0)
    coded = [*kept, ("Content-Encoding", "gzip")]
    return CachedResponse(
        Representation(kept, body, f'"{digest}"'),
        Representation(coded, packed, f'"{digest}-gzip"') if len(packed) < len(body) else None,
        version,
        made_at,
        good_until,
        # Only the view knows the date of its content. Otherwise, the page counts as new.
        modified_at=last_modified_of(headers) or int(time.time()) + 1,
    )


def last_modified_of(headers: Headers) -> int | None:
    """Return `Last-Modified` from the headers of a view, in seconds since 1970."""
    dates = [value for name, value in headers if name.lower() == "last-modified"]
    return parse_http_date_safe(dates[0]) if dates else None


# Each function returns when its app's pages next change without a save, or None.
next_changes: list[Callable[[datetime], datetime | None]] = []


def register_next_change(next_change: Callable[[datetime], datetime | None]) -> None:
    """Expire pages at the time that `next_change` returns, such as that of a scheduled post."""
    next_changes.append(next_change)


def good_until(now: float) -> float:
    """Return when a page rendered `now` expires: after LIFETIME, or at the next known change."""
    moment = datetime.fromtimestamp(now, UTC)
    times = [at.timestamp() for next_change in next_changes if (at := next_change(moment))]
    return min([now + LIFETIME, *times])


# The wrapper --------------------------------------------------------------------------------------


class PageCache:
    """WSGI callable that serves kept pages, renders missing ones once, and passes on the rest."""

    def __init__(self, application: Callable, *, size_max: int = SIZE_MAX) -> None:
        self.application = application
        self.size_max = size_max
        self.counter = find_counter()
        # Least recently used first.
        self.responses: OrderedDict[Key, CachedResponse] = OrderedDict()
        self.rendering: dict[Key, Event] = {}
        self.size = self.hits = self.misses = 0
        self.lock = Lock()

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        # Sort before anything reads the query, because links on the page repeat it.
        environ["QUERY_STRING"] = in_order(environ.get("QUERY_STRING", ""))
        key = cache_key(environ)
        if not key:
            return self.application(environ, start_response)
        if cached := self.find_fresh(key, self.counter.read()):
            return cached.send(environ, start_response)
        return self.render_once(key, environ, start_response)

    def find_fresh(self, key: Key, version: CacheVersion) -> CachedResponse | None:
        """Return the kept response if there is one that is still valid."""
        with self.lock:
            cached = self.responses.get(key)
            if cached is None or not cached.is_good(version, time.time()):
                return None
            self.responses.move_to_end(key)
            self.hits += 1
            if self.hits % REPORTED_EVERY == 0:
                counts = (os.getpid(), self.hits, self.misses, len(self.responses))
                log.info(REPORT, *counts, self.size / 1024 / 1024)
            return cached

    def render_once(self, key: Key, environ: dict, start_response: Callable) -> Iterable[bytes]:
        """Render and keep the page. If another thread renders it, wait for that one instead."""
        done = Event()
        if (ahead := self.rendering.setdefault(key, done)) is not done:
            ahead.wait(PATIENCE)
        try:
            # Read before rendering: any later change makes the page outdated at once.
            version = self.counter.read()
            if cached := self.find_fresh(key, version):
                return cached.send(environ, start_response)
            return self.render(key, version, environ, start_response)
        finally:
            if ahead is done:
                del self.rendering[key]
                done.set()

    def render(
        self, key: Key, version: CacheVersion, environ: dict, start_response: Callable
    ) -> Iterable[bytes]:
        started = []
        now = time.time()
        with self.lock:
            self.misses += 1
        # Render the whole page for HEAD too, and for visitors who may already have it.
        whole = {"REQUEST_METHOD": "GET", "HTTP_IF_MODIFIED_SINCE": "", "HTTP_IF_NONE_MATCH": ""}
        asked = {name: environ.get(name) for name in whole}
        environ |= whole
        response = self.application(environ, lambda *sent: started.append(sent))
        environ |= asked
        status, headers = started[0][:2]
        is_page = is_for_everyone(status, headers, response)
        cached = self.keep(key, headers, response.content, version, now) if is_page else None
        if cached is None:
            start_response(*started[0])
            if environ["REQUEST_METHOD"] == "GET":
                return response
        response.close()
        return cached.send(environ, start_response) if cached else []

    def keep(
        self, key: Key, headers: Headers, body: bytes, version: CacheVersion, now: float
    ) -> CachedResponse | None:
        """Keep and return a response, or return None if it is too large or the database is down."""
        try:
            cached = make_response(headers, body, version, now, good_until(now))
        except DatabaseError:
            return None
        if cached.size > RESPONSE_MAX:
            return None
        if version is None:  # A cache in front may still keep it for its few seconds.
            return cached
        with self.lock:
            if old := self.responses.pop(key, None):
                self.size -= old.size
                # Nothing has changed, so a client that has the old response has this one too.
                is_same = (old.version, old.plain.etag) == (version, cached.plain.etag)
                if is_same and last_modified_of(headers) is None:
                    cached.modified_at = old.modified_at
            self.responses[key] = cached
            self.size += cached.size
            while self.size > self.size_max:
                self.size -= self.responses.popitem(last=False)[1].size
        return cached
