"""Middleware for every request: its id, true scheme and address, and security policy."""

import contextvars
import logging
import re

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse
from django.test import Client
from django.urls import path

from blogsite.requests import CONTENT_SECURITY_POLICY, AddRequestId

GENERATED = re.compile(r"[0-9a-f]{16}")


def with_own_policy(request):
    return HttpResponse(headers={"Content-Security-Policy": "default-src 'none'"})


urlpatterns = [path("own/", with_own_policy)]


@pytest.fixture
def behind_proxy(settings):
    """Apply the settings of BEHIND_PROXY=1 (see test_settings)."""
    settings.BEHIND_PROXY = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.MIDDLEWARE = ["blogsite.requests.trust_proxy_headers", *settings.MIDDLEWARE]


def test_each_response_has_its_own_id(client):
    first, second = (client.get("/hello/")["X-Request-ID"] for _ in range(2))
    assert GENERATED.fullmatch(first) and GENERATED.fullmatch(second)
    assert first != second


@pytest.mark.parametrize("sent", ["a1b2c3d4", "0" * 64, "Root-1.67891233_abc"])
def test_the_id_of_a_proxy_is_kept(behind_proxy, sent):
    assert Client().get("/hello/", HTTP_X_REQUEST_ID=sent)["X-Request-ID"] == sent


def test_the_id_of_a_client_is_ignored_without_a_proxy(client):
    response = client.get("/hello/", HTTP_X_REQUEST_ID="a1b2c3d4")
    assert GENERATED.fullmatch(response["X-Request-ID"])


@pytest.mark.parametrize(
    "sent",
    ["", "short", "a" * 65, "with space", "a1b2c3d4\n", "ä" * 8, "<script>alert", "a,b,c,d,e"],
)
def test_a_malformed_id_is_ignored_even_from_a_proxy(behind_proxy, sent):
    response = Client().get("/hello/", HTTP_X_REQUEST_ID=sent)
    assert GENERATED.fullmatch(response["X-Request-ID"])


def test_a_log_line_outside_of_requests_has_a_dash_for_its_id():
    record = logging.makeLogRecord({"name": "blogsite"})
    # A new context, because the current one has the request ids of other tests.
    assert contextvars.Context().run(AddRequestId().filter, record)
    assert record.request_id == "-"


@pytest.mark.parametrize(
    ("forwarded", "trusted"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("6.6.6.6, 203.0.113.7", "203.0.113.7"),
        ("6.6.6.6,2001:db8::7", "2001:db8::7"),
        ("garbage, 203.0.113.7", "203.0.113.7"),
        ("203.0.113.7, garbage", "127.0.0.1"),
        ("6.6.6.6, 203.0.113.7:8000", "203.0.113.7"),
        ("6.6.6.6, [2001:db8::7]:8000", "2001:db8::7"),
        ("6.6.6.6, [2001:db8::7]", "2001:db8::7"),
        ("203.0.113.7, [garbage]:80", "127.0.0.1"),
        ("203.0.113.7,", "127.0.0.1"),
        ("", "127.0.0.1"),
        (None, "127.0.0.1"),
    ],
)
def test_the_last_forwarded_address_is_trusted_behind_a_proxy(behind_proxy, forwarded, trusted):
    headers = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    meta = Client().get("/hello/", **headers).wsgi_request.META
    assert meta["REMOTE_ADDR"] == trusted
    # Limits count a private address only if it is the forwarded one.
    assert (meta.get("HTTP_X_FORWARDED_FOR") == trusted) == (trusted != "127.0.0.1")


@pytest.mark.parametrize(
    ("forwarded", "status"),
    [
        ("https", 200),
        ("http, https", 200),
        ("https, http", 301),
        ("https,", 301),
        ("gopher", 301),
        (None, 301),
    ],
)
def test_the_last_forwarded_scheme_is_trusted_behind_a_proxy(
    settings, behind_proxy, forwarded, status
):
    settings.SECURE_SSL_REDIRECT = True
    headers = {} if forwarded is None else {"HTTP_X_FORWARDED_PROTO": forwarded}
    response = Client().get("/hello/", **headers)
    assert response.status_code == status
    if status == 301:
        assert response["Location"] == "https://testserver/hello/"


def test_nothing_forwarded_is_trusted_without_a_proxy(settings):
    settings.SECURE_SSL_REDIRECT = True
    headers = {"HTTP_X_FORWARDED_PROTO": "https", "HTTP_X_FORWARDED_FOR": "6.6.6.6"}
    response = Client().get("/hello/", **headers, HTTP_X_FORWARDED_HOST="evil.example")
    assert response["Location"] == "https://testserver/hello/"
    assert response.wsgi_request.META["REMOTE_ADDR"] == "127.0.0.1"


@pytest.mark.parametrize(
    ("url", "headers", "redirects", "status"),
    [
        ("/", {}, False, 200),
        ("/hello/", {}, False, 200),
        ("/auth/login/", {}, False, 200),
        ("/admin/login/", {}, False, 200),
        ("/healthz", {}, False, 200),
        ("/readyz", {}, False, 200),
        ("/favicon.ico", {}, False, 302),
        ("/create/", {}, False, 302),
        ("/nope/", {}, False, 404),
        ("/1/delete/", {}, False, 405),
        ("/", {"HTTP_HOST": "evil.example"}, False, 400),
        ("/", {}, True, 301),
        ("/", {"HTTP_HOST": "evil.example"}, True, 400),
    ],
)
def test_every_response_has_the_content_security_policy(
    settings, db, url, headers, redirects, status
):
    settings.SECURE_SSL_REDIRECT = redirects
    response = Client().get(url, **headers)
    assert response.status_code == status
    assert response["Content-Security-Policy"] == CONTENT_SECURITY_POLICY


def test_a_static_file_carries_the_content_security_policy(ask):
    status, headers, _ = ask(WSGIHandler(), "GET", "/static/css/site.css")
    assert (status, headers["Content-Security-Policy"]) == ("200 OK", CONTENT_SECURITY_POLICY)


def test_a_failure_carries_the_content_security_policy(dead_database):
    response = Client(raise_request_exception=False).get("/")
    assert response.status_code == 503
    assert response["Content-Security-Policy"] == CONTENT_SECURITY_POLICY


def test_the_policy_lets_nothing_in_from_elsewhere():
    assert "default-src 'self'" in CONTENT_SECURITY_POLICY
    for lax in ("unsafe-inline", "unsafe-eval", "*", "http:", "https:"):
        assert lax not in CONTENT_SECURITY_POLICY


@pytest.mark.urls(__name__)
def test_a_page_may_have_its_own_policy(client):
    assert client.get("/own/")["Content-Security-Policy"] == "default-src 'none'"


@pytest.mark.parametrize("url", ["/auth/login/", "/hello/", "/nope/", "/healthz"])
def test_the_response_to_head_is_the_response_to_get_without_its_body(ask, url):
    """The test client would drop the body itself. So would gunicorn, with a warning each time."""
    (status, headers, body), head = (ask(WSGIHandler(), method, url) for method in ("GET", "HEAD"))
    assert body != b""
    assert (head[0], head[1]["Content-Length"], head[2]) == (status, headers["Content-Length"], b"")
