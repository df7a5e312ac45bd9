"""New passwords: changed with the old one, or reset by email."""

import re
from html import unescape

import pytest
from django.contrib import auth
from django.test import Client
from django.utils.html import strip_tags

from conftest import PASSWORD
from jobs.models import Job

CHANGE, RESET, SENT = (
    "/auth/password/change/",
    "/auth/password/reset/",
    "/auth/password/reset/sent/",
)
NEW = "tulip-candle-42"
DIFFER = "The two password fields didn’t match."
SHORT = "This password is too short. It must contain at least 8 characters."


def new_password(first: str = NEW, second: str | None = None) -> dict[str, str]:
    return {"new_password1": first, "new_password2": first if second is None else second}


@pytest.fixture
def zoe(make_user):
    return make_user("zoe", email="Zoe@example.org")


@pytest.fixture
def ask(client, run_jobs, mailoutbox):
    """Return a function that requests a link and returns the address in the only email sent."""

    def ask_for(email: str = "zoe@example.org", **request) -> str:
        mailoutbox.clear()
        response = client.post(RESET, {"email": email}, **request)
        assert (response.status_code, response["Location"]) == (302, SENT)
        run_jobs()
        (mail,) = mailoutbox
        (address,) = re.findall(r"https?://\S+", mail.body)
        return address

    return ask_for


def path_of(address: str) -> str:
    return re.sub(r"^https?://[^/]+", "", address)


def open_link(client, address: str) -> str:
    """Follow the link as a browser does; return the path of the form that it leads to."""
    response = client.get(path_of(address))
    assert response.status_code == 302
    assert path_of(address).split("/")[-2] not in response["Location"]
    return response["Location"]


# Changing the password -------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_anonymous_visitor_is_redirected_to_login_and_back(client, method):
    response = getattr(client, method)(CHANGE)
    assert (response.status_code, response["Location"]) == (302, f"/auth/login/?next={CHANGE}")


def test_changing_keeps_this_session_and_ends_all_others(client_of, reader):
    client, elsewhere = client_of("reader"), Client()
    elsewhere.force_login(reader)
    key = client.session.session_key
    response = client.post(CHANGE, {"old_password": PASSWORD} | new_password(), follow=True)
    assert response.redirect_chain == [("/auth/account/", 302)]
    assert "Your password was changed." in response.text
    reader.refresh_from_db()
    assert reader.check_password(NEW)
    assert auth.get_user(client) == reader
    assert client.session.session_key != key
    assert elsewhere.get("/auth/account/").status_code == 302


@pytest.mark.parametrize(
    ("typed", "field", "message"),
    [
        (
            {"old_password": "wrong"},
            "old_password",
            "Your old password was entered incorrectly. Please enter it again.",
        ),
        ({"old_password": ""}, "old_password", "This field is required."),
        ({"old_password": "\0"}, "old_password", "Null characters are not allowed."),
        (new_password("x4!"), "new_password2", SHORT),
        (new_password("password"), "new_password2", "This password is too common."),
        (new_password("8462057193"), "new_password2", "This password is entirely numeric."),
        (new_password("reader-1"), "new_password2", "The password is too similar to the username."),
        (new_password(NEW, "another-one"), "new_password2", DIFFER),
        (new_password(""), "new_password1", "This field is required."),
    ],
)
def test_a_wrong_value_is_reported_beside_its_field_and_changes_nothing(
    client_of, reader, typed, field, message
):
    client = client_of("reader")
    response = client.post(CHANGE, {"old_password": PASSWORD} | new_password() | typed)
    assert response.status_code == 200
    assert message in response.context["form"].errors[field]
    assert f'id="id_{field}_error"><li>' in response.text and message in response.text
    assert PASSWORD not in response.text and NEW not in response.text
    reader.refresh_from_db()
    assert reader.check_password(PASSWORD)
    assert auth.get_user(client) == reader


# Resetting the password by email ---------------------------------------------------------------


def test_the_link_in_the_mail_sets_a_new_password_once(client, zoe, ask, mailoutbox):
    elsewhere = Client()
    elsewhere.force_login(zoe)
    address = ask()
    assert mailoutbox[0].to == ["Zoe@example.org"]
    assert "Use this link to set a new password for zoe:" in mailoutbox[0].body
    form = open_link(client, address)
    page = client.get(form)
    assert page.status_code == 200 and 'name="new_password1"' in page.text
    response = client.post(form, new_password(), follow=True)
    assert response.redirect_chain == [("/auth/login/", 302)]
    assert "Your new password is set. You can log in with it now." in response.text
    assert auth.get_user(client).is_anonymous
    assert elsewhere.get("/auth/account/").status_code == 302

    for stale in (path_of(address), form):
        assert "This link no longer works" in client.get(stale).text
        assert "This link no longer works" in client.post(stale, new_password("lily-lamp-77")).text
    zoe.refresh_from_db()
    assert zoe.check_password(NEW)
    login = client.post("/auth/login/", {"username": "zoe", "password": NEW})
    assert login.status_code == 302


