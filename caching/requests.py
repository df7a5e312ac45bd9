"""The requests that the page cache may respond to, and the keys of its responses."""

import re
from functools import lru_cache
from urllib.parse import unquote_plus

from django.conf import settings

from caching.cookies import has_personal_cookie

# Longer addresses are rarely requested twice, and would only evict pages that are.
ADDRESS_MAX = 1_000

# Prefixes of files, personal pages and pages for machines, which the cache doesn't even look up.
PASSED_BY = (
    "/static/",
    "/media/",
    "/admin/",
    "/auth/",
    "/preview/",
    "/start/",
    "/healthz",
    "/readyz",
)
# Headers of requests that need a response of their own.
PERSONAL = {"HTTP_AUTHORIZATION", "HTTP_HX_REQUEST", "HTTP_RANGE", "HTTP_IF_RANGE"}
PERSONAL |= {"HTTP_IF_MATCH", "HTTP_IF_UNMODIFIED_SINCE"}
NOTHING = re.compile(r"0(\.0*)?")

Key = tuple[bool | str, ...]


def cache_key(environ: dict) -> Key | None:
    """Return the key of the response, or None for a personal request."""
    path = environ["PATH_INFO"]
    query = environ["QUERY_STRING"]
    if (
        environ["REQUEST_METHOD"] not in ("GET", "HEAD")
        or path.startswith(PASSED_BY)
        or not PERSONAL.isdisjoint(environ)
        or has_personal_cookie(environ.get("HTTP_COOKIE", ""))
        or "HTTP_HOST" not in environ
        or len(environ["HTTP_HOST"] + path + query) > ADDRESS_MAX
    ):
        return None
    scheme = environ["wsgi.url_scheme"]
    if settings.BEHIND_PROXY:  # `blogsite.wsgi` leaves the proxy's header alone.
        scheme = environ.get("HTTP_X_FORWARDED_PROTO", scheme)
    return (scheme == "https", environ["HTTP_HOST"], environ.get("SCRIPT_NAME", ""), path, query)


def in_order(query: str) -> str:
    """Return `query` sorted by its decoded names; fields of one name keep their order."""
    return "&".join(sorted(query.split("&"), key=lambda part: unquote_plus(part.split("=")[0])))


@lru_cache(maxsize=256)
def takes_gzip(accepted: str) -> bool:
    """Return whether Accept-Encoding allows gzip: by name or by `*`, and not with `q=0`."""
    weights = {}
    for part in accepted.lower().split(","):
        name, _, weight = part.partition(";")
        weights[name.strip()] = weight.partition("=")[2].strip()
    return not NOTHING.fullmatch(weights.get("gzip", weights.get("*", "0")))
