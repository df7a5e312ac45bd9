"""Authentication that takes the same time for every refusal."""

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
            hashers.verify_other_kinds(password, user.password)
        return is_correct


def open_user(typed: str) -> User:
    """Return the user with that name or address if the account is open, or one without a password.

    A waiting account is open too, so that the right password gets the reason of the refusal.
    """
    try:
        user = User.objects.get_for_login(typed)
    except User.DoesNotExist:
        return User()
    return user if user.is_active or user.is_waiting else User()
