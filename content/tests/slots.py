"""Fixtures that make a worker busy."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from content.bulkhead import Bulkhead, expensive


@contextmanager
def all_slots_taken(bulkhead: Bulkhead = expensive) -> Iterator[None]:
    """Take all free slots, as other threads would."""
    taken = 0
    while bulkhead.free.acquire(blocking=False):
        taken += 1
    try:
        yield
    finally:
        bulkhead.free.release(taken)


@contextmanager
def slots_taken_until_someone_waits(bulkhead: Bulkhead) -> Iterator[None]:
    """Take all free slots, and free them once a thread waits for one, or after ten seconds."""

    def hold(are_taken: threading.Event) -> None:
        with all_slots_taken(bulkhead):
            are_taken.set()
            end = monotonic() + 10
            while not bulkhead.waiting.locked() and monotonic() < end:
                os.sched_yield()

    are_taken = threading.Event()
    holder = threading.Thread(target=hold, args=[are_taken])
    holder.start()
    are_taken.wait()
    try:
        yield
    finally:
        holder.join()
