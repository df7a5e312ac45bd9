"""Which requests the page cache may answer, and what tells one answer from another."""

import re
from functools import lru_cache
from urllib.parse import unquote_plus

from django.conf import settings

from content.cookies import has_personal_cookie

# A longer address comes once, and would only drive out what is asked for again.
ADDRESS_MAX = 1_000

# Files, and pages that are somebody's own or made for a machine: not even looked up.
PASSED_BY = ("/static/", "/media/", "/admin/", "/auth/", "/preview/", "/healthz", "/readyz")
# Headers of requests that ask for something else than the page as everyone gets it.
PERSONAL = {"HTTP_AUTHORIZATION", "HTTP_HX_REQUEST", "HTTP_RANGE", "HTTP_IF_RANGE"}
PERSONAL |= {"HTTP_IF_MATCH", "HTTP_IF_UNMODIFIED_SINCE"}
NOTHING = re.compile(r"0(\.0*)?")

Key = tuple[bool | str, ...]


def key_of(environ: dict) -> Key | None:
    """Return what the answer depends on; None for a request that is somebody's own."""
    path, query = environ["PATH_INFO"], environ["QUERY_STRING"]
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
    if settings.BEHIND_PROXY:  # `blogsite.wsgi` has left the proxy's word alone.
        scheme = environ.get("HTTP_X_FORWARDED_PROTO", scheme)
    where = (scheme == "https", environ["HTTP_HOST"], environ.get("SCRIPT_NAME", ""), path)
    # The site has one language. Where visitors choose, it is the one that was chosen for them.
    return *where, query, settings.LANGUAGE_CODE


def in_order(query: str) -> str:
    """Return `query` with its fields by name as read: `%61` is `a`; within one, order counts."""
    return "&".join(sorted(query.split("&"), key=lambda part: unquote_plus(part.split("=")[0])))


@lru_cache(maxsize=256)
def takes_gzip(accepted: str) -> bool:
    """Tell whether Accept-Encoding allows gzip: by name, or by `*`, and not with `q=0`."""
    weights = {}
    for part in accepted.lower().split(","):
        name, _, weight = part.partition(";")
        weights[name.strip()] = weight.partition("=")[2].strip()
    return not NOTHING.fullmatch(weights.get("gzip", weights.get("*", "0")))
