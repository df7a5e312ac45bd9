"""Limits on guessing a password that don't lock out the person whose password is guessed.

Wrong passwords count for the username and for the address. A browser in which the person has logged
in before has a signed cookie, and counts for itself instead. So other people's attempts don't
affect it.
"""

import secrets
from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.limits import key_of, keys_of
from accounts.models import User
from accounts.usernames import username_key

SALT = "accounts.device"
COOKIE_AGE = timedelta(days=365)


def login_keys(request: HttpRequest, username: str, user: User) -> list[bytes]:
    """Return the keys that a wrong password counts for."""
    if (known := known_device(request)) and user.pk and known.startswith(f"{user.pk}."):
        return [key_of("login", f"device {known}")]
    return keys_of(request, "login", f"username {username_key(username)}")


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
