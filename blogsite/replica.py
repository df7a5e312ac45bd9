"""Reading from a replica of the database, where DATABASE_REPLICA_URL names one.

A request that only reads asks the replica, if that has replayed all that the primary had committed
when the request put its first question. So nobody reads anything older there than on the primary:
not the writer who was just answered, nor a page that the page cache keeps for everyone. All else
asks the primary: requests that may write, all after a request's first write, transactions, locks,
commands and threads. docs/decisions/0008-many-machines.md says why.
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
# What is committed is flushed; this is where that ends.
COMMITTED = "SELECT pg_current_wal_flush_lsn()"
# A database that is no replica, or no longer, has nothing to replay and is never up to date.
HAS_REPLAYED = "SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= %s"
# A replica is a few milliseconds behind each write: it is asked so often, with so many seconds
# between, before the primary has to serve.
ATTEMPTS = 8
PAUSE = 0.002
# Seconds for which one that stays behind is left alone, and one that does not answer.
REST_BEHIND = 1
REST_AWAY = 10

# Which database the reads of this request ask: None until the first of them.
_reads_from: ContextVar[str | None] = ContextVar("reads_from", default=PRIMARY)


class Trust:
    """Whether the replica may be asked at all; one for all threads of the process."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.rests_until = 0.0
        self.has_failed = self.is_told = False

    def may_ask(self) -> bool:
        """Tell whether to try it; after it failed, one thread tries for all of them."""
        now = time.monotonic()
        with self.lock:
            if now < self.rests_until:
                return False
            if self.has_failed:
                self.rests_until = now + REST_AWAY
            return True

    def lose(self, reason: str, rest: float) -> None:
        with self.lock:
            # While the site preloads, nothing is logged, and it may fail for the first time.
            is_news = not self.is_told and log.isEnabledFor(logging.WARNING)
            self.has_failed = True
            self.is_told = self.is_told or is_news
            self.rests_until = time.monotonic() + rest
        if is_news:
            log.warning("The primary serves all: the replica %s", reason)

    def regain(self) -> None:
        with self.lock:
            is_news = self.is_told
            self.rests_until = 0.0
            self.has_failed = self.is_told = False
        if is_news:
            log.warning("The replica serves again")


trust = Trust()


class ReplicaRouter:
    """Django's question, query by query, which database it goes to."""

    def db_for_read(self, model, **hints) -> str:
        if connections[PRIMARY].in_atomic_block:
            return PRIMARY
        if _reads_from.get() is None:
            _reads_from.set(choose())
        return _reads_from.get()

    def db_for_write(self, model, **hints) -> str:
        # What is read next has to show what is written now. Locks are asked for here too.
        _reads_from.set(PRIMARY)
        return PRIMARY

    def allow_relation(self, one, other, **hints) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints) -> bool:
        return db == PRIMARY


def choose() -> str:
    """Return the replica, where that answers and is up to date, or else the primary."""
    if not trust.may_ask():
        return PRIMARY
    committed = value_of(PRIMARY, COMMITTED)
    try:
        is_up_to_date = has_replayed(committed)
    except Error as error:
        trust.lose(f"does not answer: {error}", REST_AWAY)
        return PRIMARY
    if not is_up_to_date:
        trust.lose("is behind", REST_BEHIND)
        return PRIMARY
    trust.regain()
    return REPLICA


def has_replayed(position: str) -> bool:
    """Tell whether the replica has come to `position` of the primary's log, or does at once."""
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
    """Put a question again to the primary where the replica goes away, or gives up, over it.

    An execute wrapper; on a replica there is nothing but questions.
    """
    try:
        return execute(sql, params, many, context)
    except (OperationalError, InterfaceError) as error:
        if sql == HAS_REPLAYED:
            raise
        _reads_from.set(PRIMARY)
        trust.lose(f"went away: {error}", REST_AWAY)
    cursor = connections[PRIMARY].cursor()
    # Whoever asked fetches from this object, and closes it.
    context["cursor"].cursor = cursor.cursor
    return cursor.execute(sql, params)


def read_from_replica(get_response: GetResponse) -> GetResponse:
    """Let requests that only read choose their database; DATABASE_REPLICA_URL installs it."""

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
