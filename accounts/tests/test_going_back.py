"""The cookie and header that keep Back from showing pages of a person who logged out."""

import re

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import Session

MARK = re.compile(
    r'<script src="/static/js/back\.[0-9a-f]{12}\.js" data-person="(\S+)=(\S+)" defer>'
)
CLEARED = '"cache", "prefetchCache"'
PERSON = settings.PERSON_COOKIE_NAME


@pytest.mark.parametrize("path", ["/", "/mine/", "/create/", "/admin/", "/admin/posts/post/"])
def test_the_page_and_the_cookie_name_the_same_person(client_of, path):
    client = client_of("moderator")
    page = client.get(path).text
    assert MARK.search(page).groups() == (PERSON, client.cookies[PERSON].value)
    assert not client.cookies[PERSON]["httponly"]
    # The cookie is not sent again.
    assert PERSON not in client.get(path).cookies


@pytest.mark.parametrize("path", ["/", "/auth/login/", "/admin/login/"])
def test_a_page_for_a_visitor_needs_neither(client, db, path):
    response = client.get(path)
    assert response.status_code == 200
    assert not MARK.search(response.text)
    assert PERSON not in response.cookies


def test_two_people_have_two_marks(client, author, reader):
    marks = set()
    for person in (author, reader, author):
        client.force_login(person)
        client.get("/mine/")
        marks.add(client.cookies[PERSON].value)
    assert len(marks) == 2


@pytest.mark.parametrize("path", ["/auth/logout/", "/admin/logout/"])
def test_logging_out_drops_the_cookie_and_all_pages_but_no_text(client_of, path):
    client = client_of("moderator")
    client.get("/mine/")
    response = client.post(path)
    assert response["Clear-Site-Data"] == CLEARED
    assert response.cookies[PERSON].value == ""


@pytest.mark.parametrize(
    "end",
    [
        lambda author: Session.objects.all().delete(),
        lambda author: author.delete(),
        lambda author: (author.set_password("another one"), author.save()),
    ],
    ids=["session gone", "person gone", "other password"],
)
def test_a_session_that_ended_elsewhere_drops_them_with_the_next_page(client_of, author, end):
    client = client_of("author")
    client.get("/mine/")
    end(author)
    response = client.get("/mine/")
    assert response.status_code == 302
    assert response["Clear-Site-Data"] == CLEARED
    assert response.cookies[PERSON].value == ""


def test_a_deactivated_account_is_treated_as_anonymous(client_of, author):
    client = client_of("author")
    client.get("/mine/")
    author.is_active = False
    author.save()
    assert client.get("/mine/").cookies[PERSON].value == ""


def test_a_session_under_the_old_name_is_dropped_too(client_of, author):
    client = client_of("author")
    key = client.cookies.pop(settings.SESSION_COOKIE_NAME).value
    client.cookies[settings.OLD_SESSION_COOKIE_NAME] = key
    # The session moves to the new cookie name without logging out.
    assert Client.get(client, "/mine/")["Clear-Site-Data"] == '"prefetchCache"'
    client.cookies.pop(settings.SESSION_COOKIE_NAME)
    client.cookies[settings.OLD_SESSION_COOKIE_NAME] = key
    assert client.post("/auth/logout/")["Clear-Site-Data"] == CLEARED


def test_a_response_that_needs_no_user_loads_none(client_of, django_assert_num_queries):
    client = client_of("reader")
    with django_assert_num_queries(0):
        assert PERSON not in client.get("/hello/").cookies
