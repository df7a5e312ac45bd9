"""The life of a session: how long it lasts, what renews it, and its cookie."""

import re
import time
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib import auth
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import Session
from accounts.sessions import SessionStore
from conftest import PASSWORD

# This page reads only the session's user.
PAGE = "/auth/logout/"
OWN = "/auth/account/"
DAY = timedelta(days=1)
LIFE = 14 * DAY
KINDS = pytest.mark.parametrize("remember", ["on", ""], ids=["remember", "browser"])


@pytest.fixture
def cookie() -> str:
    return settings.SESSION_COOKIE_NAME


@pytest.fixture
def old_cookie() -> str:
    return settings.OLD_SESSION_COOKIE_NAME


@pytest.fixture
def log_in(client, reader):
    """Return a function that logs the reader in through the form and returns the response."""

    def send(remember: str = "on", client: Client = client):
        who = {"username": "reader", "password": PASSWORD, "remember": remember}
        response = client.post("/auth/login/", who)
        assert response.status_code == 302
        return response

    return send


def age(days: float) -> None:
    """Change all sessions as if they were last used `days` ago."""
    Session.objects.update(expire_date=timezone.now() + LIFE - days * DAY)


def auth_store(client: Client) -> SessionStore:
    """Return the session of a client as another request would read it now."""
    names = settings.SESSION_COOKIE_NAME, settings.OLD_SESSION_COOKIE_NAME
    return SessionStore(next(client.cookies[n].value for n in names if n in client.cookies))


@contextmanager
def not_writable():
    """Make the database refuse every write, as on a full or read-only disk."""
    begin, end = {
        "sqlite": ("PRAGMA query_only = 1", "PRAGMA query_only = 0"),
        "postgresql": (
            "SET default_transaction_read_only = on",
            "SET default_transaction_read_only = off",
        ),
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(begin)
        yield
        cursor.execute(end)


def days_left() -> int:
    left = Session.objects.get().expire_date - timezone.now()
    return round(left / DAY)


# Two kinds of sessions ----------------------------------------------------------------------------


@KINDS
def test_the_choice_decides_whether_the_cookie_outlives_the_browser(log_in, cookie, remember):
    morsel = log_in(remember).cookies[cookie]
    assert morsel["max-age"] == (14 * 86_400 if remember else "")
    assert bool(morsel["expires"]) == bool(remember)
    assert days_left() == 14


@KINDS
def test_a_session_keeps_its_kind_when_it_is_renewed(client, log_in, cookie, remember):
    log_in(remember)
    age(days=2)
    response = client.get(OWN)
    morsel = response.cookies[cookie]
    assert morsel["max-age"] == (14 * 86_400 if remember else "")
    assert morsel["httponly"] and morsel["samesite"] == "Lax"
    assert morsel.value == client.session.session_key
    assert days_left() == 14


@KINDS
def test_a_new_login_chooses_again(client, log_in, cookie, remember):
    log_in("" if remember else "on")
    client.post("/auth/logout/")
    assert bool(log_in(remember).cookies[cookie]["max-age"]) == bool(remember)


def test_the_form_offers_to_stay_logged_in_and_keeps_the_choice(client, db):
    page = client.get("/auth/login/").text
    assert "Keep me logged in" in page and "14 days after your last visit" in page
    (box,) = re.findall('<input[^>]*name="remember"[^>]*>', page)
    assert "checked" in box
    refused = client.post("/auth/login/", {"username": "x", "password": "y"}).text
    (box,) = re.findall('<input[^>]*name="remember"[^>]*>', refused)
    assert "checked" not in box


@KINDS
def test_another_password_keeps_the_session_and_its_kind(client, log_in, cookie, remember):
    log_in(remember)
    new = "tulip-candle-42"
    changed = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    response = client.post("/auth/password/change/", changed)
    assert bool(response.cookies[cookie]["max-age"]) == bool(remember)
    assert client.get(OWN).status_code == 200


# Renewal ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "queries", "is_renewed"),
    [(0, 1, False), (0.9, 1, False), (1.1, 2, True), (13, 2, True)],
)
def test_a_session_is_renewed_once_a_day_at_most(
    client, log_in, cookie, django_assert_num_queries, days, queries, is_renewed
):
    log_in()
    age(days)
    with django_assert_num_queries(queries):
        first = client.get(PAGE)
        assert first.wsgi_request.user.is_authenticated
    assert (cookie in first.cookies) == is_renewed
    with django_assert_num_queries(1):
        second = client.get(PAGE)
        assert second.wsgi_request.user.is_authenticated
    assert cookie not in second.cookies


def test_a_used_session_continues_and_an_unused_one_ends(client, log_in):
    log_in()
    for _ in range(5):
        age(days=10)
        assert client.get(OWN).status_code == 200
    age(days=14.1)
    assert client.get(OWN).status_code == 302
    call_command("clearsessions")
    assert not Session.objects.exists()


def test_a_session_from_before_the_choice_existed_is_renewed_too(client, reader, cookie):
    client.force_login(reader)
    age(days=3)
    assert client.get(OWN).cookies[cookie]["max-age"] == 14 * 86_400


