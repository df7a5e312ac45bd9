"""Logging in with a confirmed email address, and limits on guessing with it."""

import pytest
from django.contrib import auth
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from conftest import PASSWORD

LOGIN = "/auth/login/"
WRONG = "Incorrect username or password."
UNCONFIRMED = "If you have not confirmed your email address yet, use your username."
EMAIL = "zoe.with.a.long.address@bücher.example"
SPELLINGS = (EMAIL, EMAIL.upper(), EMAIL.replace("bücher", "xn--bcher-kva"), f" {EMAIL} ")


@pytest.fixture
def zoe(make_confirmed):
    return make_confirmed("zoe", EMAIL, is_staff=True)


def log_in(client, username: str, password: str = PASSWORD, page: str = LOGIN, **more):
    return client.post(page, {"username": username, "password": password}, **more)


@pytest.mark.parametrize("page", [LOGIN, "/admin/login/?next=/admin/"])
def test_a_confirmed_address_logs_in_in_any_spelling(zoe, page):
    form = Client().get(page).text
    assert "Username or email" in form and 'maxlength="254"' in form
    for spelling in SPELLINGS:
        client = Client()
        assert log_in(client, spelling, page=page).status_code == 302, spelling
        assert auth.get_user(client) == zoe


def test_no_other_address_logs_in_and_the_page_says_the_same(
    client, zoe, make_user, make_confirmed
):
    make_user("late", email="late@example.org")
    make_user("later", new_email="later@example.org")
    make_confirmed("closed", "closed@example.org", is_active=False)
    typed = ["late@example.org", "later@example.org", "closed@example.org", "no@example.org"]
    typed += ["@", "zoe@", "@zoe", f"{'x' * 60_000}@example.org"]
    for email in typed:
        response = log_in(client, email)
        assert response.context["form"].errors == {"__all__": [WRONG, UNCONFIRMED]}, email
    assert log_in(client, EMAIL, "wrong").context["form"].errors["__all__"] == [WRONG, UNCONFIRMED]
    assert log_in(client, "zoe", "wrong").context["form"].errors["__all__"] == [WRONG]
    assert auth.get_user(client).is_anonymous


def test_known_and_unknown_names_and_addresses_take_as_many_queries(client, zoe):
    log_in(client, "nobody", "wrong")  # finds the kinds of hashes, once in an hour
    counts = set()
    for name in ("zoe", "nobody", EMAIL, "nobody@example.org"):
        with CaptureQueriesContext(connection) as queries:
            log_in(client, name, "wrong")
        counts.add(len(queries))
    assert len(counts) == 1


def test_a_username_never_looks_like_an_address(client, db):
    typed = {"username": "a@example.org", "password1": PASSWORD, "password2": PASSWORD}
    assert "username" in client.post("/auth/register/", typed).context["form"].errors


@pytest.mark.parametrize(("typed", "is_told"), [(SPELLINGS[1], False), ("x@example.org", True)])
def test_an_older_form_warns_only_about_another_account(client, zoe, typed, is_told):
    client.force_login(zoe)
    page = client.post(LOGIN, {"username": typed}, follow=True).text
    assert ("You are logged in as zoe. To use another account" in page) == is_told


# Guessing ----------------------------------------------------------------------------------------


@pytest.fixture
def two_an_hour(settings) -> None:
    settings.LIMITS = settings.LIMITS | {"login": (2, 3_600)}


@pytest.mark.parametrize("names", [("zoe", EMAIL), (EMAIL, "zoe")])
def test_guesses_by_username_and_by_address_count_together(zoe, two_an_hour, names):
    first, second = names
    assert [log_in(Client(), first, "wrong").status_code for _ in range(3)] == [200, 200, 429]
    # The page does not say that the two belong together: the correct password is just refused.
    client = Client()
    assert WRONG in log_in(client, second).text
    assert auth.get_user(client).is_anonymous


def test_what_others_guess_does_not_reveal_which_address_belongs_to_a_username(zoe, two_an_hour):
    outcomes = []
    for email in (EMAIL, "stranger@example.org"):
        tries = [log_in(Client(), name, "wrong") for name in ["zoe"] * 3 + [email] * 3]
        outcomes.append([response.status_code for response in tries[3:]])
    assert outcomes[0] == outcomes[1] == [200, 200, 429]


def test_each_spelling_of_any_address_counts_alike(zoe, two_an_hour):
    for known, other in ((EMAIL, SPELLINGS[2]), ("a@bücher.example", "A@xn--bcher-kva.example")):
        names = (known, other, known)
        statuses = [log_in(Client(), name, "wrong").status_code for name in names]
        assert statuses == [200, 200, 429]


def test_correct_passwords_do_not_count(zoe, two_an_hour):
    statuses = {log_in(Client(), name).status_code for name in ["zoe", EMAIL] * 3}
    assert statuses == {302}


def test_a_browser_that_a_person_has_used_can_log_in_with_the_address(client, zoe, two_an_hour):
    log_in(client, "zoe")
    client.post("/auth/logout/")
    for _ in range(3):
        log_in(Client(), EMAIL, "wrong")
        log_in(Client(), "zoe", "wrong")
    assert log_in(client, EMAIL).status_code == 302


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/auth/email/change/", {"email": "new@example.org", "password": "wrong"}),
        ("/auth/password/change/", {"old_password": "wrong"}),
    ],
)
def test_a_stolen_session_cannot_guess_the_password(zoe, two_an_hour, path, form):
    thief = Client()
    thief.force_login(zoe)
    assert [thief.post(path, form).status_code for _ in range(3)] == [200, 200, 429]
