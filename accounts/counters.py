"""Counters of the limits: how soon a key may be used again, exact for all processes.

The algorithm is GCRA, the generic cell rate algorithm of ITU-T I.371: per key, one number says when
the key's allowance is full again. Each use moves it one step (period / number) into the future. A
use that would move it further than the period is refused. So a person may use the whole allowance
at once, and then one unit per step.
"""

import logging
import os
import sqlite3
import threading
import time
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from django.conf import settings

log = logging.getLogger(__name__)

MICROSECONDS = 1_000_000
# If a number is further in the future than the period, the clock was set back after it was written.
# The clocks of two processes differ by less than this.
CLOCK_SLACK = 60 * MICROSECONDS
# After this many uses, a process deletes the rows that limit nothing anymore.
USES_PER_CLEANUP = 1_000


@dataclass(frozen=True, slots=True)
class Rate:
    """`number` uses in `seconds`."""

    number: int
    seconds: int

    @property
    def period(self) -> int:
        return self.seconds * MICROSECONDS

    @property
    def step(self) -> int:
        """Microseconds after which one use is allowed again. Rounded down, so all of them fit."""
        return self.period // self.number


class FileCounters:
    """Counters in an SQLite file, for the processes of one machine.

    A use takes about 20 µs of CPU. `synchronous=OFF` skips waiting for the disk: a power cut may
    lose the counters, which then start again.
    """

    SCHEMA = """
        PRAGMA journal_mode=WAL;
        PRAGMA synchronous=OFF;
        CREATE TABLE IF NOT EXISTS uses (key BLOB PRIMARY KEY, full_at INTEGER NOT NULL)
            WITHOUT ROWID;
    """
    # Changes no row if that would move `full_at` further than the period.
    USE = """
        INSERT INTO uses VALUES (:key, :now + :step)
        ON CONFLICT DO UPDATE SET full_at = max(
            :now, CASE WHEN full_at > :now + :period + :slack THEN :now ELSE full_at END
        ) + :step
        WHERE full_at <= :now + :period - :step OR full_at > :now + :period + :slack
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.threads = threading.local()
        self.uses = 0
        self.is_working = True

    def use(self, keys: list[bytes], rate: Rate) -> float:
        """Count one use of all keys, or of none. Return the seconds to wait, 0 if it is allowed.

        If the file can't be used, everything is allowed: a full disk must not lock people out.
        """
        try:
            wait = self.try_to_use(keys, rate)
        except (OSError, sqlite3.Error) as error:
            self.start_again(error)
            return 0
        self.is_working = True
        return wait

    def try_to_use(self, keys: list[bytes], rate: Rate) -> float:
        connection = self.connect()
        connection.execute("BEGIN IMMEDIATE")
        now = time.time_ns() // 1000
        times = {"now": now, "period": rate.period, "step": rate.step, "slack": CLOCK_SLACK}
        try:
            waits = [self.use_one(connection, {"key": key} | times) for key in keys]
            if not any(waits):
                self.clean_up_sometimes(connection, now)
                connection.execute("COMMIT")
            return max(waits, default=0) / MICROSECONDS
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")

    def use_one(self, connection: sqlite3.Connection, times: dict) -> int:
        """Count one use of a key, or return the microseconds after which it is allowed."""
        if connection.execute(self.USE, times).rowcount:
            return 0
        found = connection.execute("SELECT full_at FROM uses WHERE key = :key", times).fetchone()
        return found[0] + times["step"] - times["period"] - times["now"]

    def give_back(self, keys: list[bytes], rate: Rate) -> None:
        """Take back one use of each key, because it turned out not to count."""
        try:
            connection = self.connect()
            connection.executemany(
                "UPDATE uses SET full_at = full_at - ? WHERE key = ?",
                [(rate.step, key) for key in keys],
            )
        except (OSError, sqlite3.Error) as error:
            self.start_again(error)

    def clean_up_sometimes(self, connection: sqlite3.Connection, now: int) -> None:
        self.uses += 1
        if self.uses % USES_PER_CLEANUP == 0:
            connection.execute("DELETE FROM uses WHERE full_at < ?", [now])

    def connect(self) -> sqlite3.Connection:
        """Return the thread's connection, a new one if the file was deleted or replaced."""
        known = getattr(self.threads, "known", None)
        if known == (os.getpid(), self.file_number()):
            return self.threads.connection
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = sqlite3.connect(self.path, timeout=1, isolation_level=None)
        connection.executescript(self.SCHEMA)
        self.threads.connection = connection
        self.threads.known = (os.getpid(), self.file_number())
        return connection

    def file_number(self) -> int:
        try:
            return self.path.stat().st_ino
        except FileNotFoundError:
            return 0

    def start_again(self, error: Exception) -> None:
        """Log the first failure, and replace a file that isn't a database."""
        self.threads.known = None
        if self.is_working:
            log.error("Limits are off, because %s can't be used: %s", self.path.name, error)
        self.is_working = False
        if isinstance(error, sqlite3.DatabaseError) and not is_temporary(error):
            self.path.unlink(missing_ok=True)


