"""Reading from a replica of the database, if DATABASE_REPLICA_URL names one.

A read-only request uses the replica, provided the replica has replayed everything that the primary
had committed when the request sent its first query. So no request gets older data from the replica
than from the primary: neither a writer's next page nor a page that the page cache keeps for
everyone. Everything else queries the primary: requests that may write, all queries after a
request's first write, transactions, locks, commands and threads.
docs/decisions/0008-many-machines.md gives the reasons.
"""

import logging
import time
from contextvars import ContextVar
from threading import Lock
from typing import Any

from django.db import DEFAULT_DB_ALIAS, Error, InterfaceError, OperationalError, connections
from django.http import HttpRequest, HttpResponse

from blogsite.requests import GetResponse

log = logging.getLogger(__name__)

PRIMARY = DEFAULT_DB_ALIAS
REPLICA = "replica"
# All commits are flushed, so this position covers them.
COMMITTED = "SELECT pg_current_wal_flush_lsn()"
# A database that is not a replica, or no longer one, replays nothing and is never up to date.
HAS_REPLAYED = "SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= %s"
# A replica is a few milliseconds behind each write. A request checks it this many times, with
# pauses of this many seconds, and then uses the primary.
ATTEMPTS = 8
PAUSE = 0.002
# Seconds until the next attempt with a replica that stays behind, and with one that does not
# respond.
REST_BEHIND = 1
REST_AWAY = 10

# The database for this request's reads: None until the first of them.
_reads_from: ContextVar[str | None] = ContextVar("reads_from", default=PRIMARY)


class Trust:
    """Shared state of the process that decides whether the replica may be queried."""

    def __init__(self) -> None:
        self.lock = Lock()
        # 0 unless the replica failed.
        self.rests_until = 0.0
        self.is_told = False

    def may_ask(self) -> bool:
        """Return whether to try the replica. After a failure, one thread tries for all of them."""
        now = time.monotonic()
        with self.lock:
            if now < self.rests_until:
                return False
            if self.rests_until:
                self.rests_until = now + REST_AWAY
            return True

    def lose(self, reason: str, rest: float) -> None:
        with self.lock:
            self.rests_until = time.monotonic() + rest
            # The first failure may happen during preloading, which logs nothing.
            is_news = not self.is_told and log.isEnabledFor(logging.WARNING)
            self.is_told = self.is_told or is_news
        if is_news:
            log.warning("The primary serves all queries: the replica %s", reason)

    def regain(self) -> None:
        with self.lock:
            is_news = self.is_told
            self.rests_until = 0.0
            self.is_told = False
        if is_news:
            log.warning("The replica serves again")


trust = Trust()


class ReplicaRouter:
    """Django database router, which chooses the database of each query."""

    def db_for_read(self, model, **hints) -> str:
        if connections[PRIMARY].in_atomic_block:
            return PRIMARY
        if _reads_from.get() is None:
            _reads_from.set(choose())
        return _reads_from.get()

    def db_for_write(self, model, **hints) -> str:
        # The next reads must see this write. Django also calls this for locks.
        _reads_from.set(PRIMARY)
        return PRIMARY

    def allow_relation(self, one, other, **hints) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints) -> bool:
        return db == PRIMARY


def choose() -> str:
    """Return the replica if it responds and is up to date, or else the primary."""
    if not trust.may_ask():
        return PRIMARY
    committed = value_of(PRIMARY, COMMITTED)
    try:
        is_up_to_date = has_replayed(committed)
    except Error as error:
        trust.lose(f"does not respond: {error}", REST_AWAY)
        return PRIMARY
    if not is_up_to_date:
        trust.lose("is behind", REST_BEHIND)
        return PRIMARY
    trust.regain()
    return REPLICA


def has_replayed(position: str) -> bool:
    """Return whether the replica has replayed the primary's log up to `position`, or soon does."""
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(PAUSE)
        if value_of(REPLICA, HAS_REPLAYED, position):
            return True
    return False


def value_of(database: str, sql: str, *params: str) -> Any:
    with connections[database].cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchone()[0]


def ask_primary_instead(execute, sql, params, many, context):
    """Repeat a query on the primary if the replica disconnects or cancels it.

    This is an execute wrapper. A replica gets only reads, which are safe to repeat.
    """
    try:
        return execute(sql, params, many, context)
    except (OperationalError, InterfaceError) as error:
        if sql == HAS_REPLAYED:
            raise
        _reads_from.set(PRIMARY)
        trust.lose(f"disconnected: {error}", REST_AWAY)
    cursor = connections[PRIMARY].cursor()
    # The caller fetches from this object, and closes it.
    context["cursor"].cursor = cursor.cursor
    return cursor.execute(sql, params)


def read_from_replica(get_response: GetResponse) -> GetResponse:
    """Middleware, installed by DATABASE_REPLICA_URL, that lets GET and HEAD use the replica."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            return get_response(request)
        before = _reads_from.set(None)
        try:
            with connections[REPLICA].execute_wrapper(ask_primary_instead):
                return get_response(request)
        finally:
            _reads_from.reset(before)

    return middleware
