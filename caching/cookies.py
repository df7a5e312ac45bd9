"""Cookies that make a visitor's pages personal: sessions and messages."""

from django.conf import settings
from django.http import parse_cookie


def has_personal_cookie(header: str) -> bool:
    """Return whether a Cookie header from WSGI names one of PERSONAL_COOKIES.

    A browser also sends cookies from analytics, consent banners and other sites on the same domain.
    None of them changes a page.
    """
    # Middleware drops backslashes before Django reads the header.
    header = header.replace("\\", "")
    # For most headers, the search ends here. Decoding adds no ASCII characters, so no name can
    # escape this check.
    if not any(name in header for name in settings.PERSONAL_COOKIES):
        return False
    # Parse as Django does. If we found no session where Django finds one, the page cache would
    # serve that person's page to everyone.
    cookies = parse_cookie(header.encode("latin-1").decode(errors="replace"))
    return not cookies.keys().isdisjoint(settings.PERSONAL_COOKIES)
