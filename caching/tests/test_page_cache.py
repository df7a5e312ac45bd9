"""Tests of cached pages: the same bytes as without a cache, and never someone else's page."""

import gzip

import pytest
from django.conf import settings as site_settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client
from django.utils import timezone
from django.utils.http import http_date

from caching import pages
from caching.pages import in_order, takes_gzip
from caching.tests.cached import AnonymousVisitor, ask, responding
from posts.models import Post

OUTLETS = ["/", "/?page=1", "/?q=body", "/tags/", "/tags/bread/", "/authors/author/", "/hello/"]
OUTLETS += ["/feed/", "/feed/atom/", "/feed/json/", "/sitemap.xml", "/robots.txt"]
OUTLETS += ["/tag-suggestions/?q=br", "{post}"]
CSRF, SESSION = site_settings.CSRF_COOKIE_NAME, site_settings.SESSION_COOKIE_NAME
MESSAGES = site_settings.MESSAGES_COOKIE_NAME
# Headers that the cache adds or that belong to one request.
ADDED = {"ETag", "Last-Modified", "Cache-Control", "Vary", "X-Request-ID"}


@pytest.fixture
def bread(make_post) -> Post:
    return make_post(title="Bread", tags="Bread")


# The same bytes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", OUTLETS)
def test_a_cached_response_equals_the_uncached_one(anonymous, bread, path):
    path = path.format(post=bread.get_absolute_url())
    uncached = ask(WSGIHandler(), path)
    first, second = anonymous.get(path), anonymous.get(path)
    assert anonymous.rendered == 1
    assert first.body == second.body == uncached.body
    for reply in (first, second):
        assert reply.status == 200
        left = {name: value for name, value in reply.headers.items() if name not in ADDED}
        assert left == {
            name: value for name, value in uncached.headers.items() if name not in ADDED
        }
        assert reply.headers["Vary"] == "Cookie, Accept-Encoding"
        assert reply.headers["Cache-Control"] == pages.CACHE_CONTROL
        assert "X-Request-ID" not in reply.headers


def test_gzip_is_made_once_and_unpacks_to_the_same(anonymous, bread):
    plain = anonymous.get()
    packed = anonymous.get(HTTP_ACCEPT_ENCODING="br, gzip")
    assert anonymous.rendered == 1
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Content-Length"] == str(len(packed.body))
    assert gzip.decompress(packed.body) == plain.body
    # gzip's time field is empty; a time would give the same text another body in each worker.
    assert packed.body[4:8] == bytes(4)
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert AnonymousVisitor().get(HTTP_ACCEPT_ENCODING="gzip").body == packed.body


def test_a_response_that_does_not_shrink_is_sent_uncompressed(anonymous):
    assert "Content-Encoding" not in anonymous.get("/hello/", HTTP_ACCEPT_ENCODING="gzip").headers


