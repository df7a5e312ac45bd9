"""Bulkheads: expensive work never takes all threads of a worker, so short requests get through.

Nobody waits for a place. A request that finds none gets a 503 at once (`content.outages`), with
the text it brought.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

# Characters that take a tenth of a second to render, for a text that was made to be slow.
LONG_TEXT = 20_000


class Busy(Exception):  # noqa: N818  a state, not a mistake
    """All places for expensive work are taken; the same request works a few seconds later."""


class Bulkhead:
    """A number of places; a thread holds at most one of them, however deep its calls nest."""

    def __init__(self, places: int) -> None:
        self.free = threading.BoundedSemaphore(places)
        self.thread = threading.local()

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place meanwhile, or raise Busy. A thread that holds one already goes on."""
        if getattr(self.thread, "holds_one", False):
            yield
            return
        if not self.free.acquire(blocking=False):
            raise Busy
        self.thread.holds_one = True
        try:
            yield
        finally:
            self.thread.holds_one = False
            self.free.release()


# One for each worker: half of its threads may hash, decode images or render long texts.
expensive = Bulkhead(max(1, settings.WEB_THREADS // 2))


@contextmanager
def place_for(text: str) -> Iterator[None]:
    """Hold a place for expensive work while `text` is rendered, if it is long; may raise Busy."""
    if len(text) <= LONG_TEXT:
        yield
        return
    with expensive.place():
        yield
