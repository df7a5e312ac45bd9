"""Health checks for monitoring, and the greeting at /hello/."""

import logging
from collections.abc import Iterator

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils.module_loading import import_string
from django.views.decorators.http import require_safe

from blogsite import schema
from blogsite.sqlite.base import DatabaseReplaced

log = logging.getLogger(__name__)

# A code word for the public, and details for the log.
Problem = tuple[str, str]


def answer_health_checks(get_response):
    """Respond to /healthz and /readyz before the host check and the redirect to HTTPS.

    A load balancer sends its request to an IP address, without a host name and over plain HTTP.
    """
    checks = {"/healthz": healthz, "/readyz": readyz}

    def middleware(request: HttpRequest) -> HttpResponse:
        check = checks.get(request.path_info)
        if check is None:
            return get_response(request)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        return check()

    return middleware


def healthz() -> HttpResponse:
    """Report that the process is alive, without any I/O."""
    return _plain("ok")


def readyz() -> HttpResponse:
    """Report whether the site works: 200, or 503 with a code word for each problem.

    The code words are public, so they contain no path, version or address. The log has those.
    """
    checks = map(import_string, settings.READINESS)
    problems = [problem for check in checks for problem in check()]
    for word, details in problems:
        log.warning("Not ready, %s: %s", word, " ".join(details.split()))
    if problems:
        codes = ", ".join(dict(problems))
        return _plain(f"not ready: {codes}", status=503)
    return _plain("ready")


def find_database_problems() -> Iterator[Problem]:
    """Compare the database's migrations with the code, which also proves that it responds."""
    try:
        pending, unknown = schema.compare()
    except DatabaseReplaced as error:
        yield "database-replaced", str(error)
    # Drivers share no error class, and the site can't work after any of their errors.
    except Exception as error:
        yield "database", str(error)
    else:
        if pending:
            yield "migrations-pending", schema.join_names(pending)
        if unknown:
            yield "migrations-unknown", schema.join_names(unknown)


def find_cache_problems() -> Iterator[Problem]:
    try:
        cache.set("readyz", "ready", timeout=60)
        if cache.get("readyz") != "ready":
            yield "cache", "a value just written was not found"
    except Exception as error:
        yield "cache", str(error)


def _plain(text: str, status: int = 200) -> HttpResponse:
    response = HttpResponse(text + "\n", content_type="text/plain; charset=utf-8", status=status)
    response["Cache-Control"] = "no-store"
    response["Content-Length"] = str(len(response.content))
    return response


@require_safe
def hello(request: HttpRequest) -> HttpResponse:
    """Respond with the greeting that was this project's first page."""
    return HttpResponse("Hello, World!", content_type="text/plain; charset=utf-8")
