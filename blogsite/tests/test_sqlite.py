"""Writers on SQLite come in turn; on a file of their own, whatever the site's database is."""

import pytest
from django.db import OperationalError

from blogsite.sqlite import base


@pytest.fixture
def connect(load, db):
    """Return a function that connects to one SQLite file, with a patience in seconds."""
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
    """Return for how many milliseconds a statement outside a transaction waits."""
    return wrapper.connection.execute("PRAGMA busy_timeout").fetchone()[0]


def test_who_finds_another_writing_begins_as_soon_as_that_is_over(connect, monkeypatch):
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
    # No pause is longer than another, or who came last would go first.
    assert pauses == [base.PAUSE] * 3
    assert patience_of(second) == 5000


def test_who_waited_in_vain_is_told_so_and_holds_up_nobody(connect):
    first, second = connect(), connect(patience=0)
    begin(first)
    for _ in range(2):
        with pytest.raises(OperationalError, match="database is locked"):
            begin(second)
    assert not base.looking.locked()
    first.commit()
    begin(second)


def test_who_waited_in_vain_behind_another_of_the_process_looks_once(connect):
    late = connect(patience=0)
    with base.looking:
        begin(late)
        assert late.connection.in_transaction
        assert base.looking.locked()


def test_what_is_wrong_otherwise_is_said_at_once(connect):
    wrapper = connect(patience=60)
    begin(wrapper)
    with pytest.raises(OperationalError, match="within a transaction"):
        wrapper._start_transaction_under_autocommit()
    assert patience_of(wrapper) == 60_000
    assert not base.looking.locked()
