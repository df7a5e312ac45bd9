"""Django's SQLite backend with a queue for writers and a check for a replaced file.

Only one connection writes at a time. SQLite lets the others retry after ever longer pauses, up to
100 ms, and the latest one retries first, so under load some wait for seconds. Here one thread of a
process retries every millisecond, and the others queue behind it.

A file that was deleted or replaced while the process runs is refused. Anything saved to the old
file would be lost, and its write-ahead log would damage the new file.
"""

import contextlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from sqlite3 import SQLITE_BUSY
from threading import Lock

from django.db import OperationalError
from django.db.backends.sqlite3 import base

PAUSE = 0.001
DEFAULT_PATIENCE = 5

# Only the thread that has this lock asks SQLite again and again; others of its process wait for it.
polling = Lock()
# Device and inode of each database file when this process, or its parent, first opened it.
first_identities: dict[str, tuple[int, int]] = {}


class DatabaseReplaced(OperationalError):  # noqa: N818  a state, not a mistake
    """The file was deleted or replaced since this process opened it."""

    # The 503 page says that only a restart helps, not waiting.
    until_restart = True


def identity_of(path: str) -> tuple[int, int] | None:
    """Return the identity of the file at `path`, or None if there is no file."""
    try:
        found = os.stat(path)  # noqa: PTH116  for each query; a Path takes three times as long
    except OSError:
        return None
    return found.st_dev, found.st_ino


def remember_identity(path: str) -> None:
    """Remember which file is at `path`, and keep it open so that no other file gets its inode.

    It is never closed, because that would release SQLite's locks on the file.
    """
    with contextlib.suppress(OSError):
        found = os.fstat(os.open(path, os.O_RDONLY))
        first_identities[path] = found.st_dev, found.st_ino


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict):
        # Check before connecting, because SQLite creates a missing file. Check again afterward, in
        # case the file was replaced.
        self.refuse_replaced()
        connection = super().get_new_connection(conn_params)
        path = str(self.settings_dict["NAME"])
        if path not in first_identities:
            remember_identity(path)
        self.refuse_replaced()
        return connection

    def create_cursor(self, name: str | None = None):
        """Return a cursor after a check of the file, which takes about 1 µs."""
        self.refuse_replaced()
        return super().create_cursor(name)

    def _commit(self) -> None:
        self.refuse_replaced()
        super()._commit()

    def refuse_replaced(self) -> None:
        """Raise DatabaseReplaced if the path no longer leads to the file that was opened first."""
        path = str(self.settings_dict["NAME"])
        if path in first_identities and identity_of(path) != first_identities[path]:
            raise DatabaseReplaced(
                f"{path} was deleted or replaced while the site was running. Nothing is saved "
                "until the site is restarted."
            )

    def _start_transaction_under_autocommit(self) -> None:
        """Begin a write transaction; raise OperationalError if the wait exceeds `timeout`."""
        end = time.monotonic() + self.patience
        is_first = polling.acquire(timeout=self.patience)
        try:
            with self.wrap_database_errors, self.without_waiting():
                while not self.begins(is_last_look=time.monotonic() >= end):
                    time.sleep(PAUSE)
        finally:
            if is_first:
                polling.release()

    @property
    def patience(self) -> float:
        return self.settings_dict["OPTIONS"].get("timeout", DEFAULT_PATIENCE)

    @contextmanager
    def without_waiting(self) -> Iterator[None]:
        """Let statements fail at once while another process writes. By default, SQLite waits."""
        self.ensure_connection()
        self.connection.execute("PRAGMA busy_timeout = 0")
        try:
            yield
        finally:
            self.connection.execute(f"PRAGMA busy_timeout = {self.patience * 1000:.0f}")

    def begins(self, *, is_last_look: bool) -> bool:
        """Begin the transaction. Return False if another one is writing."""
        try:
            self.connection.execute("BEGIN IMMEDIATE")
        except base.Database.OperationalError as error:
            if error.sqlite_errorcode != SQLITE_BUSY or is_last_look:
                raise
            return False
        return True
