"""Tests of the life of a cached page: limits, stampedes, the cache version and the clock."""

import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Event

import pytest
from django.core.cache import cache
from django.db import OperationalError
from django.http import HttpResponse
from django.utils import timezone

from caching import pages
from caching.pages import FileCounter, RedisCounter
from caching.tests.cached import AnonymousVisitor, responding

ROOT = Path(__file__).parents[2]


# Limits -------------------------------------------------------------------------------------------


def test_the_least_recently_used_page_is_removed_first(anonymous):
    anonymous = AnonymousVisitor(responding(HttpResponse, os.urandom(24_000)), size_max=100_000)
    for name in ("/a", "/b", "/c"):
        anonymous.get(name)
    size_of_one = anonymous.cache.size // 3
    assert size_of_one > 24_000
    anonymous.get("/a")
    anonymous.get("/d")
    assert [key[3] for key in anonymous.cache.responses] == ["/c", "/a", "/d"]
    for number in range(20):
        anonymous.get(f"/{number}")
        kept = sum(response.size for response in anonymous.cache.responses.values())
        assert anonymous.cache.size == kept <= 100_000


def test_a_new_response_replaces_the_old_one(anonymous, clock):
    anonymous = AnonymousVisitor(responding(HttpResponse, "a"))
    anonymous.get()
    size = anonymous.cache.size
    clock(61)
    anonymous.get()
    assert (anonymous.rendered, len(anonymous.cache.responses), anonymous.cache.size) == (
        2,
        1,
        size,
    )


def test_hits_misses_and_size_are_logged(anonymous, caplog):
    caplog.set_level("INFO", "caching.pages")
    anonymous = AnonymousVisitor(responding(HttpResponse, "a"))
    for _ in range(pages.REPORTED_EVERY + 1):
        anonymous.get()
    assert (anonymous.cache.hits, anonymous.cache.misses) == (pages.REPORTED_EVERY, 1)
    (line,) = caplog.messages
    told = f"{os.getpid()}: 1000 hits, 1 misses, 1 pages in 0.0 MB"
    assert line == f"Page cache of worker {told}"


def test_caching_a_response_costs_one_query_and_serving_it_none(
    anonymous, post, django_assert_num_queries, django_assert_max_num_queries
):
    with django_assert_num_queries(1):
        AnonymousVisitor(responding(HttpResponse, "a")).get()
    anonymous.get()
    with django_assert_num_queries(0):
        anonymous.get()


# Stampedes ----------------------------------------------------------------------------------------


class SlowSite:
    """A site that responds once it is released, and counts the requests inside."""

    def __init__(self, application) -> None:
        self.application, self.entered, self.let_go = application, Event(), Event()

    def __call__(self, environ, start_response):
        self.entered.set()
        assert self.let_go.wait(30)
        return self.application(environ, start_response)


@pytest.fixture
def stampede(anonymous, monkeypatch):
    """Return a function that sends four requests for one page while it is being rendered."""
    # Avoid the database: each thread would open its own connection.
    monkeypatch.setattr(pages, "good_until", lambda now: float("inf"))

    def run(application) -> AnonymousVisitor:
        site = SlowSite(application)
        anonymous = AnonymousVisitor(site)
        waiting = WaitingEvents(anonymous.cache.rendering, 3, site.let_go)
        monkeypatch.setattr(pages, "Event", waiting.make)
        with ThreadPoolExecutor(4) as threads:
            first = threads.submit(anonymous.get)
            assert site.entered.wait(30)
            others = [threads.submit(anonymous.get) for _ in range(3)]
            assert {job.result().status for job in (first, *others)} == {200}
        return anonymous

    return run


class WaitingEvents:
    """Events that release the site once `number` threads wait for them."""

    def __init__(self, rendering: dict, number: int, let_go: Event) -> None:
        self.ready, self.let_go = Barrier(number, action=let_go.set), let_go

    def make(self) -> Event:
        event = Event()
        wait = event.wait

        def waited(timeout=None):
            self.ready.wait(30)
            return wait(timeout)

        event.wait = waited
        return event


def test_a_stampede_renders_once(stampede):
    anonymous = stampede(responding(HttpResponse, "a"))
    assert (anonymous.rendered, anonymous.cache.hits, anonymous.cache.rendering) == (1, 3, {})


