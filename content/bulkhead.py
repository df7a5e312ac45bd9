"""Bulkheads: expensive work never takes all threads of a worker, so short requests get through.

A request that finds all slots taken gets a 503 at once (`content.outages`), with the submitted
text. Only a login from a known browser waits for a slot.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

# At this length, the slowest text takes a tenth of a second to render.
LONG_TEXT = 20_000


class Busy(Exception):  # noqa: N818  a state, not a mistake
    """All slots for expensive work are taken. The same request can succeed seconds later."""


class Bulkhead:
    """A limited number of slots. A thread takes at most one of them, even in nested calls."""

    def __init__(self, slots: int) -> None:
        self.free = threading.BoundedSemaphore(slots)
        # One request waits at a time, so that waiting takes few threads.
        self.waiting = threading.Lock()
        self.thread = threading.local()

    @contextmanager
    def slot(self, patience: float = 0) -> Iterator[None]:
        """Occupy a slot, or raise Busy. A thread that already has a slot takes no second one.

        One thread at a time may wait for up to `patience` seconds.
        """
        if getattr(self.thread, "holds_one", False):
            yield
            return
        if not (self.free.acquire(blocking=False) or self.wait(patience)):
            raise Busy
        self.thread.holds_one = True
        try:
            yield
        finally:
            self.thread.holds_one = False
            self.free.release()

    def wait(self, patience: float) -> bool:
        """Wait for a slot and return whether there is one now."""
        if not patience or not self.waiting.acquire(blocking=False):
            return False
        try:
            return self.free.acquire(timeout=patience)
        finally:
            self.waiting.release()


# Each worker has one: half of its threads may hash, decode images or render long texts.
expensive = Bulkhead(max(1, settings.WEB_THREADS // 2))


@contextmanager
def slot_for(text: str) -> Iterator[None]:
    """Occupy a slot while `text` is rendered, if it is long; may raise Busy."""
    if len(text) <= LONG_TEXT:
        yield
        return
    with expensive.slot():
        yield
