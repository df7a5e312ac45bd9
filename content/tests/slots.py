"""Fixtures that make a worker busy."""

from collections.abc import Iterator
from contextlib import contextmanager

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
