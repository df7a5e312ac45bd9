"""What every request gets before anything looks at it, and how logs speak of it."""

import ipaddress
import logging
import re
import secrets
from collections.abc import Callable
from contextvars import ContextVar

from django.conf import settings
from django.core.exceptions import BadRequest, DisallowedHost, RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import Resolver404, resolve
from django.utils.cache import patch_cache_control

from blogsite.redaction import redact

GetResponse = Callable[[HttpRequest], HttpResponse]

REQUEST_ID = re.compile(r"[A-Za-z0-9_.-]{8,64}")
# Nothing from elsewhere, nothing inline: text that slipped through the cleaning still runs nothing.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
# Features that no page uses, so that no script may ask for them. Browsers warn about unknown names.
PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "hid",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "serial",
        "usb",
        "xr-spatial-tracking",
    )
)
# Methods that a response 405 names. Not every view takes OPTIONS.
READ = ["GET", "HEAD"]
FORM = [*READ, "POST"]

current_request_id: ContextVar[str] = ContextVar("current_request_id", default="-")


def believe_proxy(get_response: GetResponse) -> GetResponse:
    """Take scheme and client address from the proxy in front; installed by BEHIND_PROXY alone."""

    def middleware(request: HttpRequest) -> HttpResponse:
        take_proxys_word(request.META)
        return get_response(request)

    return middleware


def take_proxys_word(environ: dict) -> None:
    """Leave of each forwarded header what the proxy wrote, and take the client's address from it.

    A proxy appends to what the client sent, so only the last entry is its own word.
    """
    for name in ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO"):
        if name in environ:
            environ[name] = environ[name].rpartition(",")[2].strip()
    client = environ.get("HTTP_X_FORWARDED_FOR", "")
    if _is_address(client):
        environ["REMOTE_ADDR"] = client


def _is_address(text: str) -> bool:
    if "%" in text:
        return False  # a scope id is free text, and would forge fields of a log line
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def identify_request(get_response: GetResponse) -> GetResponse:
    """Give the request an id: in the logs, in X-Request-ID of the answer and on the 500 page."""

    def middleware(request: HttpRequest) -> HttpResponse:
        sent = request.META.get("HTTP_X_REQUEST_ID", "") if settings.BEHIND_PROXY else ""
        request_id = sent if REQUEST_ID.fullmatch(sent) else secrets.token_hex(8)
        request.META["REQUEST_ID"] = request_id
        current_request_id.set(request_id)
        response = get_response(request)
        response["X-Request-ID"] = request_id
        return response

    return middleware


def answer_head_without_body(get_response: GetResponse) -> GetResponse:
    """Drop the body of each answer to HEAD; gunicorn does too, with a warning in the log."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        # Not `request.method`: there, "head" is HEAD too, but gunicorn sends it a body.
        if request.META["REQUEST_METHOD"] == "HEAD" and not response.streaming:
            response.headers.setdefault("Content-Length", str(len(response.content)))
            response.content = b""
        return response

    return middleware


def refuse_abnormal_requests(get_response: GetResponse) -> GetResponse:
    """Refuse requests that no browser sends, before anything reads them."""

    def middleware(request: HttpRequest) -> HttpResponse:
        meta = request.META
        # Undoing backslashes in a cookie takes quadratic time before Python 3.11.10 and 3.12.6,
        # and gives NUL, which PostgreSQL refuses. None of our cookies holds one.
        if "\\" in meta.get("HTTP_COOKIE", ""):
            meta["HTTP_COOKIE"] = meta["HTTP_COOKIE"].replace("\\", "")
        # Django takes any digits for a port; what makes addresses whole, as feeds do, does not.
        port = meta.get("HTTP_HOST", "").rpartition(":")[2]
        if port.isdecimal() and (len(port) > 5 or int(port) > 65_535):
            raise DisallowedHost("A port that there is not")
        # The admin asks the database for whatever the address says.
        if "%00" in meta.get("QUERY_STRING", "") and request.path_info.startswith("/admin/"):
            raise BadRequest("NUL in the query string")
        # Django reads no body without a length, and would take an empty form.
        if "HTTP_TRANSFER_ENCODING" in meta:
            raise BadRequest("A body without a length")
        # Django's limit does not count files, which a stranger could fill the disk with.
        length = meta.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and int(length) > settings.LARGEST_REQUEST:
            raise RequestDataTooBig("The body is too large")
        return get_response(request)

    return middleware


def keep_private(get_response: GetResponse) -> GetResponse:
    """Tell caches to keep no page that is made for one person; Vary alone is not always heard.

    Not no-store: going back must find the text that is still in the form.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if is_personal(request, response):
            patch_cache_control(response, private=True, no_cache=True)
        return response

    return middleware


