"""Logging in: who gets in, which messages others see, and where it leads."""

import html
import unicodedata

import pytest
from django.contrib import auth
from django.test import Client

from conftest import PASSWORD
from tests.cpu import cpu_seconds_under

LOGIN = "/auth/login/"
WRONG = "Incorrect username or password."


def log_in(client, username="reader", password=PASSWORD, **more):
    return client.post(LOGIN, {"username": username, "password": password, **more})


def errors(response) -> dict[str, list[str]]:
    """Return the messages by field, after checking that the page shows each of them."""
    assert response.status_code == 200
    found = response.context["form"].errors
    shown = html.unescape(response.text)
    assert all(message in shown for messages in found.values() for message in messages)
    return dict(found)


def test_the_page_shows_the_form_under_the_blogs_own_name(client, set_site):
    set_site(name="Field Notes")
    page = client.get(LOGIN).text
    assert 'name="username"' in page and 'name="password"' in page
    assert "<title>Log in · Field Notes</title>" in page
    assert "testserver" not in page


def test_logging_in_leads_to_the_index_with_the_username(client, reader):
    """Seed: test_login."""
    response = log_in(client)
    assert (response.status_code, response["Location"]) == (302, "/")
    assert client.session["_auth_user_id"] == str(reader.pk)
    page = client.get("/").text
    assert '<a class="user-name" href="/auth/account/" title="Your account">reader</a>' in page
    assert "Log out" in page and "Log in" not in page


@pytest.mark.parametrize(
    ("registered", "typed"),
    [
        ("reader", "READER"),
        ("reader", "  reader "),
        ("Reader", "ｒｅａｄｅｒ"),
        ("Straße", "strasse"),
        ("STRASSE", "straße"),
        ("ﬁsh", "fish"),
        ("Zoe\u0308", "zo\u00eb"),
        ("김", "\u1100\u1175\u11b7"),
        ("김" * 30, "\u1100\u1175\u11b7" * 30),
        ("ᾧ" * 30, unicodedata.normalize("NFD", "ᾧ") * 30),
    ],
)
def test_any_case_or_compatibility_form_of_the_name_logs_in(client, make_user, registered, typed):
    user = make_user(registered)
    assert log_in(client, typed).status_code == 302
    assert auth.get_user(client) == user


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("nobody", PASSWORD),
        ("reader", "wrong"),
        ("reader", PASSWORD.upper()),
        ("reader", f" {PASSWORD}"),
        ("inactive", PASSWORD),
        ("inactive", "wrong"),
        ("nologin", PASSWORD),
        ("reader' OR 1=1 --", PASSWORD),
        ("r\ufffdader", PASSWORD),
        ("x" * 31, PASSWORD),
        ("x" * 60_000, PASSWORD),
        ("ﷺ" * 20_000, PASSWORD),
    ],
)
def test_every_refused_login_shows_the_same_text(client, make_user, reader, username, password):
    """Seed: test_login_validate_input."""
    make_user("inactive", is_active=False)
    nologin = make_user("nologin")
    nologin.set_unusable_password()
    nologin.save()
    response = log_in(client, username, password)
    assert errors(response) == {"__all__": [WRONG]}
    assert auth.get_user(client).is_anonymous


@pytest.mark.parametrize(
    ("username", "password", "expected"),
    [
        ("", "", {"username": ["Username is required."], "password": ["Password is required."]}),
        ("", "x", {"username": ["Username is required."]}),
        (" ", "x", {"username": ["Username is required."]}),
        ("reader", "", {"password": ["Password is required."]}),
        ("rea\0der", "x", {"username": ["Null characters are not allowed."]}),
        ("reader", "x\0", {"password": ["Null characters are not allowed."]}),
    ],
)
def test_a_missing_or_broken_value_is_reported_beside_its_field(
    client, db, username, password, expected
):
    assert errors(log_in(client, username, password)) == expected


@pytest.mark.parametrize("address", [LOGIN, "/admin/login/"])
def test_an_overlong_name_costs_no_time(client, db, address):
    """NFKC takes quadratic time for marks that are out of order: 2 s in the longest form."""
    name = "a" + "\u0301" * 15_000 + "\u0316" * 15_000
    with cpu_seconds_under(1):
        response = client.post(address, {"username": name, "password": "x"})
    assert response.status_code == 200 and response.context["form"].errors


def test_a_refused_form_keeps_the_name_but_never_the_password(client, db):
    page = log_in(client, '"><b>me', "correct-ish").text
    assert 'value="&quot;&gt;&lt;b&gt;me"' in page
    assert "correct-ish" not in page


