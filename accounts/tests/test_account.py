"""Tests of the account page: people change their own account and no other."""

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse

from accounts.models import User

ACCOUNT = "/auth/account/"


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_anonymous_visitor_is_redirected_to_login_and_back(client, reader, method):
    response = getattr(client, method)(ACCOUNT, {"email": "evil@example.org"})
    assert response.status_code == 302
    address, _, query = response["Location"].partition("?")
    assert address == "/auth/login/" and query.startswith("next=/auth/account/")
    assert not User.objects.exclude(email="").exists()


def test_the_page_shows_name_date_email_and_the_way_to_a_new_password(client, make_user):
    user = make_user("Zoë.B", email="zoe@example.org")
    client.force_login(user)
    page = client.get(ACCOUNT).text
    assert '<a href="/authors/Zo%C3%AB.B/">Zoë.B</a>' in page
    assert f'<time datetime="{user.date_joined.isoformat()[:10]}' in page
    assert "zoe@example.org" in page and 'href="/auth/email/change/"' in page
    assert 'href="/auth/password/change/"' in page


@pytest.mark.parametrize("website", ["https://example.org", "ftp:x"])
def test_nothing_but_the_profile_can_be_changed(client_of, reader, author, website):
    client = client_of("reader")
    before = User.objects.filter(username="reader").values().get()
    forged = {
        "website": website,
        "email": "new@example.org",
        "new_email": "new@example.org",
        "confirmed_email": "new@example.org",
        "id": author.pk,
        "pk": author.pk,
        "user": "author",
        "username": "author",
        "username_key": "author",
        "password": "x",
        "is_staff": "on",
        "is_superuser": "on",
    }
    response = client.post(f"{ACCOUNT}?pk={author.pk}", forged)
    # The page's header still names the session's user if the form is refused.
    assert response.status_code == 302 or ">reader</a>" in response.text
    after = User.objects.filter(username="reader").values().get()
    assert {k: v for k, v in after.items() if k != "website"} == {
        k: v for k, v in before.items() if k != "website"
    }
    author.refresh_from_db()
    assert (author.username, author.email) == ("author", "")


def test_no_address_names_another_persons_account(client_of, author):
    for argument in (author.pk, author.username):
        with pytest.raises(NoReverseMatch):
            reverse("accounts:account", args=[argument])
        assert client_of("moderator").get(f"{ACCOUNT}{argument}/").status_code == 404


def test_a_form_without_a_token_changes_nothing(reader):
    client = Client(enforce_csrf_checks=True)
    client.force_login(reader)
    assert client.post(ACCOUNT, {"email": "evil@example.org"}).status_code == 403
    reader.refresh_from_db()
    assert reader.email == ""
