"""What the page cache keeps and for how long: bounds, stampedes, the cache version, the clock."""

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
from caching.tests.cached import Nobody, answering

ROOT = Path(__file__).parents[2]


# Bounds -------------------------------------------------------------------------------------------


def test_the_least_recently_used_goes_first_and_the_size_is_bounded(nobody):
    nobody = Nobody(answering(HttpResponse, os.urandom(24_000)), size_max=100_000)
    for name in ("/a", "/b", "/c"):
        nobody.get(name)
    size_of_one = nobody.cache.size // 3
    assert size_of_one > 24_000
    nobody.get("/a")
    nobody.get("/d")
    assert [key[3] for key in nobody.cache.answers] == ["/c", "/a", "/d"]
    for number in range(20):
        nobody.get(f"/{number}")
        kept = sum(answer.size for answer in nobody.cache.answers.values())
        assert nobody.cache.size == kept <= 100_000


def test_an_answer_made_anew_takes_the_place_of_the_old(nobody, clock):
    nobody = Nobody(answering(HttpResponse, "a"))
    nobody.get()
    size = nobody.cache.size
    clock(61)
    nobody.get()
    assert (nobody.rendered, len(nobody.cache.answers), nobody.cache.size) == (2, 1, size)


def test_hits_misses_and_size_are_counted_and_told(nobody, caplog):
    caplog.set_level("INFO", "caching.pages")
    nobody = Nobody(answering(HttpResponse, "a"))
    for _ in range(pages.REPORTED_EVERY + 1):
        nobody.get()
    assert (nobody.cache.hits, nobody.cache.misses) == (pages.REPORTED_EVERY, 1)
    (line,) = caplog.messages
    told = f"{os.getpid()}: 1000 hits, 1 misses, 1 answers in 0.0 MB"
    assert line == f"Page cache of worker {told}"


def test_keeping_an_answer_costs_one_query_and_giving_it_none(
    nobody, post, django_assert_num_queries, django_assert_max_num_queries
):
    with django_assert_num_queries(1):
        Nobody(answering(HttpResponse, "a")).get()
    nobody.get()
    with django_assert_num_queries(0):
        nobody.get()


# A stampede ---------------------------------------------------------------------------------------


class SlowSite:
    """Answers once it is let go, and tells how many are inside."""

    def __init__(self, application) -> None:
        self.application, self.entered, self.let_go = application, Event(), Event()

    def __call__(self, environ, start_response):
        self.entered.set()
        assert self.let_go.wait(30)
        return self.application(environ, start_response)


@pytest.fixture
def stampede(nobody, monkeypatch):
    """Return a function that lets four ask for one page at once, while it is being rendered."""
    # No database: each thread would open a connection of its own.
    monkeypatch.setattr(pages, "good_until", lambda now: float("inf"))

    def run(application) -> Nobody:
        site = SlowSite(application)
        nobody = Nobody(site)
        waiting = WaitingEvents(nobody.cache.rendering, 3, site.let_go)
        monkeypatch.setattr(pages, "Event", waiting.make)
        with ThreadPoolExecutor(4) as threads:
            first = threads.submit(nobody.get)
            assert site.entered.wait(30)
            others = [threads.submit(nobody.get) for _ in range(3)]
            assert {job.result().status for job in (first, *others)} == {200}
        return nobody

    return run


class WaitingEvents:
    """Events that let the site go once `number` threads wait for them."""

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
    nobody = stampede(answering(HttpResponse, "a"))
    assert (nobody.rendered, nobody.cache.hits, nobody.cache.rendering) == (1, 3, {})


def test_who_waited_for_what_is_not_kept_renders_for_themselves(stampede):
    nobody = stampede(answering(HttpResponse, "a", headers={"Cache-Control": "no-store"}))
    assert (nobody.rendered, nobody.cache.rendering) == (4, {})


def test_nobody_waits_for_ever(nobody, monkeypatch):
    monkeypatch.setattr(pages, "PATIENCE", 0)
    key = pages.key_of(
        {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "QUERY_STRING": "", "HTTP_HOST": "x"}
        | {"wsgi.url_scheme": "http"}
    )
    hanging = nobody.cache.rendering.setdefault(key, Event())
    assert nobody.get(HTTP_HOST="x").status == 400
    assert nobody.cache.rendering == {key: hanging}


def test_a_failed_rendering_lets_the_next_one_try(nobody):
    def failing(environ, start_response):
        raise OSError("broken")

    nobody = Nobody(failing)
    for _ in range(2):
        with pytest.raises(OSError, match="broken"):
            nobody.get()
    assert nobody.cache.rendering == {}


# The cache version --------------------------------------------------------------------------------


def test_a_change_reaches_every_worker(nobody, post, django_capture_on_commit_callbacks):
    other = Nobody()
    assert nobody.is_kept() and other.is_kept()
    with django_capture_on_commit_callbacks() as callbacks:
        pages.changed()
    # Not before the transaction is committed: others would keep what it replaces.
    assert nobody.is_kept() and (nobody.rendered, other.rendered) == (1, 1)
    callbacks[0]()
    for worker in (nobody, other):
        worker.get()
        assert worker.rendered == 2


def test_a_change_while_a_page_is_rendered_makes_it_old_at_once(nobody):
    def changing(environ, start_response):
        nobody.cache.counter.increase()
        return answering(HttpResponse, "a")(environ, start_response)

    nobody.site = changing
    assert not nobody.is_kept()