def test_a_request_that_waited_for_an_uncached_page_renders_it(stampede):
    anonymous = stampede(responding(HttpResponse, "a", headers={"Cache-Control": "no-store"}))
    assert (anonymous.rendered, anonymous.cache.rendering) == (4, {})


def test_no_request_waits_forever(anonymous, monkeypatch):
    monkeypatch.setattr(pages, "PATIENCE", 0)
    key = pages.cache_key(
        {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "QUERY_STRING": "", "HTTP_HOST": "x"}
        | {"wsgi.url_scheme": "http"}
    )
    hanging = anonymous.cache.rendering.setdefault(key, Event())
    assert anonymous.get(HTTP_HOST="x").status == 400
    assert anonymous.cache.rendering == {key: hanging}


def test_a_failed_rendering_lets_the_next_one_try(anonymous):
    def failing(environ, start_response):
        raise OSError("broken")

    anonymous = AnonymousVisitor(failing)
    for _ in range(2):
        with pytest.raises(OSError, match="broken"):
            anonymous.get()
    assert anonymous.cache.rendering == {}


# The cache version --------------------------------------------------------------------------------


def test_a_change_reaches_every_worker(anonymous, post, django_capture_on_commit_callbacks):
    other = AnonymousVisitor()
    assert anonymous.is_kept() and other.is_kept()
    with django_capture_on_commit_callbacks() as callbacks:
        pages.changed()
    # The version doesn't rise before the commit, or else other workers would keep the old content.
    assert anonymous.is_kept() and (anonymous.rendered, other.rendered) == (1, 1)
    callbacks[0]()
    for worker in (anonymous, other):
        worker.get()
        assert worker.rendered == 2


def test_a_page_is_outdated_at_once_if_something_changes_while_it_is_rendered(anonymous):
    def changing(environ, start_response):
        anonymous.cache.counter.increase()
        return responding(HttpResponse, "a")(environ, start_response)

    anonymous.site = changing
    assert not anonymous.is_kept()


def test_this_process_sees_a_cache_version_that_another_process_increased(anonymous, settings):
    counter = FileCounter(settings.INSTANCE_DIR)
    before = counter.read()
    code = (
        "import django; django.setup(); from caching import pages; pages.find_counter().increase()"
    )
    names = {"DJANGO_SETTINGS_MODULE": "blogsite.settings", "PYTHONPATH": str(ROOT)}
    names["INSTANCE_DIR"] = str(settings.INSTANCE_DIR)
    subprocess.run([sys.executable, "-c", code], env=names, check=True)
    assert counter.read() != before


def test_the_counter_counts_every_increase_of_many_threads(settings, tmp_path):
    counter = FileCounter(tmp_path / "new")
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: counter.increase(), range(2_000)))
    assert int.from_bytes(counter.read(), "little") == 2_000
    assert counter.path.stat().st_mode & 0o777 == 0o600


def test_a_change_stays_committed_when_the_cache_version_cannot_be_increased(
    anonymous, settings, tmp_path, caplog, django_capture_on_commit_callbacks
):
    (tmp_path / "file").touch()
    settings.INSTANCE_DIR = tmp_path / "file" / "below"
    with django_capture_on_commit_callbacks(execute=True):
        pages.changed()
    assert "Error calling" in caplog.text


# Time ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "renderings"), [(59, 1), (60, 2), (-1, 2)])
def test_a_response_always_expires_after_a_minute(anonymous, post, clock, seconds, renderings):
    anonymous.get()
    clock(seconds)
    anonymous.get()
    assert anonymous.rendered == renderings


def test_a_response_never_outlives_the_next_publication(anonymous, make_post, clock):
    now = timezone.now()
    for seconds in (20, 40):
        make_post(title=f"In {seconds}", publish_at=now + timedelta(seconds=seconds))
    anonymous.get()
    clock(18)
    anonymous.get()
    assert anonymous.rendered == 1
    clock(22)
    anonymous.get()
    anonymous.get()
    assert anonymous.rendered == 2
    clock(42)
    anonymous.get()
    assert anonymous.rendered == 3


