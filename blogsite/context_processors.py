"""Context processor that gives every template facts about the site."""

from django.conf import settings
from django.http import HttpRequest

from blogsite import __version__


def site(request: HttpRequest) -> dict[str, object]:
    """Return the site's name and version, whether registration is open, and the CSRF cookie."""
    # Not `site_name`: Django's login view sets that to the host.
    return {
        "blog_name": settings.SITE_NAME,
        "blog_version": __version__,
        "registration_open": settings.REGISTRATION_OPEN,
        "csrf_cookie_name": settings.CSRF_COOKIE_NAME,
    }
