"""A limit on CPU time, for texts on which bad code would spend minutes.

All other timing is in benchmarks. These are tests because backtracking regular expressions and
functions of the standard library run in C, where no step counter sees them. A limit is many times
the usual time, and the CPU time of one thread hardly depends on the machine's load.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def cpu_seconds_under(limit: float) -> Iterator[None]:
    started = time.thread_time()
    yield
    assert time.thread_time() - started < limit
