"""Registering: accepted and refused values, and the page it leads to."""

import html
import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.forms import RegisterForm
from accounts.models import User
from identity import current

REGISTER, LOGIN = "/auth/register/", "/auth/login/"
SECRET = "tulip-candle-42"
TAKEN = "This username is already registered."
CHARACTERS = "Use only letters, digits, hyphens, underscores and periods."
EMAIL = "Enter a valid email address."
TOO_LONG = "Ensure this value has at most 30 characters (it has {})."


def fields(**changes) -> dict[str, str]:
    """Return a valid registration with these changes."""
    return {"username": "alice", "email": "", "password1": SECRET, "password2": SECRET} | changes


def errors(response) -> dict[str, list[str]]:
    """Return the messages by field, after checking that the page shows each of them."""
    assert response.status_code == 200
    found = response.context["form"].errors
    shown = html.unescape(response.text)
    assert all(message in shown for messages in found.values() for message in messages)
    return dict(found)


def test_the_page_shows_the_form(client):
    """Seed: test_register, the first half."""
    response = client.get(REGISTER)
    assert response.status_code == 200
    for name in ("username", "email", "password1", "password2"):
        assert f'name="{name}"' in response.text


def test_registering_makes_an_account_and_leads_to_the_login_page_that_says_so(client, db):
    """Seed: test_register."""
    response = client.post(REGISTER, fields(email="Alice@EXAMPLE.org"))
    assert (response.status_code, response["Location"]) == (302, f"{LOGIN}?username=alice")
    page = client.get(response["Location"]).text
    assert 'name="username" value="alice"' in page
    # The person types the password next.
    assert re.search('<input type="password"[^>]* autofocus', page)
    assert page.count(" autofocus") == 1
    assert "Welcome, alice. You are registered and can log in now." in page
    assert 'class="flash flash-success" role="status"' in page
    user = User.objects.get()
    assert (user.username, user.email) == ("alice", "Alice@example.org")
    assert user.check_password(SECRET)
    assert not user.is_staff and not user.is_superuser
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"username": ""}, {"username": ["Username is required."]}),
        ({"username": " \t"}, {"username": ["Username is required."]}),
        ({"password1": ""}, {"password1": ["Password is required."]}),
        ({"password2": ""}, {"password2": ["Enter the password again."]}),
        (
            {"username": "", "password1": "", "password2": ""},
            {
                "username": ["Username is required."],
                "password1": ["Password is required."],
                "password2": ["Enter the password again."],
            },
        ),
        (
            {"password2": "tulip-candle-43"},
            {"password2": ["The two password fields didn’t match."]},
        ),
        ({"email": "alice"}, {"email": [EMAIL]}),
        ({"email": "a\0@example.org"}, {"email": [EMAIL, "Null characters are not allowed."]}),
        ({"email": "a@example.org\nBcc: b@c.d"}, {"email": [EMAIL]}),
        ({"username": "a b"}, {"username": [CHARACTERS]}),
        ({"username": "-a"}, {"username": ["Start with a letter or a digit."]}),
        ({"username": "a\u200db"}, {"username": [CHARACTERS]}),
        ({"username": "x" * 31}, {"username": [TOO_LONG.format(31)]}),
        ({"username": "ﷺ" * 30}, {"username": [TOO_LONG.format(540)]}),
        ({"username": "<b>x</b>"}, {"username": ["Start with a letter or a digit."]}),
    ],
)
def test_a_missing_or_wrong_value_is_reported_beside_its_field(client, db, changes, expected):
    """Seed: test_register_validate_input."""
    assert errors(client.post(REGISTER, fields(**changes))) == expected
    assert not User.objects.exists()


@pytest.mark.parametrize("name", ["al\0ice", "\0", "x" * 60_000, "a" + "\u0301\u0316" * 15_000])
def test_a_hostile_username_gets_a_message(client, db, name):
    assert "username" in errors(client.post(REGISTER, fields(username=name)))
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("taken", "name"),
    [
        ("alice", "alice"),
        ("alice", "ALICE"),
        ("Alice", " alice "),
        ("alice", "Ａｌｉｃｅ"),
        ("fish", "ﬁsh"),
        ("STRASSE", "straße"),
        ("Zo\u00eb", "zoe\u0308"),
    ],
)
def test_a_name_that_reads_like_a_registered_one_is_refused(client, make_user, taken, name):
    """Seed: test_register_validate_input, already registered."""
    make_user(taken)
    assert errors(client.post(REGISTER, fields(username=name))) == {"username": [TAKEN]}
    assert User.objects.count() == 1


