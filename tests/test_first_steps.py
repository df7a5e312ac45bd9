"""The first steps of a new person: register, log in, write and comment, as a browser would."""

import re

import pytest
from django.test import Client
from django.utils.html import escape

from accounts.models import User
from accounts.tests.test_tabs import Tab

SECRET = "tulip-candle-42"
ACCOUNT = {"username": "alice", "password1": SECRET, "password2": SECRET}


@pytest.fixture
def tab(db) -> Tab:
    """A browser whose CSRF tokens are checked."""
    return Tab(Client(enforce_csrf_checks=True))


def link(page: str, text: str) -> str:
    """Return the address of the last link with this text: the header has links too."""
    return re.findall(rf'href="([^"]+)"[^>]*>{text}<', page)[-1]


def test_on_an_empty_blog_a_person_registers_logs_in_and_publishes(tab):
    tab.open("/")
    tab.open(link(tab.page, "Register"))
    tab.press(**ACCOUNT)
    assert tab.path == "/auth/login/"
    assert "Welcome, alice. You are registered and can log in now." in tab.page
    assert re.search('<input type="text" name="username" value="alice"', tab.page)
    tab.press(username="alice", password=SECRET)
    tab.open(link(tab.page, "New post"))
    tab.press(title="My first post", body="Hello.", action="publish")
    assert "My first post" in Client().get("/").text


def test_after_registering_to_comment_a_person_is_at_the_comment_form(tab, post):
    tab.open(post.get_absolute_url())
    form = escape(f"{post.get_absolute_url()}#comment-form")
    login = tab.browser.get(link(tab.page, "Log in to comment"))
    registering = tab.browser.get(link(login.text, "Register"))
    tab.path = registering.request["PATH_INFO"]
    tab.page = registering.text
    response = tab.press(**ACCOUNT)
    assert f'name="next" value="{form}"' in response.text
    response = tab.press(username="alice", password=SECRET)
    assert response.redirect_chain[-1][0] == form
    assert 'id="comment-form"' in response.text
    assert User.objects.get(username="alice").is_active
