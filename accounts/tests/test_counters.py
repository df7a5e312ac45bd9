"""The counters behind the limits: exact for all processes, and harmless when they fail."""

import secrets
import subprocess
import sys
import time

import pytest
import redis

from accounts.counters import FileCounters, Rate, RedisCounters, find_counters

RATE = Rate(number=3, seconds=60)
USES = """
import sys
from pathlib import Path
from accounts.counters import FileCounters, Rate
counters = FileCounters(Path(sys.argv[1]))
print(sum(counters.use([b"key"], Rate(100, 3_600)) == 0 for _ in range(60)))
"""


@pytest.fixture
def counters(tmp_path) -> FileCounters:
    return FileCounters(tmp_path / "limits.sqlite3")


@pytest.fixture
def clock(monkeypatch):
    """Return a function that moves the clock by some seconds."""
    now = [time.time_ns()]
    monkeypatch.setattr(time, "time_ns", lambda: now[0])

    def move(seconds: float) -> None:
        now[0] += int(seconds * 1_000_000_000)

    return move


def allowed(counters, *keys: bytes, times: int = 1, rate: Rate = RATE) -> int:
    """Return how many of so many uses are allowed."""
    return sum(counters.use(list(keys), rate) == 0 for _ in range(times))


def test_four_processes_together_get_exactly_the_limit(tmp_path):
    path = str(tmp_path / "limits.sqlite3")
    command = [sys.executable, "-c", USES, path]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert sum(int(process.communicate()[0]) for process in processes) == 100


def test_the_whole_limit_may_be_used_at_once_and_then_one_per_step(counters, clock):
    assert allowed(counters, b"key", times=10) == 3
    clock(19)
    assert allowed(counters, b"key") == 0
    clock(1)
    assert allowed(counters, b"key", times=10) == 1
    clock(60)
    assert allowed(counters, b"key", times=10) == 3


def test_a_refusal_says_how_long_to_wait(counters, clock):
    allowed(counters, b"key", times=3)
    wait = counters.use([b"key"], RATE)
    assert wait == pytest.approx(20)
    clock(wait)
    assert allowed(counters, b"key") == 1


@pytest.mark.parametrize("number", [1, 7, 1_000])
def test_the_limit_is_exact_for_every_number(counters, clock, number):
    assert allowed(counters, b"key", times=number + 5, rate=Rate(number, 60)) == number


def test_each_key_is_counted_separately(counters):
    assert allowed(counters, b"one", times=9) == 3
    assert allowed(counters, b"other", times=9) == 3


def test_a_use_that_one_key_refuses_counts_for_no_key(counters):
    allowed(counters, b"account", times=3)
    assert allowed(counters, b"address", b"account", times=9) == 0
    assert allowed(counters, b"address", times=9) == 3


def test_a_use_that_is_given_back_is_allowed_again(counters):
    allowed(counters, b"key", times=3)
    counters.give_back([b"key"], RATE)
    assert allowed(counters, b"key", times=9) == 1


@pytest.mark.parametrize("hours", [1, 24 * 365])
def test_setting_the_clock_back_locks_no_one_out(counters, clock, hours):
    allowed(counters, b"key", times=3)
    clock(-hours * 3_600)
    assert allowed(counters, b"key", times=9) == 3


def test_a_small_difference_between_clocks_allows_no_extra_uses(counters, clock):
    allowed(counters, b"key", times=3)
    clock(-1)
    assert allowed(counters, b"key", times=9) == 0


def test_a_file_that_was_deleted_is_made_again(counters):
    allowed(counters, b"key", times=3)
    counters.path.unlink()
    assert allowed(counters, b"key", times=9) == 3
    assert counters.path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_not_a_database_is_replaced(counters, caplog):
    counters.path.write_bytes(b"no database" * 1_000)
    assert allowed(counters, b"key", times=9) == 1 + 3
    assert len(caplog.records) == 1 and "Limits are off" in caplog.text


def test_a_file_that_can_not_be_written_lets_everybody_through_and_logs_once(counters, caplog):
    counters.path.mkdir()
    assert allowed(counters, b"key", times=9) == 9
    counters.give_back([b"key"], RATE)
    assert len(caplog.records) == 1
    counters.path.rmdir()
    assert allowed(counters, b"key", times=9) == 3


def test_rows_that_limit_nothing_anymore_are_deleted(counters, clock):
    for number in range(999):
        counters.use([b"%d" % number], RATE)
    clock(3_600)
    counters.use([b"last"], RATE)
    assert counters.connect().execute("SELECT key FROM uses").fetchall() == [(b"last",)]


# Redis --------------------------------------------------------------------------------------------


URL = "redis://127.0.0.1:6379/0"


@pytest.fixture
def key() -> bytes:
    return secrets.token_bytes(8)


@pytest.fixture
def make_machine(tmp_path):
    """Return a function that makes the counters of another machine, which uses the same Redis."""
    try:
        redis.Redis.from_url(URL).ping()
    except redis.exceptions.ConnectionError:
        pytest.skip("no Redis at 127.0.0.1:6379")

    def make(name: str, url: str = URL) -> RedisCounters:
        return RedisCounters(url, FileCounters(tmp_path / name))

    return make


def test_with_redis_two_machines_share_a_limit(make_machine, key):
    one, other = make_machine("one"), make_machine("other")
    assert [allowed(machine, key) for machine in (one, other, one, other, one)] == [1, 1, 1, 0, 0]
    assert 0 < other.use([key], RATE) <= 20
    one.give_back([key, key + b"unknown"], RATE)
    assert allowed(other, key, times=9) == 1


def test_in_redis_a_use_that_one_key_refuses_counts_for_no_key(make_machine, key):
    machine = make_machine("one")
    allowed(machine, key, times=3)
    assert allowed(machine, key + b"address", key, times=9) == 0
    assert allowed(machine, key + b"address", times=9) == 3


def test_redis_forgets_a_counter_that_limits_nothing_anymore(make_machine, key):
    allowed(make_machine("one"), key, times=2)
    assert 30_000 < redis.Redis.from_url(URL).pttl(b"limits." + key) <= 40_000


def test_without_redis_each_machine_counts_for_itself_and_rests(make_machine, key, caplog):
    machine = make_machine("one", "redis://127.0.0.1:1/0")
    assert allowed(machine, key, times=9) == 3
    machine.give_back([key], RATE)
    assert allowed(machine, key, times=9) == 1
    machine.rests_until = 0
    assert allowed(machine, key) == 0
    assert len(caplog.records) == 1


def test_the_site_counts_in_the_redis_of_its_cache(settings):
    assert isinstance(find_counters(), FileCounters)
    backend = "django.core.cache.backends.redis.RedisCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": URL}}
    assert find_counters().url == URL