def test_a_name_is_stored_in_one_form_and_keeps_its_case(client, db):
    client.post(REGISTER, fields(username=" ＡliceＢ "))
    assert User.objects.get().username == "AliceB"


@pytest.mark.parametrize(
    ("secret", "message"),
    [
        ("x4!", "This password is too short. It must contain at least 8 characters."),
        ("password", "This password is too common."),
        ("8462057193", "This password is entirely numeric."),
        ("marguerite", "The password is too similar to the username."),
        ("marguerite@example.org", "The password is too similar to the email address."),
    ],
)
def test_a_weak_password_is_refused_beside_its_field(client, db, secret, message):
    typed = fields(
        username="marguerite",
        email="marguerite@example.org",
        password1=secret,
        password2=secret,
    )
    assert message in errors(client.post(REGISTER, typed))["password2"]
    assert not User.objects.exists()


@pytest.mark.parametrize("secret", [" leading and trailing ", "ключ от дома", "🗝️🚪🏠🪟🛋️🧹🪣🧺"])
def test_a_password_is_kept_to_the_character(client, db, secret):
    client.post(REGISTER, fields(password1=secret, password2=secret))
    assert User.objects.get().check_password(secret)


@pytest.mark.parametrize("secret", ["tulip\0candle-42", "\0"])
def test_a_password_with_a_null_character_gets_a_message(client, db, secret):
    found = errors(client.post(REGISTER, fields(password1=secret, password2=secret)))
    assert found["password1"] == ["Null characters are not allowed."]


def test_a_refused_form_keeps_name_and_email_but_never_a_password(client, db):
    typed = fields(username="ali ce", email="alice@", password2="something else")
    page = client.post(REGISTER, typed).text
    assert 'value="ali ce"' in page
    assert 'value="alice@"' in page
    assert SECRET not in page and "something else" not in page


def test_typed_text_comes_back_escaped(client, db):
    page = client.post(REGISTER, fields(username='"><script>alert(1)</script>')).text
    assert "<script>" not in page


SAFE = ["/create/", "/1-título/?a=1&b=2#c", "http://testserver/create/", "/?q=%2F%2F"]
UNSAFE = [
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
    "",
    "#",
    REGISTER,
]


@pytest.mark.parametrize(
    ("target", "safe"), [(url, True) for url in SAFE] + [(url, False) for url in UNSAFE]
)
def test_only_a_safe_next_is_carried_through_registering_and_logging_in(client, db, target, safe):
    page = client.get(REGISTER, {"next": target})
    assert ('name="next"' in page.text) is safe
    assert page.context["next"] == (target if safe else "")
    response = client.post(REGISTER, fields(next=target))
    assert response["Location"].startswith(f"{LOGIN}?next=" if safe else LOGIN)
    assert "evil" not in response["Location"] and "javascript" not in response["Location"]
    login = client.get(response["Location"])
    assert login.context["next"] == (target if safe else "")
    landed = client.post(response["Location"], {"username": "alice", "password": SECRET})
    assert landed.status_code == 302
    assert landed["Location"].startswith("/" if target.startswith("/") or not safe else target)
    assert "evil" not in landed["Location"] and (landed["Location"] == "/") is not safe


def test_the_pages_to_register_and_to_log_in_hand_next_to_each_other(client):
    target = "/create/?a=1&b=ü"
    page = client.get(REGISTER, {"next": target}).text
    assert 'href="/auth/login/?next=%2Fcreate%2F%3Fa%3D1%26b%3D%C3%BC"' in page
    page = client.get(LOGIN, {"next": target}).text
    assert 'href="/auth/register/?next=%2Fcreate%2F%3Fa%3D1%26b%3D%C3%BC"' in page


REFUSED = [
    ("closed", "Registration is closed"),
    ("invitation", "Registration is by invitation"),
]


@pytest.mark.parametrize(("registration", "heading"), REFUSED)
def test_refused_registration_says_so_and_makes_nothing(client, set_site, registration, heading):
    set_site(registration=registration)
    for response in (client.get(REGISTER), client.post(REGISTER, fields())):
        assert response.status_code == 403
        assert f"<h1>{heading}</h1>" in response.text
        assert 'href="/"' in response.text
    # The form was opened earlier, so its text is not lost.
    assert "\nalice</textarea>" in response.text
    assert not User.objects.exists()