def test_only_one_of_two_simultaneous_requests_renews_the_session(
    client, log_in, cookie, monkeypatch
):
    log_in()
    age(days=2)
    ends_at = Session.objects.get().expire_date
    other = auth_store(client)
    assert other.get("_auth_user_id")
    assert cookie in client.get(OWN).cookies
    assert other.ends_at == ends_at and not other.renew()


def test_a_session_that_was_ended_meanwhile_stays_ended(client, log_in):
    log_in()
    age(days=2)
    other = auth_store(client)
    assert other.get("_auth_user_id")
    client.post("/auth/logout/")
    assert not other.renew()
    assert not Session.objects.exists()


def test_a_page_with_a_renewed_cookie_is_private(client, log_in, post, cookie):
    log_in()
    age(days=2)
    response = client.get(post.get_absolute_url())
    assert cookie in response.cookies
    assert "private" in response["Cache-Control"] and "Cookie" in response["Vary"]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_an_unwritable_database_only_prevents_the_renewal(client, log_in, cookie):
    log_in()
    age(days=2)
    with not_writable():
        response = client.get(OWN)
    assert response.status_code == 200
    assert cookie not in response.cookies
    assert cookie in client.get(OWN).cookies


@pytest.mark.skipif(connection.vendor != "sqlite", reason="one writer at a time is SQLite's")
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_page_waits_for_no_writer_to_renew_its_session(client, log_in, cookie):
    log_in()
    age(days=2)
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        response = client.get(OWN)
        # SQLite itself would wait for five seconds.
        assert time.monotonic() - started < 4
        cursor.execute("ROLLBACK")
    other.close()
    assert response.status_code == 200
    assert cookie not in response.cookies
    assert cookie in client.get(OWN).cookies


# The cookie name ----------------------------------------------------------------------------------


@pytest.fixture
def before_update(client, reader, cookie, old_cookie):
    """A browser that logged in before each instance had its own cookie name."""
    client.force_login(reader)
    client.cookies[old_cookie] = client.cookies.pop(cookie).value
    return client


def test_a_session_under_the_old_name_moves(before_update, reader, cookie, old_cookie):
    key = before_update.cookies[old_cookie].value
    response = before_update.get(OWN)
    assert response.status_code == 200
    assert (response.cookies[cookie].value, response.cookies[old_cookie].value) == (key, "")
    assert response.cookies[cookie]["max-age"] > 13 * 86_400
    assert not before_update.get(OWN).cookies.keys() & {cookie, old_cookie}
    assert auth.get_user(before_update) == reader


def test_one_of_two_requests_at_once_under_the_old_name_is_still_known(before_update, old_cookie):
    key = before_update.cookies[old_cookie].value
    before_update.get(OWN)
    late = Client(headers={"cookie": f"{old_cookie}={key}"})
    assert late.get(OWN).status_code == 200


@pytest.mark.parametrize("path", ["/", OWN, "/auth/login/"])
@pytest.mark.parametrize("is_logged_in", [True, False])
def test_the_cookie_of_another_instance_is_left_alone(
    client, log_in, old_cookie, path, is_logged_in
):
    if is_logged_in:
        log_in()
    client.cookies[old_cookie] = "o" * 32
    response = client.get(path)
    assert old_cookie not in response.cookies
    assert bool(auth.get_user(client).pk) == is_logged_in
    client.post("/auth/logout/")
    assert client.cookies[old_cookie].value == "o" * 32


def test_a_new_log_in_leaves_no_session_under_the_old_name(before_update, log_in, old_cookie):
    # The login form was open in a tab before the update.
    before_update.cookies["other"] = "1"
    Session.objects.update(session_data=auth_store(before_update).encode({"anonymous": True}))
    response = log_in()
    assert response.cookies[old_cookie].value == ""
    assert Session.objects.count() == 1


@pytest.mark.parametrize("path", ["/auth/logout/", "/admin/logout/"])
def test_logging_out_ends_the_session_under_the_old_name(before_update, reader, old_cookie, path):
    reader.is_staff = True
    reader.save()
    response = before_update.post(path)
    assert response.status_code == 302
    assert response.cookies[old_cookie].value == ""
    assert not Session.objects.exists()
    assert before_update.get(OWN).status_code == 302


def test_logging_out_ends_an_older_session_of_this_browser_too(
    before_update, log_in, cookie, old_cookie
):
    old = before_update.cookies.pop(old_cookie).value
    log_in()
    before_update.cookies[old_cookie] = old
    assert old != before_update.cookies[cookie].value
    response = before_update.post("/auth/logout/")
    assert response.cookies[old_cookie].value == response.cookies[cookie].value == ""
    assert not Session.objects.exists()


def test_the_old_cookie_is_dropped_as_browsers_take_it_over_https(
    before_update, settings, cookie, old_cookie
):
    settings.OLD_SESSION_COOKIE_NAME = "__Host-sessionid"
    settings.SESSION_COOKIE_NAME = "__Host-sessionid_0123abcd"
    settings.SESSION_COOKIE_SECURE = True
    before_update.cookies["__Host-sessionid"] = before_update.cookies.pop(old_cookie).value
    response = before_update.get(OWN)
    for name in ("__Host-sessionid", "__Host-sessionid_0123abcd"):
        morsel = response.cookies[name]
        assert morsel["secure"] and morsel["path"] == "/" and not morsel["domain"]
