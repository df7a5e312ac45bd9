"""Password hashes that fit into memory: 19 MiB each, and at most two at a time in a worker.

19 MiB, two passes and one lane are OWASP's minimum for Argon2id. Django's default takes 100 MiB and
eight lanes: 16 logins at once made two workers grow from 240 to 1,040 MB.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth import hashers

from content.bulkhead import Bulkhead, expensive

hashing = Bulkhead(2)
# Older hashes take 100 MiB each. Only one is computed at a time, so a worker takes at most 120 MiB.
_large = threading.Lock()

SMALL = "argon2"
LARGE = "older argon2"
PBKDF2 = "pbkdf2_sha256"
# A hash of each kind that an account may have. No one knows the passwords for these.
SAMPLES = {
    SMALL: "argon2$argon2id$v=19$m=19456,t=2,p=1$UjRuRDBtU2FMdFI0bkQwbVNhTHQyMg"
    "$6Bjt6uw2sgK5iG0yxnTeJhzdMlr3LAmAM9399PI71dU",
    LARGE: "argon2$argon2id$v=19$m=102400,t=2,p=8$UjRuRDBtU2FMdFI0bkQwbVNhTHQyMg"
    "$DHFPTJkQzX7xS5zKuuO83JD+WoAuOjWP1y+mK7IGxJk",
    PBKDF2: "pbkdf2_sha256$1000000$R4nD0mSaLtR4nD0mSaLt22"
    "$nJ1QA/oHiU/9fMJJiF8SJTe9j/V6TndHw8pIuB/B8IU=",
}


@contextmanager
def slot(patience: float = 0) -> Iterator[None]:
    """Occupy one of the slots for hashing; raise Busy if all are taken, or stay so for `patience`.

    `patience` is in seconds.
    """
    with expensive.slot(patience), hashing.slot(patience):
        yield


class InSlotMixin:
    """Mixin for hashers that computes a hash only in a slot of its own."""

    def encode(self, *args, **kwargs) -> str:
        with slot():
            return super().encode(*args, **kwargs)

    def verify(self, password: str, encoded: str) -> bool:
        with slot():
            return super().verify(password, encoded)


class Argon2(InSlotMixin, hashers.Argon2PasswordHasher):
    """The hasher for new passwords. It also verifies older, larger hashes, one at a time."""

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1

    def verify(self, password: str, encoded: str) -> bool:
        if kind_of(encoded) == SMALL:
            return super().verify(password, encoded)
        with slot(), _large:
            return super().verify(password, encoded)


class Pbkdf2(InSlotMixin, hashers.PBKDF2PasswordHasher):
    """Django's default, so that a blog that moves here keeps its users' passwords."""


# Only hashes of the first kind contain this.
SMALL_MARK = f"$m={Argon2.memory_cost},t="


def kind_of(encoded: str) -> str:
    """Return the key of the sample that takes as long to verify as `encoded`.

    If Django can't read a hash, it spends the time of a new one instead.
    """
    algorithm = encoded.partition("$")[0]
    if algorithm == "argon2" and SMALL_MARK not in encoded:
        return LARGE
    return algorithm if algorithm in SAMPLES else SMALL


def verify_other_kinds(password: str, encoded: str, kinds: set[str]) -> None:
    """Verify a sample of every other kind of hash in `kinds`, so all refusals take equally long.

    Otherwise, the duration would reveal which accounts exist and which have long been unused.
    """
    done = kind_of(encoded)
    known = hashers.get_hashers_by_algorithm()
    if done == PBKDF2:
        known[PBKDF2].harden_runtime(password, encoded)
    for kind in kinds - {done}:
        if SAMPLES[kind].partition("$")[0] in known:
            hashers.check_password(password, SAMPLES[kind])
