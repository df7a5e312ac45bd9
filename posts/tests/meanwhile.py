"""Helpers that act between two queries of a test, or run jobs at the same moment."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier

from django.db import connection


@contextmanager
def meanwhile(act: Callable, *, before: str, skip: int = 0) -> Iterator[None]:
    """Call `act` once, just before statement number `skip` + 1 of those that contain `before`."""
    left = skip + 1

    def execute(run, sql, *rest):
        nonlocal left
        if before in sql and left:
            left -= 1
            if not left:
                act()
        return run(sql, *rest)

    with connection.execute_wrapper(execute):
        yield
    assert not left


def together(jobs: list) -> list:
    """Start all `jobs` at the same moment, each in a thread with its own connection."""
    ready = Barrier(len(jobs))

    def run(job):
        ready.wait(timeout=60)
        try:
            return job()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as threads:
        return list(threads.map(run, jobs))