@pytest.mark.parametrize(
    ("typed", "field", "message"),
    [
        (new_password("x4!"), "new_password2", SHORT),
        (
            new_password("zoe@example.org"),
            "new_password2",
            "The password is too similar to the email address.",
        ),
        (new_password(NEW, "another-one"), "new_password2", DIFFER),
    ],
)
def test_a_bad_new_password_is_refused_and_the_link_still_works(
    client, zoe, ask, typed, field, message
):
    form = open_link(client, ask())
    response = client.post(form, typed)
    assert response.status_code == 200
    assert message in response.context["form"].errors[field]
    assert message in response.text
    assert client.post(form, new_password()).status_code == 302


def test_the_form_behind_the_link_is_open_to_that_browser_alone(client, zoe, ask):
    form = open_link(client, ask())
    assert "This link no longer works" in Client().get(form).text


@pytest.mark.parametrize("change", ["password", "email", "log-in", "deactivated", "deleted"])
def test_a_link_ends_when_the_account_changes(client, zoe, ask, change):
    address = ask()
    if change == "password":
        zoe.set_password(NEW)
    elif change == "email":
        zoe.email = "other@example.org"
    elif change == "log-in":
        Client().post("/auth/login/", {"username": "zoe", "password": PASSWORD})
        zoe.refresh_from_db()
    if change == "deleted":
        zoe.delete()
    elif change == "deactivated":
        # The link may still work, but the account can't log in.
        zoe.is_active = False
        zoe.save()
        client.post(open_link(client, address), new_password())
        login = client.post("/auth/login/", {"username": "zoe", "password": NEW})
        assert "Incorrect username or password." in login.text
        return
    else:
        zoe.save()
    assert "This link no longer works" in client.get(path_of(address)).text


def test_a_link_ends_after_its_time(client, zoe, ask, settings):
    address = ask()
    settings.PASSWORD_RESET_TIMEOUT = -1
    assert "This link no longer works" in client.get(path_of(address)).text


def test_a_link_opens_no_other_account(client, zoe, make_user, ask):
    mine = path_of(ask()).split("/")
    make_user("victim", email="victim@example.org")
    theirs = path_of(ask("victim@example.org")).split("/")
    forged = "/".join([*theirs[:-2], mine[-2], ""])
    assert "This link no longer works" in client.get(forged).text


