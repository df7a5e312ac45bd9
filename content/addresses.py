"""Addresses that are whole: with scheme and host, for mails, feeds and canonical links."""

from django.conf import settings
from django.http import HttpRequest


def absolute_url(request: HttpRequest, path: str) -> str:
    """Return `path` (from the root) on SITE_URL, or on the request's own scheme and host."""
    return f"{settings.SITE_URL}{path}" if settings.SITE_URL else request.build_absolute_uri(path)
