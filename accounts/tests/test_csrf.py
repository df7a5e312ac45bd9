"""Forms from an address that the site does not recognize as its own."""

import html

import pytest
from django.contrib import auth
from django.middleware import csrf
from django.test import Client

from conftest import PASSWORD

SITE = "https://blog.example.org"
EXPIRED = "This form has expired"
OWNER = "set SITE_URL to the address that visitors see"
TYPED = {"title": "A title", "body": "A long <text>"}


@pytest.fixture
def behind_proxy(settings):
    """Settings for a site at SITE, behind a proxy that connects to 127.0.0.1:8000."""
    settings.SITE_URL = SITE
    settings.CSRF_TRUSTED_ORIGINS = [SITE]
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")


def client_at(**headers: str) -> Client:
    """Return a client that connects through a proxy that rewrites Host."""
    return Client(enforce_csrf_checks=True, HTTP_HOST="127.0.0.1:8000", headers=headers)


def token_of(client: Client, path: str) -> str:
    client.get(path)
    (name,) = [name for name in client.cookies if "csrftoken" in name]
    return client.cookies[name].value


def log_in(client: Client, **more: str):
    token = token_of(client, "/auth/login/")
    who = {"username": "reader", "password": PASSWORD, "csrfmiddlewaretoken": token}
    return client.post("/auth/login/", who | more)


@pytest.mark.parametrize(
    ("headers", "is_taken"),
    [
        ({"origin": SITE}, True),
        ({"origin": SITE, "x-forwarded-proto": "https"}, True),
        ({"referer": f"{SITE}/auth/login/", "x-forwarded-proto": "https"}, True),
        ({"origin": "https://evil.example"}, False),
        ({"origin": "http://blog.example.org"}, False),
        ({"origin": f"{SITE}:8443"}, False),
        ({"referer": "https://evil.example/", "x-forwarded-proto": "https"}, False),
    ],
)
def test_the_sites_own_address_is_trusted_behind_any_proxy(behind_proxy, reader, headers, is_taken):
    client = client_at(**headers)
    response = log_in(client, next=f"{SITE}/create/")
    assert (response.status_code == 302) == is_taken
    assert auth.get_user(client).is_authenticated == is_taken
    assert EXPIRED not in response.text
    if is_taken:
        assert response["Location"] == f"{SITE}/create/"


@pytest.mark.parametrize(
    ("headers", "reason", "title", "asks_owner"),
    [
        ({"origin": SITE}, csrf.REASON_BAD_ORIGIN, "another address", True),
        (
            {"origin": SITE, "sec-fetch-site": "same-origin"},
            csrf.REASON_BAD_ORIGIN,
            "another address",
            True,
        ),
        (
            {"origin": SITE, "sec-fetch-site": "cross-site"},
            csrf.REASON_BAD_ORIGIN,
            "another address",
            False,
        ),
        (
            {"referer": f"{SITE}/x", "x-forwarded-proto": "https"},
            csrf.REASON_BAD_REFERER,
            "another address",
            True,
        ),
        (
            {"referer": "http://127.0.0.1:8000/x", "x-forwarded-proto": "https"},
            csrf.REASON_INSECURE_REFERER,
            "another address",
            True,
        ),
        ({"x-forwarded-proto": "https"}, csrf.REASON_NO_REFERER, "an unknown page", False),
        (
            {"x-forwarded-proto": "https", "referer": "https://["},
            csrf.REASON_MALFORMED_REFERER,
            "an unknown page",
            False,
        ),
        ({"origin": SITE, "referer": "https://["}, csrf.REASON_BAD_ORIGIN, "another address", True),
        ({"origin": "null"}, csrf.REASON_BAD_ORIGIN, "an unknown page", False),
    ],
)
@pytest.mark.parametrize("path", ["/create/", "/auth/login/", "/auth/logout/", "/admin/login/"])
def test_a_form_from_another_site_gets_the_cause_and_the_text_back(
    settings, author, caplog, path, headers, reason, title, asks_owner
):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    client = client_at(**headers)
    client.force_login(author)
    response = client.post(path, TYPED | {"csrfmiddlewaretoken": "x" * 64})
    page = html.unescape(response.text)
    assert response.status_code == 403
    assert f"This form came from {title}" in page and EXPIRED not in page
    assert (OWNER in page) == asks_owner
    assert TYPED["body"] in page
    assert reason.partition("%s")[0] in caplog.text
    assert ("SITE_URL is ''" in caplog.text) == (title == "another address")
    if title == "another address" and "origin" in headers:
        assert f"from {SITE}, but" in page and "address is http://127.0.0.1:8000" in page
    assert auth.get_user(client) == author


def test_an_address_is_text_in_page_and_log(author, caplog):
    client = client_at(origin="https://<b>\x7f" + "x" * 5_000)
    page = client.post("/create/", TYPED).text
    assert "<b>" not in page
    (record,) = [record for record in caplog.records if record.name == "accounts.csrf"]
    assert "\x7f" not in record.getMessage() and len(record.getMessage()) < 400


def test_a_text_from_another_site_is_returned_and_not_kept(author):
    client = client_at(origin=SITE)
    client.force_login(author)
    page = client.get("/create/").text
    writer = page.partition('name="writer" value="')[2].partition('"')[0]
    response = client.post("/create/", TYPED | {"writer": writer})
    assert response.status_code == 403
    assert TYPED["body"] in html.unescape(response.text)


def test_a_stale_token_of_another_form_has_expired(author):
    client = Client(enforce_csrf_checks=True)
    client.force_login(author)
    token_of(client, "/auth/account/")
    page = client.post("/create/", TYPED | {"csrfmiddlewaretoken": "x" * 64}).text
    assert EXPIRED in page and "in another tab" in page and "SITE_URL" not in page


def test_the_redirect_to_https_leads_to_the_sites_own_address(behind_proxy, settings):
    settings.SECURE_SSL_REDIRECT, settings.SECURE_SSL_HOST = True, "blog.example.org"
    response = client_at().get("/hello/?a=1")
    assert (response.status_code, response["Location"]) == (301, f"{SITE}/hello/?a=1")
