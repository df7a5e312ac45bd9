"""What somebody else does between two questions to the database."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def meanwhile(act: Callable, *, before: str, skip: int = 0) -> Iterator[None]:
    """Do `act` once, before a statement that holds the text `before`, after so many others."""
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
