"""Addresses that are whole: with scheme and host, for mails, feeds and canonical links."""

import nh3
from django.conf import settings
from django.http import HttpRequest, HttpResponsePermanentRedirect


def absolute_url(request: HttpRequest, path: str) -> str:
    """Return `path` (from the root) on SITE_URL, or on the request's own scheme and host."""
    return f"{settings.SITE_URL}{path}" if settings.SITE_URL else request.build_absolute_uri(path)


def moved(request: HttpRequest, path: str) -> HttpResponsePermanentRedirect:
    """Answer 301 to `path`, with the query that was asked, so that old links live on."""
    query = request.META.get("QUERY_STRING", "")
    response = HttpResponsePermanentRedirect(f"{path}?{query}" if query else path)
    # A browser that kept it would go in circles once a name is changed back.
    response["Cache-Control"] = "no-cache"
    return response


# What a reader elsewhere can do nothing with: our styles, our widths, our ids.
_FEED_TAGS = nh3.ALLOWED_TAGS - {"span"} | {"input"}
_FEED_ATTRIBUTES = {
    **nh3.ALLOWED_ATTRIBUTES,
    "*": {"title"},
    "details": {"open"},
    "input": {"checked", "disabled", "type"},
    "time": {"datetime"},
}


def absolute_html(html: str, base: str) -> str:
    """Return rendered HTML with every address whole, for readers who see it elsewhere.

    Classes, ids and `srcset` go: a feed reader has neither our styles nor our widths.
    """
    return nh3.clean(
        html,
        tags=_FEED_TAGS,
        attributes=_FEED_ATTRIBUTES,
        url_relative=("rewrite_with_base", base),
        link_rel="noopener",
    )
