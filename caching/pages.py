"""Whole pages for anonymous visitors, served before Django builds a request.

`PageCache` wraps the WSGI callable. Each worker keeps its own answers, in memory; all workers
share one number, the cache version. A change that anyone might see calls `changed()`, which raises
the version once the change is committed. A kept page is good while the version is the one read
before the page was rendered, until the next scheduled post is published, and for LIFETIME at most,
because a process that is killed between the commit and the counter tells the others nothing.
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

from caching.requests import Key, in_order, key_of, takes_gzip

log = logging.getLogger(__name__)

# Seconds for which an answer is good at most.
LIFETIME = 60
# For shared caches in front: five seconds, four more while they ask again, and one for rounding.
# A minute more if no machine responds (`takedown`).
CACHE_CONTROL = "public, max-age=0, s-maxage=5, stale-while-revalidate=4, stale-if-error=60"
VARY = "Cookie, Accept-Encoding"
# Bytes a worker keeps, and those of one answer; sitemaps of many posts are larger.
SIZE_MAX = 16 * 1024 * 1024
ANSWER_MAX = 1024 * 1024
# What Python itself takes for one answer: headers, lists and a key.
OVERHEAD = 4_000
# Whoever waits for another's rendering does not do so for ever.
PATIENCE = 5
REPORTED_EVERY = 1_000
REPORT = "Page cache of worker %d: %d hits, %d misses, %d answers in %.1f MB"

# Headers of the application's answer whose place ours take, or that belong to one request.
OURS = {"cache-control", "content-length", "etag", "last-modified", "vary", "x-request-id"}
OF_BODY = {"Content-Type", "Content-Encoding", "Content-Length"}
TEXT = re.compile(r"(text/(html|plain)|application/([a-z]+\+)?(xml|json))\b")
date_of = lru_cache(maxsize=256)(http_date)
ETAG = re.compile(r'"[^"]*"')

Headers = list[tuple[str, str]]
CacheVersion = bytes | int | None  # None if Redis does not respond


# The cache version --------------------------------------------------------------------------------


def changed() -> None:
    """Drop all cached pages, in every worker, once the transaction is committed.

    Each function that changes what readers see calls this, or `takedown.announce`. A signal of
    Django's can't do it: `update` and `bulk_create`, which most of them use, send none, and
    `post_save` comes for each autosave of a draft, too, which would empty the cache every few
    seconds. Each kind of change is in `posts/tests/test_page_cache_changes.py`.

    Robust: the change stays committed even if the counter can't be raised.
    """
    transaction.on_commit(lambda: find_counter().increase(), robust=True)


class FileCounter:
    """The cache version in a file of the instance folder, for one machine.

    All processes map its eight bytes into memory, so each sees a change at once.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def open(self) -> int:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)

    def increase(self) -> None:
        descriptor = self.open()  # anew, because threads that share one share its lock too
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
        """The file as memory: looking costs no system call."""
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

    # The name that 0.1 used: during an update, machines of both versions share one counter.
    KEY = "page_cache.generation"
    REST = 1  # seconds without a question to one that failed: one that hangs holds every request

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
        """Return the version, or None if Redis does not respond: then no page is kept or served."""
        if time.monotonic() < self.rests_until:
            return None
        if getattr(self.threads, "process", 0) != os.getpid():
            self.connect()
        try:
            self.threads.connection.send_packed_command(self.threads.question, check_health=False)
            number = self.threads.connection.read_response()
            # After a crash it may know an old number again, from its disk, or none.
            return int(self.increase() if self.was_away or not number else number)
        # Drivers have no common error; `/readyz` says that the cache does not answer.
        except Exception:
            self.rests_until = time.monotonic() + self.REST
            self.was_away = True
            # The next question connects anew, and gets no late answer to this one.
            self.threads.connection.disconnect()
            return None

    def connect(self) -> None:
        """Give the thread a connection of its own: through Django's cache, asking costs tenfold."""
        from redis.connection import ConnectionPool  # which takes long to import

        pool = ConnectionPool.from_url(self.url, **settings.CACHES["default"].get("OPTIONS", {}))
        self.threads.connection = pool.make_connection()
        self.threads.process = os.getpid()
        question = ("GET", cache.make_key(self.KEY))
        self.threads.question = self.threads.connection.pack_command(*question)


