"""Error pages for requests that are refused or fail."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from content.outages import UNREADABLE, is_outage

log = logging.getLogger(__name__)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Respond with 400. The page says so if the form was too large."""
    too_large = isinstance(exception, RequestDataTooBig)
    return _page(request, "400.html", 400, too_large=too_large)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Respond with 403. The page shows the exception's message if it has one."""
    return _page(request, "403.html", 403, reason=str(exception))


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, "404.html", 404)


def _page(request: HttpRequest, template: str, status: int, **context) -> HttpResponse:
    """Return an error page, which shows the text that was typed if the request sent a form."""
    if status != 400:
        context["typed"] = _typed(request)
    with logging_causes(template):
        return render(request, template, context, status=status)


@contextmanager
def logging_causes(page: str) -> Iterator[None]:
    """Log errors of code that makes the error page `page`.

    Django responds with 500 and logs that, but it logs a cause only for errors in views. An outage
    has its own page, which logs the cause without a traceback.
    """
    try:
        yield
    except Exception as error:
        if not is_outage(error):
            log.exception("%s could not be shown", page)
        raise


def _typed(request: HttpRequest) -> dict[str, str]:
    """Return the typed text, or nothing if the form is malformed, which may not be known yet."""
    try:
        return {name: request.POST[name] for name in settings.TYPED_TEXTS if request.POST.get(name)}
    except UNREADABLE:
        return {}


def explain_refused_methods(get_response):
    """Give each 405 a page; Django's own has no body."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code == 405 and not response.content:
            response.content = render_to_string("405.html", request=request)
        return response

    return middleware
