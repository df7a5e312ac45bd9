"""Sharing of connections among real workers, each in a thread of this process."""

import http.client
import os
import selectors
import socket
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import BinaryIO

import pytest
from gunicorn.config import Config
from gunicorn.glogging import Logger
from gunicorn.sock import TCPSocket

from blogsite.serving import AccessLine
from blogsite.worker import Worker

TIMEOUT = 20


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(30) as pool:
        yield pool


class Site:
    """A WSGI callable that responds with the path, and to `/wait` only once `released` is set."""

    def __init__(self) -> None:
        self.started, self.released = Event(), Event()
        self.responded = 0

    def __call__(self, environ: dict, start_response: Callable) -> list[bytes]:
        if environ["PATH_INFO"] == "/wait":
            self.started.set()
            self.released.wait(TIMEOUT)
        self.responded += 1
        start_response("200 OK", [])
        return [environ["PATH_INFO"].encode()]


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def config() -> Config:
    config = Config()
    for name, value in {"threads": 1, "bind": "127.0.0.1:0", "workers": 2}.items():
        config.set(name, value)
    return config


@pytest.fixture
def listener(config) -> Iterator[TCPSocket]:
    listener = TCPSocket(("127.0.0.1", 0), config, Logger(config))
    yield listener
    listener.close()


@pytest.fixture
def start(config, listener, pool, site) -> Iterator[Callable]:
    """Return a function that starts a worker with one thread at the shared port."""
    started = []

    def start_worker() -> Worker:
        # Each worker closes its listener, so it gets its own.
        own = TCPSocket(("127.0.0.1", 0), config, Logger(config), fd=os.dup(listener.sock.fileno()))
        worker = Worker(1, os.getppid(), [own], None, 30, config, AccessLine(config))
        worker.tpool, worker.wsgi = worker.get_thread_pool(), site
        worker.poller = selectors.DefaultSelector()
        worker.method_queue.init()
        started.append((worker, pool.submit(worker.run)))
        return worker

    yield start_worker
    site.released.set()
    for worker, running in started:
        worker.handle_exit(None, None)
        running.result(TIMEOUT)
        worker.tmp.close()


@pytest.fixture
def get(listener) -> Callable:
    host, port = listener.sock.getsockname()

    def ask(path: str) -> str:
        with urllib.request.urlopen(f"http://{host}:{port}{path}", timeout=TIMEOUT) as response:
            return response.read().decode()

    return ask


def test_no_request_waits_for_a_busy_worker_while_another_is_free(start, get, site, pool):
    start(), start()
    first = pool.submit(get, "/wait")
    assert site.started.wait(TIMEOUT)
    paths = [f"/{number}" for number in range(20)]
    assert list(pool.map(get, paths, timeout=TIMEOUT)) == paths
    site.released.set()
    assert first.result(TIMEOUT) == "/wait"


def test_if_all_workers_are_busy_waiting_requests_are_served_once_one_is_free(
    start, get, site, pool
):
    start()
    first = pool.submit(get, "/wait")
    assert site.started.wait(TIMEOUT)
    waiting = [pool.submit(get, "/late") for _ in range(5)]
    site.released.set()
    assert first.result(TIMEOUT) == "/wait"
    assert {one.result(TIMEOUT) for one in waiting} == {"/late"}


def test_requests_on_a_kept_connection_keep_no_one_out(start, get, site, pool, listener):
    worker = start()
    kept = http.client.HTTPConnection(*listener.sock.getsockname(), timeout=TIMEOUT)
    kept.request("GET", "/")
    assert kept.getresponse().read() == b"/"
    kept.request("GET", "/wait")
    assert site.started.wait(TIMEOUT)
    new, last = pool.submit(get, "/new"), time.monotonic() + TIMEOUT
    while worker.nr_conns < 2:
        assert time.monotonic() < last
    site.released.set()
    assert kept.getresponse().read() == b"/wait"
    assert new.result(TIMEOUT) == "/new"
    kept.close()


def read(response: BinaryIO) -> bytes:
    # Gunicorn waits until the client closes the connection.
    with response:
        return response.read()


@pytest.fixture
def send_late(listener) -> Callable:
    """Return a function that connects, sends a request, and returns a file for the response."""

    def send() -> BinaryIO:
        # The system opens the connection before a worker accepts it.
        with socket.create_connection(listener.sock.getsockname(), timeout=TIMEOUT) as sent:
            sent.sendall(b"GET /late HTTP/1.0\r\n\r\n")
            return sent.makefile("rb")

    return send


@pytest.fixture
def stop_while_five_wait(start, get, site, pool, send_late) -> Callable:
    """Return a function that stops a worker with a busy thread and returns the waiting requests."""

    def stop() -> list[BinaryIO]:
        worker = start()
        first = pool.submit(get, "/wait")
        assert site.started.wait(TIMEOUT)
        waiting = [send_late() for _ in range(5)]
        worker.handle_exit(None, None)
        taken = min(6, worker.worker_connections // 2)
        end = time.monotonic() + TIMEOUT
        while worker.nr_conns < taken:
            assert time.monotonic() < end
        site.released.set()
        assert first.result(TIMEOUT) == "/wait"
        return waiting

    return stop


def test_a_waiting_connection_is_served_even_by_a_stopping_worker(stop_while_five_wait):
    assert all(b"/late" in read(response) for response in stop_while_five_wait())


def test_a_stopping_worker_accepts_only_as_many_as_it_can_serve(
    config, start, site, stop_while_five_wait
):
    config.set("worker_connections", 6)
    waiting = stop_while_five_wait()
    assert [b"/late" in read(response) for response in waiting[:2]] == [True, True]
    assert site.responded == 3
    start()
    assert all(b"/late" in read(response) for response in waiting[2:])


@pytest.fixture
def watch(monkeypatch) -> Callable:
    """Return a function that makes all overrides of a class record their names when called."""

    def watch_class(owner: type) -> tuple[set[str], set[str]]:
        overrides = {name for name in vars(owner) if hasattr(owner.__mro__[1], name)}
        overrides -= {"__init__", "__doc__", "__module__"}
        called = set()

        def noting(name: str, override: Callable) -> Callable:
            def note(*args, **kwargs):
                called.add(name)
                return override(*args, **kwargs)

            return note

        for name in overrides:
            monkeypatch.setattr(owner, name, noting(name, vars(owner)[name]))
        return overrides, called

    return watch_class


def test_gunicorn_calls_each_override_of_the_worker(watch, start, get):
    overrides, called = watch(Worker)
    assert overrides >= {"wait_for_and_dispatch_events", "enqueue_req", "finish_request"}
    worker = start()
    assert get("/") == "/"
    end = time.monotonic() + TIMEOUT
    while called != overrides:
        assert time.monotonic() < end
    assert worker.nr_conns == 0 and not worker.new


def test_gunicorn_calls_each_override_of_the_logger(watch, start, get, capfd, config):
    overrides, called = watch(AccessLine)
    assert overrides == {"setup", "access"}
    config.set("accesslog", "-")
    start()
    assert get("/") == "/"
    end = time.monotonic() + TIMEOUT
    while called != overrides:
        assert time.monotonic() < end
    line = capfd.readouterr().err
    assert '"GET /" 200 1 ' in line
