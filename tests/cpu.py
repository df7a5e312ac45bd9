"""A limit on CPU time, for texts that bad code would take minutes over.

Every other timing is a benchmark. These stay tests: a regular expression that backtracks and a
function of the standard library run in C, where no count of steps sees them. A limit is many times
what the code takes, and CPU time of one thread hardly depends on how busy the machine is.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def cpu_seconds_under(limit: float) -> Iterator[None]:
    started = time.thread_time()
    yield
    assert time.thread_time() - started < limit