@pytest.mark.parametrize("registration", ["open", "invitation", "closed"])
@pytest.mark.parametrize("address", ["/", LOGIN, "/auth/password/reset/", "/auth/logout/"])
def test_links_to_register_exist_only_if_registration_is_open(
    client, set_site, registration, address
):
    set_site(registration=registration)
    assert (reverse("accounts:register") in client.get(address).text) is (registration == "open")


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_kept_pages_lose_and_regain_the_link_when_the_owner_saves_the_settings(anonymous):
    for registration in ("open", "invitation", "open", "closed", "open"):
        current.change(registration=registration)
        for path in ("/", "/tags/", "/"):
            assert (REGISTER in anonymous.get(path).text) is (registration == "open")
    assert anonymous.is_kept("/")


@pytest.mark.parametrize("open_", [True, False])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_logged_in_visitor_is_redirected_to_the_index(client_of, set_site, open_, method):
    set_site(registration="open" if open_ else "closed")
    response = getattr(client_of("reader"), method)(REGISTER, fields())
    assert (response.status_code, response["Location"]) == (302, "/")
    assert not User.objects.filter(username="alice").exists()


def test_a_form_without_a_token_makes_nothing(db):
    assert Client(enforce_csrf_checks=True).post(REGISTER, fields()).status_code == 403
    assert not User.objects.exists()


def test_a_page_with_a_form_is_kept_by_no_cache(client):
    assert "no-store" in client.get(REGISTER)["Cache-Control"]


@pytest.mark.parametrize("name", ["alice", "ALICE", "Ａｌｉｃｅ"])
def test_a_name_taken_between_validation_and_saving_gets_the_message(db, name):
    """Two people submit at once: both forms are valid before either is saved."""
    first, second = RegisterForm(fields()), RegisterForm(fields(username=name))
    assert first.is_valid() and second.is_valid()
    assert first.save_unless_taken() == User.objects.get()
    assert second.save_unless_taken() is None
    assert second.errors == {"username": [TAKEN]}
    # The outer transaction, here the test's own, can continue.
    assert User.objects.count() == 1


class RivalWhoRegistersMeanwhile:
    """A password validator. Django runs it after it has checked that the username is free."""

    def validate(self, password, user=None):
        User.objects.create_user("ALICE")

    def get_help_text(self):
        return ""


def test_a_name_taken_at_the_last_moment_gets_the_message_on_the_page(client, db, settings):
    rival = f"{__name__}.{RivalWhoRegistersMeanwhile.__name__}"
    settings.AUTH_PASSWORD_VALIDATORS = [{"NAME": rival}]
    response = client.post(REGISTER, fields(email="alice@example.org"))
    assert errors(response) == {"username": [TAKEN]}
    assert 'value="alice"' in response.text and 'value="alice@example.org"' in response.text
    assert 'id="id_username_error"' in response.text
    assert User.objects.get().username == "ALICE"


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_only_one_of_many_simultaneous_registrations_gets_the_name():
    names = ["alice", "ALICE", "Alice", "Ａｌｉｃｅ"]
    together = Barrier(len(names))

    def register(name: str) -> str:
        client = Client()
        together.wait(timeout=30)
        try:
            response = client.post(REGISTER, fields(username=name))
        finally:
            connection.close()
        return "in" if response.status_code == 302 else errors(response)["username"][0]

    with ThreadPoolExecutor(len(names)) as people:
        outcomes = list(people.map(register, names))
    assert sorted(outcomes) == sorted(["in", TAKEN, TAKEN, TAKEN])
    assert User.objects.count() == 1


def test_a_filled_trap_makes_no_account_and_loses_nothing(client, db):
    assert 'class="trap"' in client.get(REGISTER).text
    response = client.post(REGISTER, fields(email="alice@example.org", topic="Casino"))
    message = "Delete this text, enter your password again and send the form."
    assert errors(response) == {"topic": [message]}
    for value in ("alice", "alice@example.org", "Casino"):
        assert f'value="{value}"' in response.text
    assert not User.objects.exists()
    assert client.post(REGISTER, fields(topic=" ")).status_code == 302
