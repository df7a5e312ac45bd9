"""Limits on guessing a password that don't lock out the person whose password is guessed.

Wrong passwords count for the typed name, for the account and for the network address. A browser in
which the person has logged in before has a signed cookie, and counts for itself instead. So other
people's attempts don't affect it.
"""

import secrets
from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.emails import login_key
from accounts.limits import key_of, keys_of
from accounts.models import User

SALT = "accounts.device"
COOKIE_AGE = timedelta(days=365)


def login_keys(request: HttpRequest, typed: str, user: User) -> list[bytes]:
    """Return the keys that a wrong password counts for, besides `account_keys`."""
    if is_known(request, user):
        return [key_of("login", f"device {known_device(request)}")]
    return keys_of(request, "login", f"username {login_key(typed)}")


def account_keys(request: HttpRequest, typed: str, user: User) -> list[bytes]:
    """Return the key that guesses by username and by email share.

    If it has reached its limit, the page must not say so, because that would reveal which address
    belongs to which username.
    """
    if is_known(request, user):
        return []
    return [key_of("login", f"person {user.pk}" if user.pk else f"unknown {typed}")]


def is_known(request: HttpRequest, user: User) -> bool:
    """Return whether `user` has logged in with this browser before."""
    return user.pk is not None and known_device(request).startswith(f"{user.pk}.")


def known_device(request: HttpRequest) -> str:
    """Return the account and the random number in this browser's cookie, or an empty string."""
    name = settings.DEVICE_COOKIE_NAME
    return request.get_signed_cookie(name, default="", salt=SALT, max_age=COOKIE_AGE)


def remember_device(response: HttpResponse, user: User) -> None:
    """Mark the browser as one that `user` has logged in with."""
    response.set_signed_cookie(
        settings.DEVICE_COOKIE_NAME,
        f"{user.pk}.{secrets.token_hex(8)}",
        salt=SALT,
        max_age=COOKIE_AGE,
        secure=settings.IS_HTTPS,
        httponly=True,
        samesite="Lax",
    )
