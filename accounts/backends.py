"""Authentication that takes the same time for every refusal."""

import time
from functools import lru_cache

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from accounts import hashers
from accounts.guessing import account_keys, is_known, login_keys
from accounts.limits import give_back, spend
from accounts.models import User
from content.bulkhead import Busy
from content.outages import LimitReached

# Seconds that a login from a known browser waits for a slot. Four strangers who try wrong passwords
# without a break take all slots, so otherwise, no one could log in.
PATIENCE = 5
# Seconds for which a worker remembers the kinds of hashes. Finding them reads all accounts.
KEPT_FOR = 3_600


class EvenBackend(ModelBackend):
    """Django's backend, but each refusal costs the same work, whether or not the account exists.

    Raise Busy if other logins occupy all slots for hashing, and LimitReached after too many wrong
    passwords.
    """

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **credentials,
    ) -> User | None:
        if username is None or password is None:
            return None
        user = open_user(username)
        # Counted first: of many attempts at once, only the allowed number may try a password.
        keys = login_keys(request, username, user) if request else []
        spend("login", keys)
        shared = account_keys(request, username, user) if request else []
        try:
            spend("login", shared)
        except LimitReached:
            # Refused like a wrong password, and at the same cost.
            shared = []
            user = User()
        keys += shared
        try:
            patience = PATIENCE if request and is_known(request, user) else 0
            is_correct = check_password(user, password, patience)
        except Busy:
            give_back("login", keys)
            raise
        if is_correct:
            give_back("login", keys)
        return user if is_correct else None


def check_password(user: User, password: str, patience: float) -> bool:
    with hashers.slot(patience):
        is_correct = user.check_password(password)
        if not is_correct:
            kinds = kinds_in_use(int(time.monotonic() // KEPT_FOR))
            # An account may have been imported since.
            kinds.add(hashers.kind_of(user.password))
            hashers.verify_other_kinds(password, user.password, kinds)
        return is_correct


@lru_cache(maxsize=1)
def kinds_in_use(hour: int) -> set[str]:
    """Return the kinds of hashes that accounts have, from queries once in an hour.

    On most blogs, it is only the kind of new hashes. So a wrong password costs one hash, not three.
    """
    argon2 = User.objects.filter(password__startswith=f"{hashers.SMALL}$")
    found = {
        hashers.LARGE: argon2.exclude(password__contains=hashers.SMALL_MARK),
        hashers.PBKDF2: User.objects.filter(password__startswith=f"{hashers.PBKDF2}$"),
    }
    return {hashers.SMALL, *(kind for kind, users in found.items() if users.exists())}


def open_user(typed: str) -> User:
    """Return the user with that name or address if the account is open, or one without a password.

    A waiting account is open too, so that the right password gets the reason of the refusal.
    """
    try:
        user = User.objects.get_for_login(typed)
    except User.DoesNotExist:
        return User()
    return user if user.is_active or user.is_waiting else User()
