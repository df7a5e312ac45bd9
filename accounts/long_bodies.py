"""Limit on the body of an anonymous request, before anything parses it.

Anonymous visitors fill in short forms. A long text comes from someone who was logged in when the
form was shown. If the session has ended since, a signed cookie proves that. The cookie proves
nothing else and identifies no one.
"""

from datetime import timedelta

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from content.outages import unavailable

# In bytes. A comment may take 120,000 (10,000 characters of 12 bytes each), so it needs the cookie.
ANONYMOUS_MAX = 64 * 1024
SALT = "accounts.editor"
# Longer than a session, and longer than a form is accepted (`unsaved_text.SIGNED_FOR`).
COOKIE_AGE = timedelta(days=30)
RENEWED_AFTER = timedelta(days=1)
SHOWN = "EDITOR_SHOWN"


def mark_editor_shown(request: HttpRequest) -> None:
    """Mark the request because its page shows a logged-in person a form for long texts."""
    request.META[SHOWN] = True


class LimitAnonymousBodies:
    """Middleware, after sessions, that responds with 413 to long bodies from unknown senders."""

    def __init__(self, get_response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and int(length) > ANONYMOUS_MAX and not was_shown_editor(request):
            try:
                is_known = request.user.is_authenticated
            except (InterfaceError, OperationalError) as error:
                # Don't give the text back: the page would have to parse the body to do that.
                return unavailable(request, error, typed={})
            if not is_known:
                return render(request, "413.html", status=413)
        response = self.get_response(request)
        if SHOWN in request.META and not was_shown_editor(request, RENEWED_AFTER):
            set_editor_cookie(response)
        return response


def was_shown_editor(request: HttpRequest, age: timedelta = COOKIE_AGE) -> bool:
    """Return whether this browser was shown a form for long texts within `age`."""
    name = settings.EDITOR_COOKIE_NAME
    return bool(request.get_signed_cookie(name, default="", salt=SALT, max_age=age))


def set_editor_cookie(response: HttpResponse) -> None:
    response.set_signed_cookie(
        settings.EDITOR_COOKIE_NAME,
        "1",
        salt=SALT,
        max_age=COOKIE_AGE,
        secure=settings.IS_HTTPS,
        httponly=True,
        samesite="Lax",
    )