def is_personal(request: HttpRequest, response: HttpResponse) -> bool:
    """Return whether the cookies show that the response is for one person."""
    is_known = not settings.PERSONAL_COOKIES.isdisjoint(request.COOKIES)
    return is_known or bool(response.cookies)


def offer_next_pages(get_response: GetResponse) -> GetResponse:
    """Name the links that a browser may fetch when one points at them, before one clicks.

    Only for anonymous visitors, whose pages come from the page cache. A logged-in person's page is
    rendered, which costs too much for a page that may never be looked at.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        is_page = response.get("Content-Type", "").startswith("text/html")
        if is_page and response.status_code == 200 and not is_personal(request, response):
            response["Speculation-Rules"] = f'"{static(settings.SPECULATION_RULES)}"'
        if outdated := outdated_by(response):
            response["Clear-Site-Data"] = outdated
        return response

    return middleware


def outdated_by(response: HttpResponse) -> str:
    """Return the kinds of data that the browser must drop because a session begins or ends.

    A new session: pages that other tabs fetched ahead for an anonymous visitor. An end: also all
    pages that Back would show. Never `storage`, which has text that the server does not have yet.
    """
    sent = [response.cookies.get(settings.SESSION_COOKIE_NAME)]
    sent.append(response.cookies.get(settings.OLD_SESSION_COOKIE_NAME))
    if not any(sent):
        return ""
    has_begun = any(cookie and cookie.value for cookie in sent)
    return '"prefetchCache"' if has_begun else '"cache", "prefetchCache"'


def restrict_content(get_response: GetResponse) -> GetResponse:
    """Middleware that adds the headers which restrict a page to every response."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        if is_for_token(request):
            # The browser would name the address in its requests for the page's own style sheets,
            # and nginx logs that. With "no-referrer", Chromium sends "Origin: null" with a form.
            response["Referrer-Policy"] = "strict-origin"
        return response

    return middleware


def is_for_token(request: HttpRequest) -> bool:
    """Return whether the address of `request` contains a token or redirects to one that does."""
    address = f"{request.path_info}?{request.META.get('QUERY_STRING', '')}"
    return redact(address) != address or request.path_info.endswith("/set-password/")


def refuse_unknown_methods(get_response: GetResponse) -> GetResponse:
    """Respond with 405 to methods that no view takes, and to "get", which Django reads as GET."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.META["REQUEST_METHOD"] in (*FORM, "OPTIONS"):
            return get_response(request)
        page = render_to_string("405.html", request=request)
        return HttpResponseNotAllowed(methods_of(request.path_info), page)

    return middleware


def methods_of(path: str) -> list[str]:
    """Return the methods that the view at `path` takes; our function views only read."""
    try:
        match = resolve(path)
    except Resolver404:  # A file, or nothing.
        return READ
    if match.app_name == "admin":
        return FORM
    view = getattr(match.func, "view_class", None)
    if view is None:
        return READ
    names = {name.upper() for name in view.http_method_names if hasattr(view, name)}
    return [name for name in FORM if name in names or (name == "HEAD" and "GET" in names)]


class AddRequestId(logging.Filter):
    """Give each log record the id of the request it was written in, or a dash."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current_request_id.get()
        return True


class RefusedIsWarning(logging.Filter):
    """Make one warning of each refused request, which a stranger can cause at will.

    Django calls a wrong Host header an error, and adds a traceback to what a view refuses; the
    message says what was refused, and where in the code that happened helps nobody.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if not 400 <= getattr(record, "status_code", 0) < 500:
            return True
        record.levelno = logging.WARNING
        record.levelname = "WARNING"
        record.exc_info = record.exc_text = None
        return logging.getLogger(record.name).isEnabledFor(logging.WARNING)
