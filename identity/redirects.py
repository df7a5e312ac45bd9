"""Redirects from old addresses. They are looked up only before a 404."""

from collections.abc import Callable
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import is_valid_path
from django.utils.encoding import escape_uri_path, uri_to_iri

from content.addresses import moved
from content.errors import logging_causes, page_not_found
from identity.models import PATH_MAX_LENGTH, Redirect

# A path is compared with old paths of at most this many parts.
PARTS_MAX = 10
# At most this many redirects are followed to send a visitor straight to the last address.
STEPS_MAX = 10


def redirect_or_404(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Respond to a request for which there is no page: the site's `handler404`."""
    return redirect(request) or page_not_found(request, exception)


def redirect_with_debug(get_response: Callable) -> Callable:
    """Middleware for DEBUG, with which Django shows its own page and doesn't call `handler404`."""
    if not settings.DEBUG:
        raise MiddlewareNotUsed

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        return (response.status_code == 404 and redirect(request)) or response

    return middleware


def redirect(request: HttpRequest) -> HttpResponse | None:
    """Return the redirect for an address without a page, or None."""
    # Django adds a missing slash at the end, which may lead to a page.
    is_cut = not request.path.endswith("/") and is_valid_path(f"{request.path_info}/")
    if request.method in ("GET", "HEAD") and not is_cut:
        with logging_causes("A redirect"):
            target = find_target(request.path)
        if target:
            return moved(request, target)
    return None


def find_target(path: str) -> str | None:
    """Return the current address of the page at a decoded path, or None.

    This takes one query if there is no redirect. Redirects that lead in circles lead nowhere.
    """
    target = None
    for _ in range(STEPS_MAX):
        following = find_step(path)
        if following is None:
            return target
        target = following
        path = path_of(target)
    return None


def find_step(path: str) -> str | None:
    """Return where the longest old path that `path` begins with redirects, or None."""
    starts = starts_of(path)
    rows = Redirect.objects.filter(old_path__in=starts)
    row = max(rows, key=lambda row: len(row.old_path), default=None)
    return join(row.target, starts[row.old_path]) if row else None


def leads_back(target: str, old_path: str) -> bool:
    """Return whether a redirect from `old_path` to `target` would lead in circles."""
    for _ in range(STEPS_MAX):
        if old_path in starts_of(path_of(target)):
            return True
        target = find_step(path_of(target))
        if target is None:
            return False
    return True


@transaction.atomic
def add(old: str, new: str) -> None:
    """Redirect from the old path of a page to its new one, both as `reverse` returns them."""
    before = readable(unquote(old))
    now = readable(unquote(new))
    # Lock all rows that change, in a fixed order. Otherwise, two moves could wait for each other.
    rows = Redirect.objects.filter(Q(old_path__in=[key_of(now), key_of(before)]) | Q(target=before))
    list(rows.select_for_update().order_by("pk"))
    # There is a page at the new path, perhaps again.
    Redirect.objects.filter(old_path=key_of(now)).delete()
    if key_of(before) != key_of(now):
        # A page may move many times, but each old address has one row.
        Redirect.objects.filter(target=before).update(target=now)
        Redirect.objects.update_or_create(old_path=key_of(before), defaults={"target": now})


# Paths --------------------------------------------------------------------------------------------


def starts_of(path: str) -> dict[str, str]:
    """Return the keys of a decoded path and of the paths above it, each with the rest below it."""
    parts = readable(path).split("/")[1:]
    starts = {}
    for number in range(1, min(len(parts), PARTS_MAX) + 1):
        key = key_of("/" + "/".join(parts[:number]))
        if 0 < len(key) <= PATH_MAX_LENGTH:
            starts.setdefault(key, "/".join(parts[number:]).lstrip("/"))
    return starts


def join(target: str, rest: str) -> str:
    """Return the address of `rest` below `target`."""
    if not rest:
        return target
    address = urlsplit(target)
    return address._replace(path=f"{address.path.rstrip('/')}/{rest}").geturl()


def path_of(target: str) -> str:
    """Return the decoded path of `target` on this site, or "/" on another site."""
    return unquote(urlsplit(target).path) if target.startswith("/") else "/"


def readable(path: str) -> str:
    """Return a decoded path with only those characters quoted that mean something in an address."""
    return uri_to_iri(escape_uri_path(path))


def key_of(path: str) -> str:
    """Return the key of a readable path. Case and a slash at the end make no difference."""
    return path.rstrip("/").casefold()
