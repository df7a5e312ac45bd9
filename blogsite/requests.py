"""Middleware and log filters that apply to every request."""

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

# Some proxies add the port of the connection, and brackets around an IPv6 address.
PORT = re.compile(r"^(?:\[([^\]]+)\]|([0-9.]+))(?::[0-9]+)?$")
REQUEST_ID = re.compile(r"[A-Za-z0-9_.-]{8,64}")
# Allow nothing remote and nothing inline, so that HTML that the cleaner missed runs no script.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
# Features that no page uses, so no script may request them. Browsers warn about unknown names.
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
# Methods that a 405 response names. Not every view accepts OPTIONS.
READ = ["GET", "HEAD"]
FORM = [*READ, "POST"]

current_request_id: ContextVar[str] = ContextVar("current_request_id", default="-")


def trust_proxy_headers(get_response: GetResponse) -> GetResponse:
    """Middleware, installed only by BEHIND_PROXY, that takes scheme and address from the proxy."""

    def middleware(request: HttpRequest) -> HttpResponse:
        apply_proxy_headers(request.META)
        return get_response(request)

    return middleware


def apply_proxy_headers(environ: dict) -> None:
    """Keep only the proxy's part of each forwarded header, and take the client's address from it.

    A proxy appends to the header that the client sent, so only the last entry is its own.
    """
    for name in ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO"):
        if name in environ:
            environ[name] = environ[name].rpartition(",")[2].strip()
    client = PORT.sub(r"\1\2", environ.get("HTTP_X_FORWARDED_FOR", ""))
    if _is_address(client):
        environ["HTTP_X_FORWARDED_FOR"] = environ["REMOTE_ADDR"] = client


def _is_address(text: str) -> bool:
    if "%" in text:
        return False  # a scope id is free text, which could forge fields of a log line
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def identify_request(get_response: GetResponse) -> GetResponse:
    """Give the request an id for the logs, the response's X-Request-ID and the 500 page."""

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
    """Drop the body of each response to HEAD; gunicorn would too, but it logs a warning."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        # Not `request.method`, which turns "head" into HEAD, although gunicorn sends it a body.
        if request.META["REQUEST_METHOD"] == "HEAD" and not response.streaming:
            response.headers.setdefault("Content-Length", str(len(response.content)))
            response.content = b""
        return response

    return middleware


def refuse_abnormal_requests(get_response: GetResponse) -> GetResponse:
    """Refuse requests that no browser sends, before anything reads them."""

    def middleware(request: HttpRequest) -> HttpResponse:
        meta = request.META
        # Unescaping backslashes in a cookie takes quadratic time before Python 3.11.10 and 3.12.6,
        # and can yield NUL, which PostgreSQL refuses. None of our cookies contains a backslash.
        if "\\" in meta.get("HTTP_COOKIE", ""):
            meta["HTTP_COOKIE"] = meta["HTTP_COOKIE"].replace("\\", "")
        # Django accepts any digits as a port, but code that builds full URLs, as in feeds, fails.
        port = meta.get("HTTP_HOST", "").rpartition(":")[2]
        if port.isdecimal() and (len(port) > 5 or int(port) > 65_535):
            raise DisallowedHost("An invalid port")
        # The admin puts anything from the address into its queries.
        if "%00" in meta.get("QUERY_STRING", "") and request.path_info.startswith("/admin/"):
            raise BadRequest("NUL in the query string")
        # Django reads no body without a length, and would see an empty form.
        if "HTTP_TRANSFER_ENCODING" in meta:
            raise BadRequest("A body without a length")
        # Django's limit does not count files, so a stranger could fill the disk with them.
        length = meta.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and int(length) > settings.LARGEST_REQUEST:
            raise RequestDataTooBig("The body is too large")
        return get_response(request)

    return middleware


def serve_visitor(get_response: GetResponse) -> GetResponse:
    """Keep caches from storing personal pages, and let anonymous visitors prefetch links.

    Some caches ignore Vary. The header is not no-store, because going back must find the text that
    is still in the form. A browser fetches a link while the visitor points at it, before the click.
    Personal pages are rendered, which costs too much for a page that may never be read.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        is_page = response.get("Content-Type", "").startswith("text/html")
        # The cookies show whether the response is for one person.
        if response.cookies or not settings.PERSONAL_COOKIES.isdisjoint(request.COOKIES):
            patch_cache_control(response, private=True, no_cache=True)
        elif is_page and response.status_code == 200:
            response["Speculation-Rules"] = f'"{static(settings.SPECULATION_RULES)}"'
        if outdated := outdated_by(response):
            response["Clear-Site-Data"] = outdated
        return response

    return middleware


def outdated_by(response: HttpResponse) -> str:
    """Return the kinds of data that the browser must drop because a session begins or ends.

    If a session begins, these are pages that other tabs prefetched for an anonymous visitor. If it
    ends, these are also all pages that Back would show. `storage` is never among them, because it
    has text that the server does not have yet.
    """
    sent = [response.cookies.get(settings.SESSION_COOKIE_NAME)]
    sent.append(response.cookies.get(settings.OLD_SESSION_COOKIE_NAME))
    if not any(sent):
        return ""
    has_begun = any(cookie and cookie.value for cookie in sent)
    return '"prefetchCache"' if has_begun else '"cache", "prefetchCache"'


def restrict_content(get_response: GetResponse) -> GetResponse:
    """Middleware that adds security headers to every response."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        # Any 404, so that a wrong token gets the response of an unknown address.
        if is_for_token(request) or response.status_code == 404:
            # The browser would send the address with its requests for the page's own style sheets,
            # and nginx logs that. With "no-referrer", Chromium sends "Origin: null" with a form.
            response["Referrer-Policy"] = "strict-origin"
        return response

    return middleware


def is_for_token(request: HttpRequest) -> bool:
    """Return whether the address of `request` contains a token or redirects to one that does."""
    address = f"{request.path_info}?{request.META.get('QUERY_STRING', '')}"
    return redact(address) != address or request.path_info.endswith("/set-password/")


def refuse_unknown_methods(get_response: GetResponse) -> GetResponse:
    """Respond with 405 to methods that no view accepts, and to "get", which Django reads as GET."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.META["REQUEST_METHOD"] in (*FORM, "OPTIONS"):
            return get_response(request)
        page = render_to_string("405.html", request=request)
        return HttpResponseNotAllowed(methods_of(request.path_info), page)

    return middleware


def methods_of(path: str) -> list[str]:
    """Return the methods that the view at `path` accepts; our function views only read."""
    try:
        match = resolve(path)
    except Resolver404:  # A file, or an unknown address.
        return READ
    if match.app_name == "admin":
        return FORM
    view = getattr(match.func, "view_class", None)
    if view is None:
        return READ
    names = {name.upper() for name in view.http_method_names if hasattr(view, name)}
    return [name for name in FORM if name in names or (name == "HEAD" and "GET" in names)]


class AddRequestId(logging.Filter):
    """Log filter that gives each record the id of its request, or a dash."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current_request_id.get()
        return True


class RefusedIsWarning(logging.Filter):
    """Log filter that logs refused requests as warnings, because strangers cause them at will.

    Django logs a wrong Host header as an error, and adds a traceback if a view refuses a request.
    The message gives the reason, and a traceback does not help anyone.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if not 400 <= getattr(record, "status_code", 0) < 500:
            return True
        record.levelno = logging.WARNING
        record.levelname = "WARNING"
        record.exc_info = record.exc_text = None
        return logging.getLogger(record.name).isEnabledFor(logging.WARNING)
