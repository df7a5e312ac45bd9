"""Sessions load their user in one query and are never valid longer than they may be."""

import pytest
from django.contrib.auth import SESSION_KEY
from django.core.management import call_command

from accounts.models import Session, User
from conftest import PASSWORD

WHO = "/auth/account/"


def is_logged_in(client) -> bool:
    return client.get(WHO).status_code == 200


@pytest.fixture
def logged_in(client, author):
    assert client.login(username="author", password=PASSWORD)
    return client


def test_a_session_brings_its_user(logged_in, author, django_assert_num_queries):
    session = Session.objects.get()
    assert session.user == author
    assert session.get_decoded()[SESSION_KEY] == str(author.pk)
    with django_assert_num_queries(1):
        assert logged_in.get("/hello/").wsgi_request.user.username == "author"


@pytest.mark.parametrize(
    "end",
    [
        lambda author: author.sessions.all().delete(),
        lambda author: author.delete(),
        lambda author: (author.set_password("another one"), author.save()),
        lambda author: (setattr(author, "is_active", False), author.save()),
    ],
    ids=["session gone", "person gone", "other password", "deactivated"],
)
def test_a_session_ends_with_its_account_or_password(logged_in, author, end):
    assert is_logged_in(logged_in)
    end(author)
    assert not is_logged_in(logged_in)


def test_a_session_row_that_names_another_user_is_not_trusted(logged_in, author, reader):
    # With equal stored passwords, both users match the hash, but the session data names only one.
    User.objects.filter(pk=reader.pk).update(password=author.password)
    Session.objects.update(user=reader)
    assert logged_in.get(WHO).wsgi_request.user == author


def test_a_signature_with_the_previous_key_is_still_valid(logged_in, settings):
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "x" * 60
    assert is_logged_in(logged_in)


def test_visitors_without_a_session_are_anonymous(client, db):
    assert client.get("/").wsgi_request.user.is_anonymous


def test_sessions_that_have_ended_are_removed(logged_in, author):
    Session.objects.update(expire_date="2001-01-01T00:00Z")
    assert not is_logged_in(logged_in)
    call_command("clearsessions")
    assert not Session.objects.exists()