def test_a_response_is_sent_and_not_cached_if_the_database_just_stopped(anonymous, monkeypatch):
    def gone(now):
        raise OperationalError("gone")

    monkeypatch.setattr(pages, "good_until", gone)
    assert anonymous.get("/hello/").body == b"Hello, World!"
    assert not anonymous.is_kept("/hello/")


# Many machines ------------------------------------------------------------------------------------


def use_redis(settings, address: str, **options) -> None:
    backend = "django.core.cache.backends.redis.RedisCache"
    default = {"BACKEND": backend, "LOCATION": address, **options}
    settings.CACHES = settings.CACHES | {"default": default}


@pytest.fixture
def redis(anonymous, settings, request):
    """Put the cache into a real Redis, under its own keys."""
    prefix = f"page-cache-test-{os.getpid()}"
    use_redis(settings, "redis://127.0.0.1:6379/0", KEY_PREFIX=prefix)
    try:
        cache.delete(RedisCounter.KEY)
    except Exception:
        pytest.skip("no Redis at 127.0.0.1:6379")
    yield
    cache.delete(RedisCounter.KEY)


def test_the_shared_cache_version_is_the_time(anonymous):
    before = time.time_ns()
    # This works in any of Django's caches.
    first = RedisCounter("").increase()
    assert before < first < RedisCounter("").increase()


def test_through_redis_a_change_reaches_every_machine(
    redis, post, settings, tmp_path, django_capture_on_commit_callbacks
):
    one, other = AnonymousVisitor(), AnonymousVisitor()
    assert one.is_kept() and other.is_kept()
    # Another machine has another instance folder.
    settings.INSTANCE_DIR = tmp_path / "elsewhere"
    with django_capture_on_commit_callbacks(execute=True):
        pages.changed()
    for machine in (one, other):
        assert machine.is_kept()
        assert machine.rendered == 2


def test_a_redis_that_forgot_does_not_come_back_to_an_old_number(redis, post):
    machine = AnonymousVisitor()
    machine.cache.counter.increase()
    assert machine.is_kept()
    cache.delete(RedisCounter.KEY)
    assert machine.is_kept()
    assert machine.rendered == 2


def test_a_redis_that_crashed_brings_no_old_page_back_from_its_disk(redis, post, monkeypatch):
    machine = AnonymousVisitor()
    old = machine.cache.counter.increase()
    assert machine.is_kept()
    machine.cache.counter.increase()
    machine.cache.counter.threads.connection._sock.shutdown(socket.SHUT_RDWR)
    cache.set(RedisCounter.KEY, old, timeout=None)
    machine.get()
    later = time.monotonic() + RedisCounter.REST
    monkeypatch.setattr(pages.time, "monotonic", lambda: later)
    assert machine.is_kept()
    assert machine.rendered == 3


def test_a_new_process_has_its_own_connection_to_redis(redis, settings, monkeypatch):
    """Two processes that share their master's connection would read each other's responses."""
    counter = RedisCounter(settings.CACHES["default"]["LOCATION"])
    number, inherited = counter.read(), counter.threads.connection
    monkeypatch.setattr(os, "getpid", lambda: 1)
    assert counter.read() == number
    assert counter.threads.connection is not inherited


def test_without_its_redis_the_site_responds_and_nothing_comes_from_the_cache(anonymous, settings):
    use_redis(settings, "redis://127.0.0.1:1/0")
    machine = AnonymousVisitor()
    reply = machine.get()
    assert reply.status == 200
    # A cache in front may keep the page for its few seconds, which helps.
    assert reply.is_from_cache
    assert not machine.is_kept()
    assert not machine.cache.responses


def test_a_redis_that_hangs_is_waited_for_once_a_second(anonymous, settings, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        options = {"socket_timeout": 0.1, "socket_connect_timeout": 0.1}
        use_redis(settings, address, OPTIONS=options)
        machine = AnonymousVisitor()
        assert not machine.is_kept("/hello/")
        silent.settimeout(5)
        silent.accept()[0].close()
        silent.settimeout(0)
        with pytest.raises(BlockingIOError):
            silent.accept()
        later = time.monotonic() + RedisCounter.REST
        monkeypatch.setattr(pages.time, "monotonic", lambda: later)
        machine.get("/hello/")
        silent.accept()[0].close()
