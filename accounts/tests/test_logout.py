"""Logging out, which only a POST does."""

import pytest
from django.contrib import auth
from django.test import Client

LOGOUT = "/auth/logout/"


def test_logging_out_ends_the_session_and_says_so(client_of):
    """Seed: test_logout."""
    client = client_of("reader")
    key = client.session.session_key
    response = client.post(LOGOUT)
    assert (response.status_code, response["Location"]) == (302, "/")
    assert auth.get_user(client).is_anonymous
    assert not client.session.exists(key)
    page = client.get("/").text
    assert "You are logged out." in page
    assert "Log in" in page and "reader" not in page


@pytest.mark.parametrize("method", ["get", "head"])
def test_opening_the_page_does_not_log_out(client_of, reader, method):
    client = client_of("reader")
    assert getattr(client, method)(LOGOUT).status_code == 200
    assert auth.get_user(client) == reader


def test_the_page_shows_the_username_and_the_button(client_of):
    page = client_of("reader").get(LOGOUT).text
    assert "You are logged in as reader." in page
    assert page.count('name="csrfmiddlewaretoken"') == page.count('method="post"') == 2
    assert '<button class="button">Log out</button>' in page


def test_the_page_says_that_an_anonymous_visitor_is_not_logged_in(client, db):
    response = client.get(LOGOUT)
    assert response.status_code == 200
    assert "You are not logged in." in response.text
    assert "<form method" not in response.text and not response.cookies


def test_an_anonymous_visitor_who_logs_out_is_redirected_to_the_index(client, db):
    response = client.post(LOGOUT)
    assert (response.status_code, response["Location"]) == (302, "/")


@pytest.mark.parametrize(
    ("target", "led_to"),
    [
        ("/auth/login/", "/auth/login/"),
        ("//evil.example", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
def test_logging_out_leads_to_a_safe_next_and_otherwise_to_the_index(client_of, target, led_to):
    response = client_of("reader").post(LOGOUT, {"next": target})
    assert (response.status_code, response["Location"]) == (302, led_to)


def test_the_page_itself_as_next_shows_the_page_to_a_stranger(client_of):
    response = client_of("reader").post(LOGOUT, {"next": LOGOUT})
    assert response.status_code == 200
    assert "You are not logged in." in response.text
    assert "You are logged out." in response.text


def test_a_form_without_a_token_ends_nothing(reader):
    # Otherwise, any other site could log people out.
    client = Client(enforce_csrf_checks=True)
    client.force_login(reader)
    assert client.post(LOGOUT).status_code == 403
    assert auth.get_user(client) == reader


def test_logging_out_affects_only_this_browser(client_of, reader):
    elsewhere = Client()
    elsewhere.force_login(reader)
    client_of("reader").post(LOGOUT)
    assert auth.get_user(elsewhere) == reader
