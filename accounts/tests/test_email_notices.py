"""Resets and notices by mail, and a site that can't send any."""

import re

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.tests.test_email import (
    ACCOUNT,
    CHANGE,
    CHANGED,
    LOGIN,
    NEW,
    OLD,
    RESET,
    SEND,
    change,
    register,
    state_of,
)
from accounts.tests.test_password import new_password, open_link
from conftest import PASSWORD
from jobs.models import Job

# Resets -------------------------------------------------------------------------------------------


def reset(client, email: str, link) -> None:
    client.post(RESET, {"email": email})
    client.post(open_link(client, link()), new_password())


class Faster:
    """A password rule that lets someone else use the link while this form is checked."""

    def validate(self, password: str, user: User) -> None:
        User.objects.filter(pk=user.pk).update(password="faster")

    def get_help_text(self) -> str:
        return ""


def test_a_link_that_is_used_twice_at_once_sets_one_password(
    client, make_user, link, mails, settings
):
    make_user("new", email=NEW)
    client.post(RESET, {"email": NEW})
    form = open_link(client, link())
    settings.AUTH_PASSWORD_VALIDATORS = [{"NAME": f"{__name__}.Faster"}]
    assert "This link no longer works" in client.post(form, new_password()).text
    assert User.objects.get().password == "faster"


def test_a_reset_confirms_the_address_and_tells_about_the_new_password(
    client, make_user, link, mails
):
    make_user("new", email=NEW)
    client.post(RESET, {"email": NEW})
    form = open_link(client, link())
    client.get(form)
    assert state_of("new") == (NEW, False, "")
    client.post(form, new_password())
    assert state_of("new") == (NEW, True, "")
    assert mails() == [(NEW, "Your password on Blogsite was changed")]


def test_a_reset_does_not_take_an_address_from_another_account(
    client, make_user, make_confirmed, link
):
    make_user("new", email=NEW)
    client.post(RESET, {"email": NEW})
    form = open_link(client, link())
    make_confirmed("owner", NEW)
    client.post(form, new_password())
    assert state_of("new") == (NEW, False, "") and state_of("owner") == (NEW, True, "")


def test_a_reset_finds_a_confirmed_address_in_any_spelling(client, make_confirmed, mails):
    make_confirmed("zoe", '"zoe b"@bücher.example')
    client.post(RESET, {"email": '"ZOE\\ b"@xn--bcher-kva.example'})
    assert mails() == [('"zoe b"@bücher.example', "Set a new password on Blogsite")]


def test_a_new_password_cancels_a_change_that_someone_else_asked_for(zoes, client, link):
    change(zoes, "thief@example.org")
    Job.objects.all().delete()
    reset(client, OLD, link)
    assert state_of() == (OLD, True, "")


# Notices ------------------------------------------------------------------------------------------


def change_in_admin(admins, user: User, **typed):
    joined = timezone.localtime(user.date_joined)
    times = {"date_joined_0": f"{joined:%Y-%m-%d}", "date_joined_1": f"{joined:%H:%M:%S}"}
    form = {"username": user.username, "email": user.email, "is_active": "on"} | times | typed
    return admins.post(f"/admin/accounts/user/{user.pk}/change/", form)


@pytest.mark.parametrize(("is_confirmed", "told"), [(True, [OLD]), (False, [])])
@pytest.mark.parametrize("way", ["page", "admin", "admin disables it"])
def test_a_confirmed_address_is_told_about_a_new_password(
    client, admins, make_user, make_confirmed, mails, mailoutbox, settings, way, is_confirmed, told
):
    settings.SITE_URL = "https://testserver"
    zoe = make_confirmed("zoe", OLD) if is_confirmed else make_user("zoe", email=OLD)
    if way == "page":
        client.force_login(zoe)
        sent = {"old_password": PASSWORD} | new_password()
        response = client.post("/auth/password/change/", sent, secure=True)
    else:
        sent = {"password1": "lily-lamp-77", "password2": "lily-lamp-77", "usable_password": "true"}
        if way == "admin disables it":
            sent = {"usable_password": "false", "unset-password": "on"}
        path = f"/admin/accounts/user/{zoe.pk}/password/"
        response = admins.post(path, sent, secure=True)
    assert response.status_code == 302
    assert [to for to, _subject in mails()] == told
    for mail in mailoutbox:
        assert "The password of your account zoe on Blogsite was changed." in mail.body
        assert "\n\nhttps://testserver/auth/password/reset/" in mail.body