@pytest.mark.parametrize(
    ("uid", "token"),
    [
        ("MQ", "set-password"),
        ("MQ", "x"),
        ("MQ", "c2d3-0123456789abcdef0123456789abcdef"),
        ("MQ", "-"),
        ("MQ", "é-ü"),
        ("MQ", "zzzzzzzzzzzzzzzzzzzz-x"),
        ("x", "y"),
        ("=", "y"),
        ("ü", "y"),
        ("_____w", "y"),
        ("LTE", "y"),
        ("AA", "y"),
        ("TVE", "y"),
        ("OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "y"),
        ("OTk5" * 1500, "y"),
        ("MQ", "a" * 6000),
        ("%00", "%00"),
        ("\0", "\0"),
        ("4pKI", "y"),
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_bad_link_says_so_and_offers_a_new_one(client, zoe, uid, token, method):
    response = getattr(client, method)(f"{RESET}{uid}/{token}/", new_password())
    assert response.status_code == 200
    assert "This link no longer works" in response.text
    assert f'href="{RESET}"' in response.text
    zoe.refresh_from_db()
    assert zoe.check_password(PASSWORD)


@pytest.mark.parametrize(
    ("email", "mails"),
    [
        ("zoe@example.org", 1),
        ("ZOE@EXAMPLE.ORG", 1),
        (" zoe@example.org ", 1),
        ("shared@example.org", 1),
        ("nobody@example.org", 0),
        ("inactive@example.org", 0),
        ("nologin@example.org", 0),
        ("%@example.org", 0),
        ("zo_@example.org", 0),
    ],
)
def test_the_response_does_not_reveal_whether_an_account_has_the_address(
    client, zoe, make_user, run_jobs, mailoutbox, email, mails
):
    make_user("inactive", email="inactive@example.org", is_active=False)
    for name in ("one", "two"):
        make_user(name, email="shared@example.org")
    nologin = make_user("nologin", email="nologin@example.org")
    nologin.set_unusable_password()
    nologin.save()
    response = client.post(RESET, {"email": email}, follow=True)
    assert response.redirect_chain == [(SENT, 302)]
    assert "If an account uses that address" in response.text
    run_jobs()
    assert len(mailoutbox) == mails


def test_a_response_takes_as_many_queries_for_any_address(client, zoe, django_assert_num_queries):
    client.get(RESET)
    for email in ("zoe@example.org", "nobody@example.org"):
        with django_assert_num_queries(1):
            client.post(RESET, {"email": email})


def test_accounts_with_the_same_address_get_one_mail_with_a_link_for_each(
    client, make_user, run_jobs, mailoutbox
):
    for name in ("one", "two"):
        make_user(name, email="shared@example.org")
    client.post(RESET, {"email": "shared@example.org"})
    run_jobs()
    (mail,) = mailoutbox
    links = re.findall(r"for (\w+):\n\nhttp://testserver(/\S+)\n", mail.body)
    assert [name for name, path in links] == ["one", "two"]
    for name, path in links:
        assert f'value="{name}"' in client.get(open_link(client, path)).text


def test_each_spelling_of_an_address_gets_only_the_links_of_its_accounts(
    client, zoe, make_user, run_jobs, mailoutbox
):
    make_user("other", email="zoe@example.org")
    client.post(RESET, {"email": "ZOE@example.org"})
    run_jobs()
    found = {mail.to[0]: re.findall(r"for (\w+):", mail.body) for mail in mailoutbox}
    assert found == {"Zoe@example.org": ["zoe"], "zoe@example.org": ["other"]}


def test_the_job_contains_no_link(client, zoe):
    client.post(RESET, {"email": "zoe@example.org"})
    job = Job.objects.get()
    assert job.arguments["args"] == ["zoe@example.org", "http://testserver"]


@pytest.mark.parametrize("email", ["", "zoe", "zoe@example.org\nBcc: b@c.d", "z\0@example.org"])
def test_an_invalid_address_gets_a_message_and_no_mail(client, zoe, email):
    response = client.post(RESET, {"email": email})
    assert response.status_code == 200
    assert response.context["form"].errors["email"]
    assert 'id="id_email_error"' in response.text
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("site_url", "host", "is_secure", "origin"),
    [
        ("", "testserver", False, "http://testserver"),
        ("", "blog.example.org:8080", False, "http://blog.example.org:8080"),
        ("", "blog.example.org", True, "https://blog.example.org"),
        ("https://blog.example.org", "testserver", False, "https://blog.example.org"),
        ("http://blog.example.org:8080", "testserver", True, "http://blog.example.org:8080"),
    ],
)
def test_the_link_starts_with_the_sites_address_or_else_the_requests(
    zoe, ask, settings, site_url, host, is_secure, origin
):
    settings.SITE_URL = site_url
    settings.ALLOWED_HOSTS = ["testserver", "blog.example.org"]
    address = ask(secure=is_secure, headers={"host": host})
    assert re.fullmatch(
        re.escape(origin) + r"/auth/password/reset/[A-Za-z0-9]+/[a-z0-9-]+/", address
    )


@pytest.mark.parametrize("site_url", ["", "https://blog.example.org"])
@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "testserver:x@evil.example"},
        {"host": "testserver", "x-forwarded-host": "evil.example"},
        {"host": "testserver", "forwarded": "host=evil.example"},
    ],
)
def test_a_foreign_host_never_gets_into_mail(
    client, zoe, run_jobs, mailoutbox, settings, site_url, headers
):
    settings.SITE_URL = site_url
    response = client.post(RESET, {"email": "zoe@example.org"}, headers=headers)
    refused = "evil" in headers["host"]
    assert response.status_code == (400 if refused else 302)
    run_jobs()
    assert len(mailoutbox) == (0 if refused else 1)
    assert all("evil" not in f"{mail.subject}{mail.body}" for mail in mailoutbox)


def test_the_mail_says_the_same_as_plain_text_and_as_html(zoe, ask, set_site, settings, mailoutbox):
    set_site(name="Tom & Zoë's *new*\n <blog>")
    address = ask()
    (mail,) = mailoutbox
    assert mail.subject == "Set a new password on Tom & Zoë's *new* <blog>"
    assert f"\n\n{address}\n\n" in mail.body
    assert mail.body.startswith("Hello,\n") and "&amp;" not in mail.body
    assert (mail.content_subtype, mail.from_email) == ("plain", settings.DEFAULT_FROM_EMAIL)
    (html,) = [content for content, kind in mail.alternatives if kind == "text/html"]
    body = html.partition("<body")[2].partition(">")[2]
    assert unescape(strip_tags(body)).split() == mail.body.split()
    assert re.findall(r'href="([^"]*)"', html) == [address]
    assert "<blog>" not in html and '<html lang="en">' in html


def test_a_username_becomes_no_link(client, make_user, run_jobs, mailoutbox):
    make_user("www.evil.example", email="me@example.org")
    client.post(RESET, {"email": "me@example.org"})
    run_jobs()
    html = mailoutbox[0].alternatives[0][0]
    assert html.count("<a ") == 1 and "password for www.evil.example:</p>" in html


def test_a_reset_link_in_another_persons_browser_changes_its_own_account(
    client_of, reader, zoe, ask
):
    client = client_of("reader")
    client.post(open_link(client, ask()), new_password())
    zoe.refresh_from_db()
    reader.refresh_from_db()
    assert zoe.check_password(NEW) and reader.check_password(PASSWORD)
    assert auth.get_user(client) == reader
