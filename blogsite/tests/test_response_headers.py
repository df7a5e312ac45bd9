"""Headers of every response, and methods that no view accepts."""

from io import BytesIO

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.test import Client

from blogsite.requests import CONTENT_SECURITY_POLICY, PERMISSIONS_POLICY
from caching.tests.cached import ask

RESTRICTING = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Permissions-Policy": PERMISSIONS_POLICY,
    "X-Content-Type-Options": "nosniff",
}
STYLE = "/static/css/site.css"


def restricting(headers) -> dict[str, str]:
    return {name: headers.get(name) for name in RESTRICTING}


# Headers of each response -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/feed/", 200),
        ("/auth/login/", 200),
        ("/admin/login/", 200),
        ("/healthz", 200),
        ("/readyz", 200),
        ("/create/", 302),
        ("/nope/", 404),
        ("/1/delete/", 405),
        ("/admin/posts/post/?q=%00", 400),
        (STYLE, 200),
        ("/static/nope.css", 404),
        ("/media/nope.webp", 404),
    ],
)
def test_every_response_has_the_security_headers(db, path, status):
    reply = ask(WSGIHandler(), path)
    assert reply.status == status
    assert restricting(reply.headers) == RESTRICTING


@pytest.mark.parametrize("path", ["/hello/", "/healthz", STYLE])
def test_a_redirect_to_https_and_a_refused_host_have_the_headers_too(settings, path):
    settings.SECURE_SSL_REDIRECT = True
    for headers in ({}, {"HTTP_HOST": "evil.example"}):
        assert restricting(ask(WSGIHandler(), path, **headers).headers) == RESTRICTING


def test_a_failure_has_the_security_headers_too(dead_database):
    response = Client(raise_request_exception=False).get("/")
    assert response.status_code >= 500
    assert restricting(response.headers) == RESTRICTING


@pytest.mark.parametrize("path", ["/", "/feed/"])
def test_a_cached_page_and_its_304_have_the_security_headers_too(anonymous, post, path):
    page = anonymous.get(path)
    again = anonymous.get(path, HTTP_IF_NONE_MATCH=page.headers["ETag"])
    assert (page.status, again.status, again.body) == (200, 304, b"")
    assert restricting(page.headers) == restricting(again.headers) == RESTRICTING
    # A 304 has no body, so it has no headers about one.
    assert not [name for name in again.headers if name in ("Content-Type", "Content-Length")]


def test_the_304_of_a_static_file_has_the_security_headers_too():
    sent = ask(WSGIHandler(), STYLE).headers
    again = ask(WSGIHandler(), STYLE, HTTP_IF_MODIFIED_SINCE=sent["Last-Modified"])
    assert again.status == 304
    assert restricting(again.headers) == RESTRICTING


# Addresses with a token ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "policy"),
    [
        ("/preview/some:token/", "strict-origin"),
        ("/start/token/", "strict-origin"),
        ("/auth/password/reset/Mjc/dig-bef/", "strict-origin"),
        ("/auth/password/reset/Mjc/set-password/", "strict-origin"),
        ("/auth/login/?next=/preview/some:token/", "strict-origin"),
        ("/auth/register/?next=%2Fpreview%2Fsome%3Atoken%2F", "strict-origin"),
        ("/auth/password/reset/", "same-origin"),
        ("/auth/password/reset/sent/", "same-origin"),
        ("/auth/login/?next=/create/", "same-origin"),
        ("/?q=token", "same-origin"),
    ],
)
def test_an_address_with_a_token_is_sent_as_no_referrer(client, db, path, policy):
    for method in ("GET", "POST", "FOO"):
        response = client.generic(method, path)
        assert response.headers.get("Referrer-Policy", "same-origin") == policy


# Methods ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/", "GET, HEAD"),
        ("/create/", "GET, HEAD, POST"),
        ("/1/like/", "POST"),
        ("/auth/login/", "GET, HEAD, POST"),
        ("/auth/password/reset/Mjc/dig-bef/", "GET, HEAD, POST"),
        ("/admin/", "GET, HEAD, POST"),
        ("/feed/", "GET, HEAD"),
        ("/nope/", "GET, HEAD"),
        ("/healthz", "GET, HEAD"),
        ("/media/nope.webp", "GET, HEAD"),
        (STYLE, "GET, HEAD"),
        ("*", "GET, HEAD"),
    ],
)
def test_a_method_that_no_view_accepts_is_405_with_the_allowed_methods(client, db, path, allowed):
    for method in ("TRACE", "PROPFIND", "FOO", "get", "Post", "PUT", "X" * 500):
        response = client.generic(method, path)
        assert (response.status_code, response["Allow"]) == (405, allowed)
        assert "opened directly" in response.text
        assert restricting(response.headers) == RESTRICTING


def test_the_page_cache_serves_only_methods_that_read(anonymous, post):
    anonymous.get()
    assert [anonymous.get(method=method).status for method in ("get", "FOO")] == [405, 405]
    assert anonymous.get(method="GET").status == 200


def test_a_small_head_gets_its_page_as_gunicorn_sends_it(db):
    reply = ask(WSGIHandler(), "/hello/", "head")
    assert (reply.status, "opened directly" in reply.text) == (405, True)


# Bodies -------------------------------------------------------------------------------------------


@pytest.fixture
def site():
    # The import starts the site, which looks for its static files and reopens its log.
    from blogsite.wsgi import site

    return site


class Broken(BytesIO):
    def read(self, *size) -> bytes:
        raise ConnectionResetError


@pytest.mark.parametrize("stream", [BytesIO, Broken])
@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=X"]
)
@pytest.mark.parametrize("path", ["/auth/login/", "/admin/login/", "/create/", "/1/like/"])
def test_a_body_that_is_cut_short_is_400_without_a_traceback(
    db, site, log, stream, content_type, path
):
    headers = {"CONTENT_TYPE": content_type, "CONTENT_LENGTH": "1000"}
    reply = ask(site, path, "POST", **headers, **{"wsgi.input": stream(b"a=1")})
    assert reply.status == 400
    (line,) = log.getvalue().splitlines()
    assert "WARNING" in line and "connection closed" in line


def test_a_body_without_a_length_is_400(db, log):
    reply = ask(WSGIHandler(), "/auth/login/", "POST", HTTP_TRANSFER_ENCODING="chunked")
    assert reply.status == 400
    (line,) = log.getvalue().splitlines()
    assert "WARNING" in line and "without a length" in line