counter_at = lru_cache(maxsize=1)(lambda kind, place: kind(place))


def find_counter() -> FileCounter | RedisCounter:
    if (where := settings.CACHES["default"])["BACKEND"].endswith("RedisCache"):
        return counter_at(RedisCounter, where["LOCATION"])
    return counter_at(FileCounter, settings.INSTANCE_DIR / "page_cache.generation")


# What is kept -------------------------------------------------------------------------------------


class Form:
    """An answer in one coding, ready to be sent, and the answer to who has it already."""

    def __init__(self, headers: Headers, body: bytes, etag: str) -> None:
        self.body = body
        self.etag = etag
        own = [("Cache-Control", CACHE_CONTROL), ("Vary", VARY), ("ETag", etag)]
        self.headers = [*headers, *own, ("Content-Length", str(len(body)))]
        self.unchanged = [header for header in self.headers if header[0] not in OF_BODY]

    @property
    def size(self) -> int:
        return len(self.body) + sum(len(name) + len(value) for name, value in self.headers)


@dataclass(slots=True)
class Answer:
    plain: Form
    # None where the text is no shorter for it.
    gzipped: Form | None
    version: CacheVersion
    made_at: float
    good_until: float
    modified_at: int

    @property
    def size(self) -> int:
        return OVERHEAD + self.plain.size + (self.gzipped.size if self.gzipped else 0)

    def is_good(self, version: CacheVersion, now: float) -> bool:
        # Also not after the clock was set back.
        return self.version == version and self.made_at <= now < self.good_until

    def send(self, environ: dict, start_response: Callable) -> list[bytes]:
        form = self.plain
        now = time.time()
        if self.gzipped and takes_gzip(environ.get("HTTP_ACCEPT_ENCODING", "")):
            form = self.gzipped
        # Dates count whole seconds. Until this one has come, another response may replace this one
        # in the same second, and would have the same date.
        dated = [("Last-Modified", date_of(self.modified_at))] if self.modified_at <= now else []
        if self.is_known(environ, form, now):
            start_response("304 Not Modified", form.unchanged + dated)
            return []
        start_response("200 OK", form.headers + dated)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [form.body]

    def is_known(self, environ: dict, form: Form, now: float) -> bool:
        """Tell whether the visitor has this answer already; the tag is asked first (RFC 9110)."""
        tags = environ.get("HTTP_IF_NONE_MATCH")
        if tags is not None:
            return tags.strip() == "*" or form.etag in ETAG.findall(tags)
        date = environ.get("HTTP_IF_MODIFIED_SINCE")
        return date is not None and self.modified_at <= (parse_http_date_safe(date) or 0) <= now


def is_for_everyone(status: str, headers: Headers, response: Iterable[bytes]) -> bool:
    """Return whether a response is a text, not huge, and the same for all anonymous visitors."""
    said = {name.lower(): value for name, value in headers}
    varies = {name.strip().lower() for name in said.get("vary", "").split(",") if name}
    return (
        status.startswith("200 ")
        and isinstance(response, HttpResponse)
        # Whoever says how long an answer is good knows better than we do.
        and not said.keys() & {"set-cookie", "cache-control", "content-encoding"}
        and varies <= {"cookie", "accept-encoding"}
        and TEXT.match(said.get("content-type", "")) is not None
        and len(response.content) <= ANSWER_MAX
    )


def make_answer(
    headers: Headers, body: bytes, version: CacheVersion, made_at: float, good_until: float
) -> Answer:
    kept = [(name, value) for name, value in headers if name.lower() not in OURS]
    digest = hashlib.sha256(body).hexdigest()[:32]
    packed = gzip.compress(body, compresslevel=6, mtime=0)
    coded = [*kept, ("Content-Encoding", "gzip")]
    return Answer(
        Form(kept, body, f'"{digest}"'),
        Form(coded, packed, f'"{digest}-gzip"') if len(packed) < len(body) else None,
        version,
        made_at,
        good_until,
        # Only the view knows the date of its content; otherwise, the page is new.
        modified_at=date_said(headers) or int(time.time()) + 1,
    )


def date_said(headers: Headers) -> int | None:
    """Return the `Last-Modified` among the headers of a view, in seconds since 1970."""
    dates = [value for name, value in headers if name.lower() == "last-modified"]
    return parse_http_date_safe(dates[0]) if dates else None