@pytest.mark.parametrize(
    ("accepted", "takes"),
    [
        ("gzip", True),
        ("GZIP, deflate", True),
        ("gzip;q=0.5", True),
        ("*", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000, *", False),
        ("*;q=0", False),
        ("identity", False),
        ("br", False),
        ("", False),
    ],
)
def test_gzip_is_sent_to_clients_that_accept_it(accepted, takes):
    assert takes_gzip(accepted) == takes


@pytest.mark.parametrize("methods", [["HEAD", "GET", "HEAD"], ["GET", "HEAD", "GET"]])
def test_head_and_get_share_one_response_in_either_order(anonymous, bread, methods):
    replies = [anonymous.get(method=method) for method in methods]
    assert anonymous.rendered == 1
    for method, reply in zip(methods, replies, strict=True):
        # A second later, the response has a date.
        reply.headers.pop("Last-Modified", None)
        assert (reply.status, reply.headers) == (200, replies[0].headers)
        assert bool(reply.body) == (method == "GET")


def test_head_of_an_uncached_page_has_the_headers_of_get_and_no_body(anonymous):
    whole, head = anonymous.get("/nothing/"), anonymous.get("/nothing/", method="HEAD")
    for reply in (whole, head):
        del reply.headers["X-Request-ID"]
    assert (head.status, head.headers, head.body) == (404, whole.headers, b"")
    assert whole.body and not anonymous.cache.responses


# Conditional requests -----------------------------------------------------------------------------


@pytest.mark.parametrize("coding", ["", "gzip"])
@pytest.mark.parametrize("sent", ["{}", "W/{}", '"other", {}', "*", ' "a,b" , W/{} '])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_client_with_the_current_etag_gets_304(anonymous, bread, coding, sent, method):
    whole = anonymous.get(HTTP_ACCEPT_ENCODING=coding)
    tag = whole.headers["ETag"]
    reply = anonymous.get(
        method=method, HTTP_ACCEPT_ENCODING=coding, HTTP_IF_NONE_MATCH=sent.format(tag)
    )
    assert (reply.status, reply.body) == (304, b"")
    assert reply.headers["ETag"] == tag
    assert {"Cache-Control", "Vary"} <= reply.headers.keys()
    assert not {"Content-Length", "Content-Type", "Content-Encoding"} & reply.headers.keys()


@pytest.mark.parametrize("sent", ['"other"', "", "other", '"x{}"'])
def test_a_client_with_another_etag_gets_the_page_despite_its_date(anonymous, bread, sent):
    tag = anonymous.get().headers["ETag"].strip('"')
    later = http_date(timezone.now().timestamp() + 3600)
    headers = {"HTTP_IF_NONE_MATCH": sent.format(tag), "HTTP_IF_MODIFIED_SINCE": later}
    assert anonymous.get(**headers).status == 200


def test_each_encoding_has_its_own_etag(anonymous, bread):
    tag = anonymous.get(HTTP_ACCEPT_ENCODING="gzip").headers["ETag"]
    assert anonymous.get(HTTP_IF_NONE_MATCH=tag).status == 200


@pytest.mark.parametrize(
    ("asked_at", "since", "status"), [(5, 1, 304), (5, 4, 304), (5, 0, 200), (5, 6, 200)]
)
def test_a_client_with_a_current_date_gets_304(anonymous, bread, clock, asked_at, since, status):
    anonymous.get()
    clock(asked_at)
    since = http_date(int(pages.time.time()) - asked_at + since)
    assert anonymous.get(HTTP_IF_MODIFIED_SINCE=since).status == status


@pytest.mark.parametrize("since", ["", "yesterday", "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_an_invalid_or_old_date_gets_the_page(anonymous, bread, clock, since):
    anonymous.get()
    clock(5)
    assert anonymous.get(HTTP_IF_MODIFIED_SINCE=since).status == 200


def test_each_response_has_a_unique_date(anonymous, bread, clock):
    """Clients that compare dates could not tell two responses of one second apart."""
    early = http_date(pages.time.time())
    assert "Last-Modified" not in anonymous.get().headers
    clock(0.9)
    # nginx only checks whether two dates are equal, so a date that two responses could share is not
    # sent.
    assert "Last-Modified" not in anonymous.get().headers
    assert anonymous.get(HTTP_IF_MODIFIED_SINCE=early).status == 200
    clock(1)
    dated = anonymous.get().headers["Last-Modified"]
    assert dated != early
    assert anonymous.get(HTTP_IF_MODIFIED_SINCE=early).status == 200
    assert anonymous.get(HTTP_IF_MODIFIED_SINCE=dated).status == 304
    clock(70)
    assert anonymous.get().headers["Last-Modified"] == dated
    assert anonymous.rendered == 2
    anonymous.cache.counter.increase()
    clock(72)
    assert anonymous.get(HTTP_IF_MODIFIED_SINCE=dated).status == 200
    clock(73)
    assert anonymous.get().headers["Last-Modified"] != dated


# Personal responses -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environ", "is_kept"),
    [
        ({}, True),
        ({"HTTP_COOKIE": ""}, True),
        ({"HTTP_COOKIE": f"{CSRF}=abc"}, True),
        ({"HTTP_COOKIE": f"{CSRF}=abc; "}, True),
        ({"HTTP_COOKIE": f"_ga=GA1.1; {CSRF}=abc; theme=dark"}, True),
        ({"HTTP_COOKIE": 'consent={"a":1}; ;=; x; y="\\"'}, True),
        ({"HTTP_COOKIE": f"{SESSION}=abc"}, False),
        ({"HTTP_COOKIE": f"_ga=1; {SESSION}="}, False),
        ({"HTTP_COOKIE": f"{site_settings.OLD_SESSION_COOKIE_NAME}=abc"}, False),
        ({"HTTP_COOKIE": f"{CSRF}=abc; {MESSAGES}=abc"}, False),
        ({"HTTP_AUTHORIZATION": "Bearer x"}, False),
        ({"HTTP_RANGE": "bytes=0-1"}, False),
        ({"HTTP_IF_MATCH": '"x"'}, False),
        ({"HTTP_HX_REQUEST": "true"}, False),
        ({"REQUEST_METHOD": "OPTIONS"}, False),
        ({"QUERY_STRING": "x=" + "y" * 1_000}, False),
        ({"PATH_INFO": f"/sitemap-{'0' * 1_000}.xml"}, False),
    ],
)
def test_a_logged_in_request_is_neither_cached_nor_served_from_the_cache(
    anonymous, bread, environ, is_kept
):
    anonymous.get()
    anonymous.get(**environ)
    assert (anonymous.rendered == 1) == is_kept
    assert len(anonymous.cache.responses) == 1


def test_a_request_without_a_host_is_not_served_for_another(anonymous):
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "wsgi.url_scheme": "http"}
    environ["QUERY_STRING"] = ""
    assert pages.cache_key(environ) is None


@pytest.mark.parametrize(
    ("path", "is_kept"),
    [
        ("/", True),
        ("/auth/login/", False),
        ("/auth/register/", False),
        ("/admin/login/", False),
        ("/healthz", False),
        ("/readyz", False),
        ("/create/", False),
        ("/mine/", False),
        ("/nothing-here/", False),
        ("/favicon.ico", False),
        ("/tags/none/", False),
        ("/?page=9", False),
        ("/media/images/x.webp", False),
    ],
)
def test_only_pages_for_everyone_are_cached(anonymous, bread, path, is_kept):
    assert anonymous.is_kept(path) == is_kept
    assert bool(anonymous.cache.responses) == is_kept


def test_a_redirect_is_not_kept(anonymous, bread):
    assert anonymous.get(f"/{bread.pk}/").status == 301
    assert not anonymous.cache.responses


def test_nothing_of_a_visit_with_a_login_and_a_message_is_kept(anonymous, bread, author):
    browser = Client()
    browser.force_login(author)
    browser.post(f"/{bread.pk}/delete/")
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in browser.cookies.items())
    assert {MESSAGES, SESSION} <= browser.cookies.keys()
    for path in ("/", "/mine/", "/auth/account/", "/create/"):
        page = anonymous.get(path, HTTP_COOKIE=cookies)
        assert not page.is_from_cache
    assert "in the trash" in anonymous.get("/", HTTP_COOKIE=cookies).text
    assert not anonymous.cache.responses
    assert "in the trash" not in anonymous.get("/").text


