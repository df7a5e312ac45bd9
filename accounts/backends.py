"""Authentication that takes the same time for every refusal."""

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from accounts import hashers
from accounts.models import User


class EvenBackend(ModelBackend):
    """Django's backend, but each refusal costs the same work, whether or not the account exists.

    Raise Busy if other logins occupy all slots for hashing.
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
        user = active_user(username)
        with hashers.slot():
            if user.check_password(password):
                return user
            hashers.verify_other_kinds(password, user.password)
        return None


def active_user(username: str) -> User:
    """Return the active user of that name, or a user without a password if there is none."""
    try:
        user = User.objects.get_by_natural_key(username)
    except User.DoesNotExist:
        return User()
    return user if user.is_active else User()
