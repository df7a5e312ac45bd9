"""Account forms that are open in one tab while something changes in another."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from django.conf import settings
from django.contrib import auth
from django.contrib.auth.tokens import default_token_generator
from django.test import Client
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from accounts.email_links import path_of_link
from accounts.models import User
from accounts.roles import Role
from conftest import PASSWORD

SESSION = settings.SESSION_COOKIE_NAME
NEW = "tulip-candle-42"
EXPIRED = "This form has expired"
AGAIN = "Please press the button again."
TOKEN = re.compile('name="csrfmiddlewaretoken" value="([^"]+)"')
HIDDEN = re.compile('<input type="hidden" name="(next|reset_token)" value="([^"]*)"')


@dataclass
class Tab:
    """One tab of a browser; its tabs share their cookies."""

    browser: Client
    path: str = ""
    page: str = ""
    # How many times the form was submitted until it was accepted.
    presses: int = 0
    headers: dict = field(default_factory=dict)

    def open(self, path: str) -> "Tab":
        response = self.browser.get(path, follow=True)
        self.path, self.page = response.request["PATH_INFO"], response.text
        return self

    def press(self, **typed: str):
        """Submit the last form on the page the way a browser does."""
        hidden = dict(HIDDEN.findall(self.page)) | {
            "csrfmiddlewaretoken": TOKEN.findall(self.page)[-1]
        }
        response = self.browser.post(self.path, hidden | typed, headers=self.headers, follow=True)
        self.page, self.presses = response.text, self.presses + 1
        self.path = response.request["PATH_INFO"]
        assert EXPIRED not in self.page
        return response

    def send(self, **typed: str):
        """Press the button, and press it again if the page asks for it."""
        response = self.press(**typed)
        if response.status_code != 403 and AGAIN not in self.page:
            return response
        assert AGAIN in self.page
        for name, value in typed.items():
            assert ("password" in name) != (f'value="{value}"' in self.page)
        return self.press(**typed)


@pytest.fixture
def forgetful(make_user) -> User:
    """A person who requested a link to reset the password."""
    return make_user("forgetful", email="forgetful@example.org")


@pytest.fixture
def browser(reader, author) -> Client:
    """A browser whose CSRF tokens are checked."""
    return Client(enforce_csrf_checks=True)


def log_in(browser: Client, username: str = "reader") -> None:
    if not auth.get_user(browser).is_authenticated:
        Tab(browser).open("/auth/login/").press(username=username, password=PASSWORD)
    assert auth.get_user(browser).username == username


def log_out(browser: Client) -> None:
    Tab(browser).open("/auth/logout/").press() if auth.get_user(browser).pk else None


def log_in_as_another(browser: Client) -> None:
    log_out(browser)
    log_in(browser, "author")


def log_in_and_out(browser: Client) -> None:
    log_out(browser)
    log_in(browser)
    log_out(browser)


HAPPENED = {
    "nothing": lambda browser: None,
    "a log-in": log_in,
    "a log-out": log_out,
    "a log-in as another": log_in_as_another,
    "a log-in and a log-out": log_in_and_out,
    "all cookies cleared": lambda browser: browser.cookies.clear(),
    "the session ended": lambda browser: browser.cookies.pop(SESSION, None),
    "another form opened": lambda browser: browser.get("/auth/register/"),
}


def link_for(user: User) -> str:
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    return f"/auth/password/reset/{uid}/{default_token_generator.make_token(user)}/"


@dataclass(frozen=True)
class Form:
    """An account form: its address, the typed values and the pages it may lead to."""

    opens: Callable[[User], str]
    typed: dict[str, str]
    leads_to: set[str]
    logged_in: bool = False


FORMS = {
    "log in": Form(
        lambda user: "/auth/login/?next=/create/",
        {"username": "reader", "password": PASSWORD},
        {"/create/"},
    ),
    "register": Form(
        lambda user: "/auth/register/?next=/create/",
        {"username": "new", "email": "new@example.org", "password1": NEW, "password2": NEW},
        {"/auth/login/", "/create/"},
    ),
    "reset": Form(
        lambda user: "/auth/password/reset/",
        {"email": "reader@example.org"},
        {"/auth/password/reset/sent/"},
    ),
    "set a password": Form(
        link_for, {"new_password1": NEW, "new_password2": NEW}, {"/auth/login/", "/"}
    ),
    "confirm the email address": Form(path_of_link, {}, {"/auth/login/", "/"}),
    "log out": Form(lambda user: "/auth/logout/", {}, {"/"}, logged_in=True),
    "change the password": Form(
        lambda user: "/auth/password/change/",
        {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW},
        {"/auth/account/", "/auth/login/"},
        logged_in=True,
    ),
}


@pytest.fixture(params=FORMS)
def form(request) -> Form:
    return FORMS[request.param]


@pytest.mark.parametrize("happened", HAPPENED)
@pytest.mark.parametrize("names_origin", [True, False])
def test_a_form_leads_to_its_page_after_any_change_in_another_tab(
    browser, forgetful, form, happened, names_origin
):
    if form.logged_in:
        log_in(browser)
    headers = {"origin": "http://testserver"} if names_origin else {}
    tab = Tab(browser, headers=headers).open(form.opens(forgetful))
    HAPPENED[happened](browser)
    response = tab.send(**form.typed)
    assert response.status_code == 200
    assert tab.path in form.leads_to
    if happened in ("nothing", "another form opened"):
        assert tab.presses == 1


@pytest.mark.parametrize("happened", HAPPENED)
def test_a_link_sets_the_password_after_any_change_in_another_tab(browser, forgetful, happened):
    tab = Tab(browser).open(link_for(forgetful))
    HAPPENED[happened](browser)
    tab.send(new_password1=NEW, new_password2=NEW)
    assert "Your new password is set." in tab.page
    forgetful.refresh_from_db()
    assert forgetful.check_password(NEW)


@pytest.mark.parametrize("happened", ["a log-in", "a log-in and a log-out"])
def test_a_link_ends_when_its_person_logs_in_and_the_page_says_so(browser, reader, happened):
    tab = Tab(browser).open(link_for(reader))
    HAPPENED[happened](browser)
    tab.press(new_password1=NEW, new_password2=NEW)
    assert "or you logged in after it was sent" in tab.page
    reader.refresh_from_db()
    assert reader.check_password(PASSWORD)


@pytest.mark.parametrize(("username", "is_told"), [("READER", False), ("author", True)])
@pytest.mark.parametrize("is_stale", [True, False])
def test_a_logged_in_visitor_stays_logged_in_as_before(
    browser, reader, username, is_told, is_stale
):
    tab = Tab(browser).open("/auth/login/?next=/create/")
    log_in(browser)
    if not is_stale:
        tab.page += browser.get("/auth/account/").text
    response = tab.press(username=username, password=PASSWORD)
    assert (tab.path, response.status_code) == ("/create/", 200)
    assert auth.get_user(browser) == reader
    told = "You are logged in as reader. To use another account, log out first."
    assert (told in tab.page) == is_told


@pytest.mark.parametrize("path", ["/auth/login/", "/auth/register/"])
@pytest.mark.parametrize("next_page", ["https://evil.example/", "//evil.example", "/auth/login/"])
def test_an_older_form_leads_nowhere_else(browser, path, next_page):
    tab = Tab(browser).open(path)
    log_in(browser)
    response = browser.post(path, {"next": next_page, "csrfmiddlewaretoken": "x" * 64})
    assert response.status_code == 302
    assert response["Location"] in ("/", "/auth/login/")
    assert tab.presses == 0


def test_no_password_is_shown_and_an_old_form_logs_no_one_in(browser):
    tab = Tab(browser).open("/auth/login/")
    log_in_and_out(browser)
    response = tab.press(username="reader", password=PASSWORD)
    assert response.status_code == 403
    assert 'value="reader"' in tab.page and PASSWORD not in tab.page
    assert "Enter your password again." in tab.page
    assert auth.get_user(browser).is_anonymous


def test_a_form_shown_again_keeps_the_choice_to_stay_logged_in(browser):
    for chosen in ({"remember": "on"}, {}):
        tab = Tab(browser).open("/auth/login/")
        log_in_and_out(browser)
        tab.press(username="reader", password=PASSWORD, **chosen)
        (box,) = re.findall('<input[^>]*name="remember"[^>]*>', tab.page)
        assert ("checked" in box) == bool(chosen)


@pytest.mark.parametrize(
    ("headers", "ends"),
    [
        ({"origin": "http://testserver"}, True),
        ({}, False),
        ({"origin": "https://evil.example"}, False),
        ({"origin": "null"}, False),
        ({"origin": "http://testserver:8080"}, False),
        ({"referer": "http://testserver/"}, False),
    ],
)
def test_an_older_button_logs_out_if_the_browser_confirms_its_origin(
    browser, reader, headers, ends
):
    tab = Tab(browser, headers=headers)
    log_in(browser)
    tab.open("/auth/logout/")
    log_out(browser)
    log_in(browser)
    tab.press()
    assert auth.get_user(browser).is_anonymous == ends
    assert ("You are logged out." in tab.page) == ends


def test_a_closed_registration_stays_closed_for_an_older_form(browser, set_site):
    tab = Tab(browser).open("/auth/register/")
    log_in_and_out(browser)
    set_site(registration="closed")
    tab.press(username="new", email="", password1=NEW, password2=NEW)
    assert "Registration is closed" in tab.page
    assert not User.objects.filter(username="new").exists()


def test_without_cookies_the_form_says_what_to_allow(browser):
    tab = Tab(browser).open("/auth/login/")
    browser.cookies.clear()
    tab.press(username="reader", password=PASSWORD)
    assert "allow cookies for this site" in tab.page


@pytest.mark.parametrize(
    ("path", "is_staff", "leads_to"),
    [
        ("/admin/login/?next=/admin/accounts/", True, "/admin/accounts/"),
        ("/admin/login/?next=//evil.example", True, "/admin/"),
        ("/admin/login/", False, "/admin/login/"),
        ("/admin/logout/", True, "/auth/logout/"),
    ],
)
def test_the_forms_of_the_admin_lead_on_too(browser, reader, path, is_staff, leads_to):
    reader.role = Role.OWNER if is_staff else Role.READER
    reader.save()
    log_in(browser)
    response = browser.post(path, {"csrfmiddlewaretoken": "x" * 64, "password": "x"}, follow=True)
    assert response.request["PATH_INFO"] == leads_to
    assert EXPIRED not in response.text
    assert (AGAIN in response.text) == (not is_staff)