def test_this_process_sees_a_cache_version_that_another_process_increased(nobody, settings):
    counter = FileCounter(settings.INSTANCE_DIR / "page_cache.generation")
    before = counter.read()
    code = (
        "import django; django.setup(); from caching import pages; pages.find_counter().increase()"
    )
    names = {"DJANGO_SETTINGS_MODULE": "blogsite.settings", "PYTHONPATH": str(ROOT)}
    names["INSTANCE_DIR"] = str(settings.INSTANCE_DIR)
    subprocess.run([sys.executable, "-c", code], env=names, check=True)
    assert counter.read() != before


def test_the_counter_counts_every_increase_of_many_threads(settings, tmp_path):
    counter = FileCounter(tmp_path / "new" / "counter")
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: counter.increase(), range(2_000)))
    assert int.from_bytes(counter.read(), "little") == 2_000
    assert counter.path.stat().st_mode & 0o777 == 0o600


def test_a_change_stays_committed_when_the_cache_version_cannot_be_increased(
    nobody, settings, tmp_path, caplog, django_capture_on_commit_callbacks
):
    (tmp_path / "file").touch()
    settings.INSTANCE_DIR = tmp_path / "file" / "below"
    with django_capture_on_commit_callbacks(execute=True):
        pages.changed()
    assert "Error calling" in caplog.text


# Time ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "renderings"), [(59, 1), (60, 2), (-1, 2)])
def test_an_answer_dies_after_a_minute_whatever_happens(nobody, post, clock, seconds, renderings):
    nobody.get()
    clock(seconds)
    nobody.get()
    assert nobody.rendered == renderings


def test_an_answer_never_outlives_the_next_publication(nobody, make_post, clock):
    now = timezone.now()
    for seconds in (20, 40):
        make_post(title=f"In {seconds}", publish_at=now + timedelta(seconds=seconds))
    nobody.get()
    clock(18)
    nobody.get()
    assert nobody.rendered == 1
    clock(22)
    nobody.get()
    nobody.get()
    assert nobody.rendered == 2
    clock(42)
    nobody.get()
    assert nobody.rendered == 3


def test_an_answer_is_given_and_not_kept_where_the_database_has_just_gone(nobody, monkeypatch):
    def gone(now):
        raise OperationalError("gone")

    monkeypatch.setattr(pages, "good_until", gone)
    assert nobody.get("/hello/").body == b"Hello, World!"
    assert not nobody.is_kept("/hello/")


# Many machines ------------------------------------------------------------------------------------


def use_redis(settings, address: str, **options) -> None:
    backend = "django.core.cache.backends.redis.RedisCache"
    default = {"BACKEND": backend, "LOCATION": address, **options}
    settings.CACHES = settings.CACHES | {"default": default}


@pytest.fixture
def redis(nobody, settings, request):
    """Put the cache into a real Redis, under keys of our own."""
    prefix = f"page-cache-test-{os.getpid()}"
    use_redis(settings, "redis://127.0.0.1:6379/0", KEY_PREFIX=prefix)
    try:
        cache.delete(RedisCounter.KEY)
    except Exception:
        pytest.skip("no Redis at 127.0.0.1:6379")
    yield
    cache.delete(RedisCounter.KEY)


def test_the_shared_cache_version_is_the_time(nobody):
    before = time.time_ns()
    # In any of Django's caches.
    first = RedisCounter("").increase()
    assert before < first < RedisCounter("").increase()


def test_through_redis_a_change_reaches_every_machine(
    redis, post, settings, tmp_path, django_capture_on_commit_callbacks
):
    one, other = Nobody(), Nobody()
    assert one.is_kept() and other.is_kept()
    # Another machine has another instance folder.
    settings.INSTANCE_DIR = tmp_path / "elsewhere"
    with django_capture_on_commit_callbacks(execute=True):
        pages.changed()
    for machine in (one, other):
        assert machine.is_kept()
        assert machine.rendered == 2


def test_a_redis_that_forgot_does_not_come_back_to_an_old_number(redis, post):
    machine = Nobody()
    machine.cache.counter.increase()
    assert machine.is_kept()
    cache.delete(RedisCounter.KEY)
    assert machine.is_kept()
    assert machine.rendered == 2


def test_a_redis_that_crashed_brings_no_old_page_back_from_its_disk(redis, post, monkeypatch):
    machine = Nobody()
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


def test_a_new_process_asks_redis_on_a_connection_of_its_own(redis, settings, monkeypatch):
    """Two that share one, as their master had it, read each other's answers."""
    counter = RedisCounter(settings.CACHES["default"]["LOCATION"])
    number, inherited = counter.read(), counter.threads.connection
    monkeypatch.setattr(os, "getpid", lambda: 1)
    assert counter.read() == number
    assert counter.threads.connection is not inherited


def test_without_its_redis_the_site_answers_and_nothing_comes_from_the_cache(nobody, settings):
    use_redis(settings, "redis://127.0.0.1:1/0")
    machine = Nobody()
    reply = machine.get()
    assert reply.status == 200
    # What stands in front may keep it for its seconds, which is a help.
    assert reply.is_cached_form
    assert not machine.is_kept()
    assert not machine.cache.answers


def test_a_redis_that_hangs_is_waited_for_once_a_second(nobody, settings, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        options = {"socket_timeout": 0.1, "socket_connect_timeout": 0.1}
        use_redis(settings, address, OPTIONS=options)
        machine = Nobody()
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
