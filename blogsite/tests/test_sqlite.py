"""Our SQLite backend: writers take turns, and a replaced file is refused.

The tests use their own SQLite file, whatever the site's database is.
"""

import os
from pathlib import Path

import pytest
from django.db import OperationalError

from blogsite.sqlite import base


@pytest.fixture
def connect(load, db):
    """Return a function that connects to one SQLite file, with a timeout in seconds."""
    settings = load()["DATABASES"]["default"]
    unsaid = {"AUTOCOMMIT": True, "TIME_ZONE": None, "USER": "", "PASSWORD": "", "HOST": ""}
    opened = []

    def open_one(patience: float = 5) -> base.DatabaseWrapper:
        options = settings["OPTIONS"] | {"timeout": patience}
        opened.append(base.DatabaseWrapper(unsaid | settings | {"OPTIONS": options}, "other"))
        opened[-1].ensure_connection()
        return opened[-1]

    yield open_one
    for wrapper in opened:
        wrapper.close()


def begin(wrapper: base.DatabaseWrapper) -> None:
    wrapper.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)


def patience_of(wrapper: base.DatabaseWrapper) -> int:
    """Return how many milliseconds a statement outside a transaction waits."""
    return wrapper.connection.execute("PRAGMA busy_timeout").fetchone()[0]


def test_a_writer_begins_as_soon_as_another_is_done(connect, monkeypatch):
    first, second = connect(), connect()
    begin(first)
    pauses = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            first.commit()

    monkeypatch.setattr(base.time, "sleep", pause)
    begin(second)
    assert second.connection.in_transaction
    # All pauses are equal. With growing pauses, the latest writer would go first.
    assert pauses == [base.PAUSE] * 3
    assert patience_of(second) == 5000


def test_a_writer_that_waited_too_long_gets_an_error_and_delays_no_one(connect):
    first, second = connect(), connect(patience=0)
    begin(first)
    for _ in range(2):
        with pytest.raises(OperationalError, match="database is locked"):
            begin(second)
    assert not base.polling.locked()
    first.commit()
    begin(second)


def test_a_writer_that_waited_in_vain_in_its_process_tries_once(connect):
    late = connect(patience=0)
    with base.polling:
        begin(late)
        assert late.connection.in_transaction
        assert base.polling.locked()


def test_other_mistakes_are_reported_at_once(connect):
    wrapper = connect(patience=60)
    begin(wrapper)
    with pytest.raises(OperationalError, match="within a transaction"):
        wrapper._start_transaction_under_autocommit()
    assert patience_of(wrapper) == 60_000
    assert not base.polling.locked()


# A file that was deleted or replaced -----------------------------------------------------------


def replace(path: Path, how: str) -> None:
    if how == "moved in":
        other = path.with_suffix(".new")
        other.write_bytes(path.read_bytes())
        other.replace(path)
    else:
        path.unlink()
        if how == "made again":
            # The old file is still open, so the new one can't reuse its inode.
            path.touch()


@pytest.fixture
def wrapper(connect):
    """Return a connection to a file with a table."""
    wrapper = connect()
    with wrapper.cursor() as cursor:
        cursor.execute("CREATE TABLE notes (text)")
    return wrapper


def path_of(wrapper: base.DatabaseWrapper) -> Path:
    return Path(wrapper.settings_dict["NAME"])


WAYS = ["deleted", "made again", "moved in"]


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("sql", ["SELECT * FROM notes", "INSERT INTO notes VALUES (1)"])
def test_a_file_that_is_not_the_one_opened_is_neither_read_nor_written(wrapper, how, sql):
    replace(path_of(wrapper), how)
    with pytest.raises(base.DatabaseReplaced, match="deleted or replaced"), wrapper.cursor() as c:
        c.execute(sql)


@pytest.mark.parametrize("how", WAYS)
def test_a_transaction_in_which_the_file_was_replaced_is_not_saved(wrapper, how):
    begin(wrapper)
    with wrapper.cursor() as cursor:
        cursor.execute("INSERT INTO notes VALUES (1)")
    replace(path_of(wrapper), how)
    with pytest.raises(base.DatabaseReplaced):
        wrapper.commit()


@pytest.mark.parametrize("how", WAYS)
def test_other_connections_of_the_process_refuse_it_too_and_make_no_file(wrapper, connect, how):
    wrapper.close()
    replace(path_of(wrapper), how)
    with pytest.raises(base.DatabaseReplaced):
        connect()
    assert path_of(wrapper).exists() == (how != "deleted")


def test_a_file_that_only_others_write_passes(wrapper):
    path = path_of(wrapper)
    path.chmod(0o640)
    os.utime(path)
    with wrapper.cursor() as cursor:
        cursor.execute("INSERT INTO notes VALUES (1)")


def test_a_replaced_file_counts_as_an_outage(wrapper):
    assert issubclass(base.DatabaseReplaced, OperationalError)
