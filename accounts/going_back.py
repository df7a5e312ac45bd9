"""Keep the Back button from showing a person's pages after they logged out.

A browser shows a page again without asking the server. `Clear-Site-Data` makes it forget such
pages, but only over HTTPS. So each page names the person it was rendered for, and a cookie names
the person of the current session. If the two differ, `back.js` reloads the page.
"""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from accounts.models import User


def person_mark(user: User | AnonymousUser) -> str:
    """Return the mark of a person for pages and the cookie; it is empty for anonymous visitors."""
    if not user.is_authenticated:
        return ""
    return salted_hmac("accounts.going_back", str(user.pk)).hexdigest()[:16]


def mark_person(get_response: Callable) -> Callable:
    """Middleware that updates the cookie with the person's mark when the session changes."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        # If nothing read the session, nothing changed it. After a failure, finding out who is
        # logged in would wait for the same database again.
        if request.session.accessed and response.status_code < 500:
            update_cookie(request, response, person_mark(request.user))
        return response

    return middleware


def update_cookie(request: HttpRequest, response: HttpResponse, mark: str) -> None:
    name = settings.PERSON_COOKIE_NAME
    if request.COOKIES.get(name, "") == mark:
        return
    if not mark:
        response.delete_cookie(name, samesite="Lax")
        return
    age = request.session.cookie_age
    secure = settings.SESSION_COOKIE_SECURE
    response.set_cookie(name, mark, max_age=age, secure=secure, samesite="Lax")