def test_the_cookie_that_proves_a_form_is_ours_is_no_reason_to_render(anonymous, bread):
    """Someone who once opened the login page reads from the cache, with or without analytics."""
    browser = Client()
    assert browser.get("/auth/login/").status_code == 200
    token = browser.cookies[CSRF].value
    cookies = f"_ga=1; {CSRF}={token}; euconsent-v2={{}}"
    first, second = (anonymous.get(HTTP_COOKIE=cookies) for _ in range(2))
    assert anonymous.rendered == 1
    assert first == second and second.is_from_cache


@pytest.mark.parametrize(
    ("cookies", "is_private"),
    [
        ({}, False),
        ({"_ga": "GA1.1", "consent": '{"a":1}'}, False),
        ({SESSION: "x" * 32}, True),
        ({"_ga": "GA1.1", MESSAGES: "not signed"}, True),
    ],
)
def test_no_cache_keeps_a_page_made_for_a_personal_cookie(anonymous, bread, cookies, is_private):
    header = "; ".join(f"{name}={value}" for name, value in cookies.items())
    for _ in range(2):
        reply = anonymous.get(HTTP_COOKIE=header)
        assert reply.status == 200
        assert ("private" in reply.headers["Cache-Control"]) == is_private
        assert ("Speculation-Rules" in reply.headers) != is_private
        assert reply.is_from_cache != is_private
    assert anonymous.is_kept()


def test_a_session_that_ended_is_dropped_and_the_next_page_is_cached(anonymous, bread, author):
    """This includes a visitor who logged out and has seen the message about it."""
    browser = Client()
    browser.force_login(author)
    old = browser.cookies[SESSION].value
    browser.post("/auth/logout/")
    assert "You are logged out." in browser.get("/").text
    left = {name for name, morsel in browser.cookies.items() if morsel.value}
    assert left.isdisjoint(site_settings.PERSONAL_COOKIES)
    expired = anonymous.get(HTTP_COOKIE=f"_ga=1; {SESSION}={old}")
    assert "author" not in expired.text.partition("<main")[0]
    assert expired.headers["Set-Cookie"].strip().startswith(f'{SESSION}=""; expires=Thu')
    assert not anonymous.cache.responses
    assert anonymous.is_kept(HTTP_COOKIE="_ga=1")