def is_temporary(error: sqlite3.DatabaseError) -> bool:
    """Return whether the file itself is fine: it is locked, or the disk is full."""
    return isinstance(error, sqlite3.OperationalError)


class RedisCounters:
    """Counters in the Redis of CACHE_URL, for many machines. Without Redis, `instead` counts.

    The script takes the time from Redis, because the clocks of machines differ.
    """

    USE = """
        local time = redis.call('TIME')
        local now = time[1] * 1000000 + time[2]
        local step, period, slack = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
        local next_full_at, wait = {}, 0
        for i, key in ipairs(KEYS) do
            local full_at = tonumber(redis.call('GET', key) or now)
            if full_at < now or full_at > now + period + slack then full_at = now end
            next_full_at[i] = full_at + step
            wait = math.max(wait, next_full_at[i] - period - now)
        end
        if wait > 0 then return wait end
        for i, key in ipairs(KEYS) do
            local milliseconds = math.ceil((next_full_at[i] - now) / 1000)
            redis.call('SET', key, string.format('%.0f', next_full_at[i]), 'PX', milliseconds)
        end
        return 0
    """
    GIVE_BACK = """
        for _, key in ipairs(KEYS) do
            local full_at = redis.call('GET', key)
            if full_at then
                local kept = string.format('%.0f', full_at - ARGV[1])
                redis.call('SET', key, kept, 'KEEPTTL')
            end
        end
    """
    REST = 1  # seconds without a query after Redis failed: if it hangs, every request waits

    def __init__(self, url: str, instead: FileCounters) -> None:
        self.url = url
        self.instead = instead
        self.rests_until = 0.0
        self.is_working = True

    def use(self, keys: list[bytes], rate: Rate) -> float:
        """Count one use of all keys, or of none. Return the seconds to wait, 0 if it is allowed."""
        wait = self.run(self.USE, keys, rate.step, rate.period, CLOCK_SLACK)
        return self.instead.use(keys, rate) if wait is None else wait / MICROSECONDS

    def give_back(self, keys: list[bytes], rate: Rate) -> None:
        """Take back one use of each key, because it turned out not to count."""
        if self.run(self.GIVE_BACK, keys, rate.step) is None:
            self.instead.give_back(keys, rate)

    def run(self, script: str, keys: list[bytes], *arguments: int) -> int | None:
        """Return what the script returns, or None if Redis does not respond."""
        if time.monotonic() < self.rests_until:
            return None
        names = [b"limits." + key for key in keys]
        try:
            result = self.scripts[script](keys=names, args=arguments) or 0
        # Drivers have no common error; `/readyz` reports that the cache does not respond.
        except Exception as error:
            if self.is_working:
                log.warning("Redis does not count limits, so this machine does: %s", error)
            self.is_working = False
            self.rests_until = time.monotonic() + self.REST
            return None
        self.is_working = True
        return result

    @cached_property
    def scripts(self) -> dict:
        from redis import Redis  # slow to import

        client = Redis.from_url(self.url, **settings.CACHES["default"].get("OPTIONS", {}))
        return {text: client.register_script(text) for text in (self.USE, self.GIVE_BACK)}


@lru_cache(maxsize=1)
def counters_at(path: Path, url: str) -> FileCounters | RedisCounters:
    file = FileCounters(path)
    return RedisCounters(url, file) if url else file


def find_counters() -> FileCounters | RedisCounters:
    cache = settings.CACHES["default"]
    url = cache["LOCATION"] if cache["BACKEND"].endswith("RedisCache") else ""
    return counters_at(settings.LIMITS_FILE, url)
