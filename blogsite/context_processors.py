"""What every template may say about the site."""

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, object]:
    """Return the site's name, whether people may register, and the name of the CSRF cookie."""
    # Not `site_name`: Django's log-in view sets that to the host.
    return {
        "blog_name": settings.SITE_NAME,
        "registration_open": settings.REGISTRATION_OPEN,
        "csrf_cookie_name": settings.CSRF_COOKIE_NAME,
    }