@pytest.mark.parametrize("is_named", [True, False])
def test_a_password_changed_on_the_command_line_tells_and_cancels_a_new_address(
    zoes, zoe, mails, monkeypatch, capsys, is_named
):
    change(zoes)
    mails()
    monkeypatch.setattr("getpass.getpass", lambda prompt: "lily-lamp-77")
    monkeypatch.setattr("getpass.getuser", lambda: "zoe")
    call_command("changepassword", *(["zoe"] if is_named else []))
    assert "Password changed successfully for user 'zoe'" in capsys.readouterr().out
    assert mails() == [(OLD, "Your password on Blogsite was changed")]
    zoe.refresh_from_db()
    assert zoe.check_password("lily-lamp-77")
    assert zoe.new_email == ""


def test_a_refused_or_new_password_is_no_change(client, admins, zoes, zoe, mails):
    zoes.post("/auth/password/change/", {"old_password": "wrong"} | new_password())
    # A log-in may replace the hash with one of another kind.
    Client().post(LOGIN, {"username": "zoe", "password": PASSWORD})
    assert mails() == []


def test_a_new_address_from_the_admin_is_not_confirmed_and_the_old_one_is_told(
    admins, zoe, mails, mailoutbox
):
    page = admins.get(f"/admin/accounts/user/{zoe.pk}/change/").text
    assert "Email confirmed:" in page
    assert 'alt="True"' in admins.get("/admin/accounts/user/?q=zoe").text
    assert change_in_admin(admins, zoe, is_staff="on").status_code == 302
    assert state_of() == (OLD, True, "") and mails() == []
    assert change_in_admin(admins, zoe, email=NEW).status_code == 302
    assert state_of() == (NEW, False, "")
    assert mails() == [(OLD, CHANGED)]


def test_the_admin_refuses_only_new_addresses_that_no_server_knows(admins, make_user):
    user = make_user("zoe", email="ſam@example.org")
    assert change_in_admin(admins, user).status_code == 302
    response = change_in_admin(admins, user, email="ſally@example.org")
    assert "Enter a valid email address." in response.text


# Without a mail server ----------------------------------------------------------------------------


@pytest.fixture
def no_mail(settings, tmp_path) -> None:
    settings.EMAIL_BACKEND = settings.FILE_MAIL
    settings.INSTANCE_DIR = tmp_path


def test_without_a_mail_server_no_page_promises_mail(client, make_user, no_mail):
    user = make_user("zoe", email=OLD)
    user.new_email = NEW
    user.save()
    pages = [register(client).text]
    client.force_login(user)
    pages += [client.get(ACCOUNT).text, client.get(CHANGE).text]
    pages += [client.post(SEND, follow=True).text]
    for page in pages:
        assert "sent there" not in page and "Send the link" not in page
        assert "We will send" not in page and "Username or email" not in page
    assert "Cancel the change" in pages[1] and "can't send email" in pages[2]
    assert not Job.objects.exists()


def test_without_a_mail_server_a_change_takes_the_password_and_is_unconfirmed(zoes, no_mail):
    assert change(zoes, password="wrong").status_code == 200
    assert state_of() == (OLD, True, "")
    response = change(zoes)
    assert f"Your email address is now {NEW}." in zoes.get(response["Location"]).text
    assert state_of() == (NEW, False, "")


def test_a_link_from_a_file_confirms_nothing(client, make_user, no_mail, run_jobs, tmp_path):
    make_user("zoe", email=OLD)
    client.post(RESET, {"email": OLD})
    run_jobs()
    (file,) = (tmp_path / "mail").iterdir()
    link = re.search(r"\nhttp://testserver(/\S+)", file.read_text())[1]
    client.post(open_link(client, link), new_password())
    assert state_of() == (OLD, False, "")
