"""The 503 response for work that the site can't do right now: it is busy, or its database is down.

The page needs no database, no session and no user. It returns the typed text. So does the 429
response to someone who has reached a limit.
"""

import logging
import math
import sqlite3
import sys

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from content.bulkhead import Busy
from content.disk import is_full, raise_if_full
from content.typed import typed_in

log = logging.getLogger(__name__)

RETRY_AFTER = 5  # seconds
# Only this page returns these texts. After other errors, the form still has them.
MORE_TEXTS = ("username", "email", "display_name", "website", "alt", "name")
# SQLite raises OperationalError for mistakes in our SQL too. These codes don't mean an outage.
SQLITE_MISTAKES = (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISUSE)
# PostgreSQL raises OperationalError for a statement that exceeds one of its limits.
POSTGRESQL_LIMITS = "54"
# The errors of reading a form that is malformed or cut off.
UNREADABLE = (BadRequest, MultiPartParserError, SuspiciousOperation, UnreadablePostError)


class LimitReached(Exception):  # noqa: N818  a state, not a mistake
    """A person has done something as often as allowed, and has to wait that many `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = math.ceil(seconds)

    @property
    def wait(self) -> str:
        """The time to wait, in words."""
        if self.seconds <= 90:
            return ngettext("%(n)d second", "%(n)d seconds", self.seconds) % {"n": self.seconds}
        minutes = math.ceil(self.seconds / 60)
        return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}


class AnswerOutages:
    """Middleware that responds with 503 if no slot is free or the database is down.

    It responds with 429 to someone who has reached a limit.
    """

    def __init__(self, get_response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *view) -> None:
        raise_if_full(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, LimitReached):
            return too_many(request, error)
        return unavailable(request, error) if is_outage(error) else None


def server_error(request: HttpRequest) -> HttpResponse:
    """Respond with 503 to an outage and 500 to other errors, including errors in middleware.

    The 500 page shows the request's id; its template needs no database.
    """
    error = sys.exception()
    if is_outage(error):
        return unavailable(request, error)
    page = render_to_string("500.html", {"request_id": request.META.get("REQUEST_ID", "-")})
    return HttpResponse(page, status=500)


def is_outage(error: BaseException | None) -> bool:
    """Return whether the same request can succeed later, because the fault is not in our code."""
    if is_full(error):
        return True
    if not isinstance(error, (InterfaceError, OperationalError)):
        return isinstance(error, Busy)
    cause = error.__cause__
    if isinstance(cause, sqlite3.Error):
        code = getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        # The lower byte is the kind of error; the rest gives details.
        return code & 0xFF not in SQLITE_MISTAKES
    return not (getattr(cause, "sqlstate", None) or "").startswith(POSTGRESQL_LIMITS)


def unavailable(
    request: HttpRequest, error: Exception, typed: dict[str, str] | None = None
) -> HttpResponse:
    """Respond with 503 and log the cause once. Scripts that expect JSON get JSON."""
    if isinstance(error, Busy):
        log.warning("No slot for expensive work: responded with 503")
    elif is_full(error):
        log.error("A disk is full: %s", " ".join(str(error).split()))
    else:
        log.error("The database did not respond: %s", " ".join(str(error).split()))
    if sends_json(request):
        text = _("The blog is busy. Your text is not saved yet; try again in a few seconds.")
        if is_full(error):
            text = _("The disk of this site is full. Your text is not saved; keep this page open.")
        response = JsonResponse({"message": text, "error": text}, status=503)
    else:
        typed = readable(request) if typed is None else typed
        context = {"typed": typed, "is_form": request.method == "POST"}
        context |= {"is_full": is_full(error)}
        context |= {"until_restart": getattr(error, "until_restart", False)}
        response = HttpResponse(render_to_string("503.html", context), status=503)
    response["Retry-After"] = str(RETRY_AFTER)
    # Django would log it again, without the cause.
    response._has_been_logged = True
    return response


def too_many(request: HttpRequest, error: LimitReached) -> HttpResponse:
    """Respond with 429: say how long to wait, and return the typed text."""
    if sends_json(request):
        text = _("You have done this too often. Try again in %(wait)s.") % {"wait": error.wait}
        response = JsonResponse({"message": text, "error": text}, status=429)
    else:
        context = {"typed": readable(request), "wait": error.wait}
        response = render(request, "429.html", context, status=429)
    response["Retry-After"] = str(error.seconds)
    return response


def sends_json(request: HttpRequest) -> bool:
    """Return whether the request is for a view whose script expects JSON."""
    view = request.resolver_match and request.resolver_match.func
    return getattr(getattr(view, "view_class", None), "sends_json", False)


def readable(request: HttpRequest) -> dict[str, str]:
    """Return the typed texts, or an empty dict if the form itself can't be read."""
    try:
        return typed_in(request, *MORE_TEXTS)
    except UNREADABLE:
        return {}
