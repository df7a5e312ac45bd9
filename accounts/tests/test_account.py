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
    assert '<dd><a href="/authors/Zo%C3%AB.B/">Zoë.B</a></dd>' in page
    assert f'<time datetime="{user.date_joined.isoformat()[:10]}' in page
    assert 'value="zoe@example.org"' in page
    assert 'href="/auth/password/change/"' in page


@pytest.mark.parametrize(
    ("typed", "saved"),
    [
        ("reader@EXAMPLE.org", "reader@example.org"),
        (" a+b@example.org ", "a+b@example.org"),
        ("", ""),
    ],
)
def test_an_email_is_saved_and_said_to_be(client_of, reader, typed, saved):
    reader.email = "old@example.org"
    reader.save()
    response = client_of("reader").post(ACCOUNT, {"email": typed}, follow=True)
    assert response.redirect_chain == [(ACCOUNT, 302)]
    assert "Your account is saved." in response.text
    assert 'class="flash flash-success" role="status"' in response.text
    reader.refresh_from_db()
    assert reader.email == saved


@pytest.mark.parametrize(
    ("typed", "message", "shown"),
    [
        ("reader@", "Enter a valid email address.", "reader@"),
        ("a@example.org\nBcc: b@c.d", "Enter a valid email address.", "a@example.org\nBcc: b@c.d"),
        ("a\0@example.org", "Null characters are not allowed.", "a\0@example.org"),
        ("<b>@example.org", "Enter a valid email address.", "&lt;b&gt;@example.org"),
        (
            f"{'x' * 64}@{'y' * 60}.{'z' * 60}.{'z' * 60}.{'z' * 60}.org",
            "Ensure this value has at most 254 characters (it has 312).",
            "x" * 64,
        ),
    ],
)
def test_a_bad_email_gets_a_message_and_stays_in_the_form(client_of, reader, typed, message, shown):
    response = client_of("reader").post(ACCOUNT, {"email": typed})
    assert response.status_code == 200
    assert message in response.context["form"].errors["email"]
    assert f"<li>{message}</li>" in response.text
    assert f'value="{shown}' in response.text
    reader.refresh_from_db()
    assert reader.email == ""


@pytest.mark.parametrize("email", ["new@example.org", "reader@"])
def test_nothing_but_the_email_can_be_changed(client_of, reader, author, email):
    client = client_of("reader")
    before = User.objects.filter(username="reader").values().get()
    forged = {
        "email": email,
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
    assert {k: v for k, v in after.items() if k != "email"} == {
        k: v for k, v in before.items() if k != "email"
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
