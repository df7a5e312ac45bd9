"""Absolute addresses, with scheme and host, for emails, feeds and canonical links."""

from urllib.parse import urlsplit

import nh3
from django.conf import settings
from django.http import HttpRequest, HttpResponsePermanentRedirect


def site_url(request: HttpRequest) -> str:
    """Return SITE_URL, or else the request's own scheme and host."""
    return settings.SITE_URL or f"{request.scheme}://{request.get_host()}"


def absolute_url(request: HttpRequest, path: str) -> str:
    """Return `path` (from the root) on SITE_URL, or on the request's own scheme and host."""
    return f"{settings.SITE_URL}{path}" if settings.SITE_URL else request.build_absolute_uri(path)


def moved(request: HttpRequest, address: str) -> HttpResponsePermanentRedirect:
    """Redirect with status 301, with the request's query unless `address` has its own."""
    parts = urlsplit(address)
    query = parts.query or request.META.get("QUERY_STRING", "")
    response = HttpResponsePermanentRedirect(parts._replace(query=query).geturl())
    # If a browser cached the redirect, changing a name back would cause a redirect loop.
    response["Cache-Control"] = "no-cache"
    return response


# The allowed attributes, without our classes and ids, which are useless in a feed reader.
_FEED_TAGS = nh3.ALLOWED_TAGS - {"span"} | {"input"}
_FEED_ATTRIBUTES = {
    **nh3.ALLOWED_ATTRIBUTES,
    "*": {"dir", "title"},
    "details": {"open"},
    "input": {"checked", "disabled", "type"},
    "time": {"datetime"},
}


def absolute_html(html: str, base: str) -> str:
    """Return rendered HTML with absolute addresses, for feed readers and other sites.

    Classes, ids and `srcset` are removed, because our styles and widths don't apply there.
    """
    return nh3.clean(
        html,
        tags=_FEED_TAGS,
        attributes=_FEED_ATTRIBUTES,
        url_relative=("rewrite_with_base", base),
        link_rel="noopener",
    )
