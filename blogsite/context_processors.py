"""Context processor that gives every template facts about the program."""

from django.conf import settings
from django.http import HttpRequest

from blogsite import __version__


def site(request: HttpRequest) -> dict[str, object]:
    """Return the version, and the name of the CSRF cookie."""
    return {
        "blog_version": __version__,
        "csrf_cookie_name": settings.CSRF_COOKIE_NAME,
    }
