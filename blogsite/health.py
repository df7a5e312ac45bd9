"""Answers for machines that watch the site, and the seed's greeting."""

import logging
from collections.abc import Callable

from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.views.decorators.http import require_safe

log = logging.getLogger(__name__)


def answer_health_checks(get_response):
    """Answer /healthz and /readyz before the host check and the redirect to HTTPS.

    A load balancer asks by address, without a name and over plain HTTP.
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
    """Say that the process is alive; no input or output."""
    return _plain("ok")


def readyz() -> HttpResponse:
    """Say whether database and cache answer: 200, or 503 with the ones that do not."""
    failed = [
        name
        for name, ask in (("database", _ask_database), ("cache", _ask_cache))
        if not _answers(name, ask)
    ]
    if failed:
        return _plain(f"not ready: {' and '.join(failed)} did not answer", status=503)
    return _plain("ready")


def _answers(name: str, ask: Callable[[], None]) -> bool:
    try:
        ask()
    # Drivers have no common error, and whatever it is, the site cannot work.
    except Exception as error:
        log.warning("The %s did not answer: %s", name, error)
        return False
    return True


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _ask_cache() -> None:
    cache.set("readyz", "ready", timeout=60)
    if cache.get("readyz") != "ready":
        raise LookupError("a value just written was not found")


def _plain(text: str, status: int = 200) -> HttpResponse:
    response = HttpResponse(text + "\n", content_type="text/plain; charset=utf-8", status=status)
    response["Cache-Control"] = "no-store"
    response["Content-Length"] = str(len(response.content))
    return response


@require_safe
def hello(request: HttpRequest) -> HttpResponse:
    """Greet, as the seed's first page does."""
    return HttpResponse("Hello, World!", content_type="text/plain; charset=utf-8")
