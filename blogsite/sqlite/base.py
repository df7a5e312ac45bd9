"""Django's SQLite, whose writers come in turn.

One may write at a time. SQLite has those who wait look again after ever longer pauses, up to
100 ms, and who came last looks first: under load some wait for seconds. Here one thread of a
process looks, each millisecond, and the others queue behind it.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from sqlite3 import SQLITE_BUSY
from threading import Lock

from django.db.backends.sqlite3 import base

PAUSE = 0.001
DEFAULT_PATIENCE = 5

looking = Lock()


class DatabaseWrapper(base.DatabaseWrapper):
    def _start_transaction_under_autocommit(self) -> None:
        """Begin to write; raise OperationalError where that takes longer than `timeout` allows."""
        end = time.monotonic() + self.patience
        is_first = looking.acquire(timeout=self.patience)
        try:
            with self.wrap_database_errors, self.without_waiting():
                while not self.begins(is_last_look=time.monotonic() >= end):
                    time.sleep(PAUSE)
        finally:
            if is_first:
                looking.release()

    @property
    def patience(self) -> float:
        return self.settings_dict["OPTIONS"].get("timeout", DEFAULT_PATIENCE)

    @contextmanager
    def without_waiting(self) -> Iterator[None]:
        """Refuse statements at once where another process writes; otherwise SQLite waits."""
        self.ensure_connection()
        self.connection.execute("PRAGMA busy_timeout = 0")
        try:
            yield
        finally:
            self.connection.execute(f"PRAGMA busy_timeout = {self.patience * 1000:.0f}")

    def begins(self, *, is_last_look: bool) -> bool:
        """Tell whether nobody else was writing, so that the transaction has begun."""
        try:
            self.connection.execute("BEGIN IMMEDIATE")
        except base.Database.OperationalError as error:
            if error.sqlite_errorcode != SQLITE_BUSY or is_last_look:
                raise
            return False
        return True