# Each returns when its app's pages next change without a save, or None.
next_changes: list[Callable[[datetime], datetime | None]] = []


def register_next_change(find: Callable[[datetime], datetime | None]) -> None:
    """Let no page outlive the time that `find` returns, such as that of a scheduled post."""
    next_changes.append(find)


def good_until(now: float) -> float:
    """Return when a page made `now` becomes old: after LIFETIME, or at the next known change."""
    moment = datetime.fromtimestamp(now, UTC)
    times = [at.timestamp() for find in next_changes if (at := find(moment))]
    return min([now + LIFETIME, *times])


# The wrapper --------------------------------------------------------------------------------------


class PageCache:
    """Gives what is kept, has rendered once what is not, and passes all else through untouched."""

    def __init__(self, application: Callable, *, size_max: int = SIZE_MAX) -> None:
        self.application = application
        self.size_max = size_max
        self.counter = find_counter()
        self.answers: OrderedDict[Key, Answer] = OrderedDict()  # the least recently used first
        self.rendering: dict[Key, Event] = {}
        self.size = self.hits = self.misses = 0
        self.lock = Lock()

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        # Before anyone reads it: the page, too, repeats the question in its links.
        environ["QUERY_STRING"] = in_order(environ.get("QUERY_STRING", ""))
        key = key_of(environ)
        if not key:
            return self.application(environ, start_response)
        if answer := self.find(key, self.counter.read()):
            return answer.send(environ, start_response)
        return self.render_once(key, environ, start_response)

    def find(self, key: Key, version: CacheVersion) -> Answer | None:
        """Return the answer, where there is one and it is good."""
        with self.lock:
            answer = self.answers.get(key)
            if answer is None or not answer.is_good(version, time.time()):
                return None
            self.answers.move_to_end(key)
            self.hits += 1
            if self.hits % REPORTED_EVERY == 0:
                counts = (os.getpid(), self.hits, self.misses, len(self.answers))
                log.info(REPORT, *counts, self.size / 1024 / 1024)
            return answer

    def render_once(self, key: Key, environ: dict, start_response: Callable) -> Iterable[bytes]:
        """Render and keep, unless another thread is at it: then wait, and take what it kept."""
        done = Event()
        if (ahead := self.rendering.setdefault(key, done)) is not done:
            ahead.wait(PATIENCE)
        try:
            # Read before rendering: a change from here on makes the page old at once.
            version = self.counter.read()
            if answer := self.find(key, version):
                return answer.send(environ, start_response)
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
        # Render the whole page for HEAD too, and for visitors who may have it already.
        whole = {"REQUEST_METHOD": "GET", "HTTP_IF_MODIFIED_SINCE": "", "HTTP_IF_NONE_MATCH": ""}
        asked = {name: environ.get(name) for name in whole}
        environ |= whole
        response = self.application(environ, lambda *said: started.append(said))
        environ |= asked
        status, headers = started[0][:2]
        is_page = is_for_everyone(status, headers, response)
        answer = self.keep(key, headers, response.content, version, now) if is_page else None
        if answer is None:
            start_response(*started[0])
            if environ["REQUEST_METHOD"] == "GET":
                return response
        response.close()
        return answer.send(environ, start_response) if answer else []

    def keep(
        self, key: Key, headers: Headers, body: bytes, version: CacheVersion, now: float
    ) -> Answer | None:
        """Make an answer and keep it; None where it is too large, or the database has gone."""
        try:
            answer = make_answer(headers, body, version, now, good_until(now))
        except DatabaseError:
            return None
        if answer.size > ANSWER_MAX:
            return None
        if version is None:  # A cache in front may have it for its seconds all the same.
            return answer
        with self.lock:
            if old := self.answers.pop(key, None):
                self.size -= old.size
                # Nothing changed since: who has the old one has this one.
                is_same = (old.version, old.plain.etag) == (version, answer.plain.etag)
                if is_same and date_said(headers) is None:
                    answer.modified_at = old.modified_at
            self.answers[key] = answer
            self.size += answer.size
            while self.size > self.size_max:
                self.size -= self.answers.popitem(last=False)[1].size
        return answer