@pytest.mark.parametrize(
    ("application", "is_kept"),
    [
        (responding(HttpResponse, "a"), True),
        (responding(HttpResponse, "a", content_type="application/atom+xml"), True),
        (responding(HttpResponse, "a", headers={"Vary": "Cookie"}), True),
        (responding(HttpResponse, "a", status=500), False),
        (responding(HttpResponse, "a", status=404), False),
        (responding(HttpResponse, "a", headers={"Vary": "Cookie, Accept"}), False),
        (responding(HttpResponse, "a", headers={"Vary": "Accept-Language"}), False),
        (responding(HttpResponse, "a", headers={"Cache-Control": "private"}), False),
        (responding(HttpResponse, "a", headers={"Cache-Control": "no-store"}), False),
        (responding(HttpResponse, "a", headers={"Set-Cookie": "a=b"}), False),
        (responding(HttpResponse, "a", headers={"Content-Encoding": "br"}), False),
        (responding(HttpResponse, "a", content_type="image/webp"), False),
        (responding(HttpResponse, b"a" * 1024 * 1024 + b"a"), False),
        (responding(HttpResponse, b"\x00" * 1024 * 1024), False),
        (responding(StreamingHttpResponse, [b"a"]), False),
    ],
)
def test_responses_that_can_not_be_cached_pass_untouched(anonymous, application, is_kept):
    anonymous = AnonymousVisitor(application)
    passed = ask(application, "/")
    assert anonymous.is_kept() == is_kept
    assert anonymous.get().is_from_cache == is_kept
    assert is_kept or anonymous.get() == passed


# Parts of the key ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ({}, {"HTTP_HOST": "localhost"}, False),
        ({}, {"SCRIPT_NAME": "/blog"}, False),
        ({}, {"wsgi.url_scheme": "https"}, False),
        ({}, {"PATH_INFO": "/tags/"}, False),
        ({}, {"QUERY_STRING": "page=1"}, False),
        ({}, {"HTTP_ACCEPT_LANGUAGE": "de", "HTTP_USER_AGENT": "x"}, True),
        # Without a proxy in front of the site, these headers are ignored.
        ({}, {"HTTP_X_FORWARDED_PROTO": "https", "HTTP_X_FORWARDED_HOST": "x"}, True),
        ({"QUERY_STRING": "a=1&b=2"}, {"QUERY_STRING": "b=2&a=1"}, True),
        ({"QUERY_STRING": "a=1&a=2"}, {"QUERY_STRING": "a=2&a=1"}, False),
        ({"QUERY_STRING": "a=1&%61=2"}, {"QUERY_STRING": "%61=2&a=1"}, False),
    ],
)
def test_a_response_is_reused_if_everything_relevant_is_the_same(anonymous, one, other, is_same):
    anonymous = AnonymousVisitor(responding(HttpResponse, "a"))
    anonymous.get(**one)
    anonymous.get(**other)
    assert (anonymous.rendered == 1) == is_same


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [("https", "http", False), ("https", None, False), ("http", None, True), ("", "http", True)],
)
def test_behind_a_proxy_the_scheme_comes_from_its_header(anonymous, settings, one, other, is_same):
    settings.BEHIND_PROXY = True
    anonymous = AnonymousVisitor(responding(HttpResponse, "a"))
    for said in (one, other):
        anonymous.get(**({} if said is None else {"HTTP_X_FORWARDED_PROTO": said}))
    assert (anonymous.rendered == 1) == is_same


def test_a_page_is_the_same_with_and_without_the_cache_in_any_query_order(anonymous, make_post):
    for number in range(12):
        make_post(title=f"Bread {number}")
    for query in ("q=bread&page=2", "page=2&q=bread", "page=1&q=bread&page=2", "z=1&q=bread&a=%20"):
        kept = anonymous.get("/", QUERY_STRING=query)
        rendered = anonymous.get("/", QUERY_STRING=query, HTTP_COOKIE=f"{MESSAGES}=")
        assert kept.text == rendered.text
    assert len(anonymous.cache.responses) == 3


def test_fields_are_sorted_by_name_as_it_is_read():
    assert in_order("b=1&a=2&%61=3&a=1") == "a=2&%61=3&a=1&b=1"