def test_the_session_gets_a_new_key_at_log_in(client, reader):
    # A session key that someone planted before the login must not work afterward.
    registered = {"username": "new", "password1": "tulip-candle-42", "password2": "tulip-candle-42"}
    client.post("/auth/register/", registered)
    before = client.session.session_key
    assert before
    log_in(client)
    after = client.session.session_key
    assert after and after != before
    assert not client.session.exists(before)


def test_a_failed_login_sets_no_session_cookie(client, db, settings):
    log_in(client, "nobody")
    assert settings.SESSION_COOKIE_NAME not in client.cookies


# A quoted cookie may write any byte in octal: \000 is a null character.
@pytest.mark.parametrize(
    "key",
    ["", "x", "x" * 32, "x" * 4000, '"', '"xxxxxxxxxxxx\\000"', '"\\377\\376xxxxxxxx"', "../../x"],
)
@pytest.mark.parametrize("name", ["SESSION_COOKIE_NAME", "OLD_SESSION_COOKIE_NAME"])
def test_a_forged_session_cookie_is_anonymous(client, db, settings, name, key):
    cookie = {"cookie": f"{getattr(settings, name)}={key}"}
    assert client.get("/auth/account/", headers=cookie).status_code == 302
    assert client.get(LOGIN, headers=cookie).status_code == 200


SAFE = [
    "/create/",
    "/auth/account/",
    "/1-título/?a=1&b=2#c",
    "http://testserver/create/",
    "/?next=//evil.example",
    "create",
]
UNSAFE = [
    "https://evil.example/",
    "HTTPS://evil.example/",
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "\t//evil.example",
    "\u3000//evil.example",
    "\0/create/",
    "http:evil.example",
    "https:///evil.example",
    "http://testserver@evil.example/",
    "http://testserver:80@evil.example/",
    "http://testserver.evil.example/",
    "http://[evil",
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    " javascript:alert(1)",
    "data:text/html,x",
    "mailto:a@evil.example",
    "/" + "x" * 5000,
    "",
]


@pytest.mark.parametrize(
    ("target", "safe"), [(url, True) for url in SAFE] + [(url, False) for url in UNSAFE]
)
@pytest.mark.parametrize("place", ["in the form", "in the address", "already logged in"])
def test_log_in_leads_to_a_safe_next_and_otherwise_to_the_index(
    client, reader, target, safe, place
):
    if place == "in the form":
        response = log_in(client, next=target)
    elif place == "in the address":
        response = client.post(
            LOGIN,
            {"username": "reader", "password": PASSWORD},
            query_params={"next": target},
        )
    else:
        client.force_login(reader)
        response = client.get(LOGIN, {"next": target})
    assert response.status_code == 302
    if safe:
        assert response["Location"] == target.replace("í", "%C3%AD")
    else:
        assert response["Location"] == "/"


@pytest.mark.parametrize(("target", "safe"), [(SAFE[2], True), (UNSAFE[0], False), (LOGIN, False)])
def test_a_refused_form_still_knows_a_safe_next(client, reader, target, safe):
    response = log_in(client, "reader", "wrong", next=target)
    shown = f'<input type="hidden" name="next" value="{html.escape(target)}">'
    assert (shown in response.text) is safe
    assert "evil" not in response.text


@pytest.mark.parametrize(
    "target",
    [
        LOGIN,
        f"{LOGIN}?next={LOGIN}",
        f"{LOGIN}#top",
        f" {LOGIN}",
        f"http://testserver{LOGIN}",
        "../login/",
        "./",
        ".",
        "?",
        "?next=%23",
        # An address without a path keeps the query, so it would lead back here forever.
        "#",
        "#top",
    ],
)
@pytest.mark.parametrize("is_logged_in", [True, False])
def test_the_login_page_as_next_leads_to_the_index(client, reader, target, is_logged_in):
    if is_logged_in:
        client.force_login(reader)
        response = client.get(LOGIN, {"next": target})
    else:
        response = log_in(client, next=target)
    assert (response.status_code, response["Location"]) == (302, "/")


def test_a_login_to_an_inactive_account_looks_like_any_failure(client, make_user, settings):
    make_user("inactive", is_active=False)
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.AllowAllUsersModelBackend"]
    assert errors(log_in(client, "inactive")) == {"__all__": [WRONG]}


def test_a_form_without_a_token_logs_no_one_in(reader):
    client = Client(enforce_csrf_checks=True)
    assert log_in(client).status_code == 403
    assert auth.get_user(client).is_anonymous


def test_the_page_is_kept_by_no_cache(client):
    assert "no-store" in client.get(LOGIN)["Cache-Control"]


def test_a_deactivated_account_is_logged_out_at_once(client, reader):
    log_in(client)
    reader.is_active = False
    reader.save()
    assert client.get("/auth/account/").status_code == 302
