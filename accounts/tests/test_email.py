"""An email address is confirmed by a link before it is used for anything but a reset."""

import re
from datetime import timedelta

import pytest
from django.contrib import auth
from django.test import Client

from accounts import email_links, first_run
from accounts.email_links import path_of_link
from accounts.models import User
from accounts.tests.test_password import new_password
from conftest import PASSWORD
from posts.tests.meanwhile import together

ACCOUNT, CHANGE, SEND, CANCEL = (
    "/auth/account/",
    "/auth/email/change/",
    "/auth/email/send/",
    "/auth/email/cancel/",
)
REGISTER, LOGIN, RESET = "/auth/register/", "/auth/login/", "/auth/password/reset/"
OLD, NEW, TAKEN = "old@example.org", "new@example.org", "taken@example.org"
ENDED = "This link no longer works"
SENT = "open the link in the email that we sent there."
CHANGED = "Your email address on Blogsite was changed"


def change(client, email: str = NEW, password: str = PASSWORD):
    return client.post(CHANGE, {"email": email, "password": password})


def register(client, username: str = "new", email: str = NEW):
    typed = {"username": username, "email": email, "password1": PASSWORD, "password2": PASSWORD}
    return client.post(REGISTER, typed, follow=True)


def state_of(username: str = "zoe") -> tuple[str, bool, str]:
    """Return the address, whether it is confirmed, and the new one that waits."""
    user = User.objects.get(username=username)
    assert (user.email_confirmed_at is None) == (user.confirmed_email is None)
    return user.email, user.has_confirmed_email, user.new_email


# Confirming ---------------------------------------------------------------------------------------


def test_after_registration_a_click_in_a_mail_confirms_the_address(client, db, link, mailoutbox):
    page = register(client).text
    assert f"To confirm {NEW}, {SENT}" in page
    path = link()
    assert mailoutbox[0].to == [NEW] and "an account on Blogsite" in mailoutbox[0].body
    assert f'href="http://testserver{path}"' in mailoutbox[0].alternatives[0][0]
    # Mail scanners and link previews only read.
    for method in ("get", "head", "options"):
        getattr(client, method)(path)
    assert state_of("new") == (NEW, False, "")
    page = client.get(path)
    assert f"Is {NEW} the email address of your account new?" in page.text
    assert "no-store" in page["Cache-Control"] and page["Referrer-Policy"] == "strict-origin"
    response = client.post(path, follow=True)
    assert response.redirect_chain == [(LOGIN, 302)]
    assert f"{NEW} is now confirmed for the account new." in response.text
    assert state_of("new") == (NEW, True, "")
    for again in (client.get(path), client.post(path)):
        assert again.status_code == 200 and ENDED in again.text


def test_a_waiting_account_confirms_its_address_before_it_is_approved(client, set_site, link):
    set_site(approves_accounts=True)
    register(client)
    client.post(link())
    user = User.objects.get()
    assert user.is_waiting and user.has_confirmed_email


def test_an_invited_person_confirms_the_address_too(client, invite, link):
    typed = {"username": "new", "email": NEW, "password1": PASSWORD, "password2": PASSWORD}
    client.post(invite(), typed)
    assert "Change your email address" in client.get(ACCOUNT).text
    assert client.post(link())["Location"] == ACCOUNT
    assert state_of("new") == (NEW, True, "")


def test_the_first_owner_confirms_the_address_too(client, db, link, settings, tmp_path):
    settings.INSTANCE_DIR = tmp_path
    typed = {"username": "new", "email": NEW, "password1": PASSWORD, "password2": PASSWORD}
    client.post(first_run.renew_link(), typed | {"blog_name": "Blogsite", "writers": "everyone"})
    assert client.post(link())["Location"] == ACCOUNT
    assert state_of("new") == (NEW, True, "")


def test_without_an_address_nothing_is_sent_or_promised(client, db, mails):
    assert SENT not in register(client, email="").text
    assert mails() == []


def test_without_a_mail_server_the_account_page_asks_for_no_confirmation(
    client, make_user, settings
):
    settings.EMAIL_BACKEND = settings.FILE_MAIL
    client.force_login(make_user("zoe", email=OLD))
    page = client.get(ACCOUNT).text
    assert OLD in page and "confirmed" not in page and SEND not in page


def test_the_account_page_says_whether_the_address_is_confirmed(client, make_user, link):
    client.force_login(make_user("zoe", email=OLD))
    page = client.get(ACCOUNT).text
    assert OLD in page and "Not confirmed" in page
    response = client.post(SEND, follow=True)
    assert f"To confirm {OLD}, {SENT}" in response.text
    response = client.post(link(), follow=True)
    assert response.redirect_chain == [(ACCOUNT, 302)]
    assert "Confirmed" in response.text and "Send the link again" not in response.text


def test_for_a_confirmed_address_no_link_is_sent_again(zoes, mails):
    assert zoes.post(SEND)["Location"] == ACCOUNT
    assert mails() == []


def test_a_link_in_another_persons_browser_confirms_its_own_account(client_of, make_user):
    client = client_of("reader")
    make_user("zoe", email=OLD)
    response = client.post(path_of_link(User.objects.get(username="zoe")), follow=True)
    assert "for the account zoe." in response.text
    assert response.request["PATH_INFO"] == "/"
    assert state_of("reader") == ("", False, "")


ENDS = {
    "another change": lambda user: change(logged_in(user), "third@example.org"),
    "a new password": lambda user: logged_in(user).post(
        "/auth/password/change/", {"old_password": PASSWORD} | new_password()
    ),
    "cancelled": lambda user: logged_in(user).post(CANCEL),
    "removed": lambda user: change(logged_in(user), ""),
    "closed": lambda user: User.objects.filter(pk=user.pk).update(is_active=False),
    "deleted": lambda user: user.delete(),
}


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize("end", ENDS)
def test_a_link_ends_when_the_account_changes(zoes, zoe, link, end):
    change(zoes)
    path = link()
    ENDS[end](zoe)
    for response in (Client().get(path), Client().post(path)):
        assert response.status_code == 200 and ENDED in response.text
    assert not User.objects.filter(email=NEW).exists()


def test_a_new_password_ends_the_link_of_a_registration(client, make_user):
    user = make_user("new", email=NEW)
    path = path_of_link(user)
    user.set_password("lily-lamp-77")
    user.save()
    assert ENDED in client.get(path).text and ENDED in client.post(path).text
    assert state_of("new") == (NEW, False, "")


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_of_two_clicks_at_the_same_moment_one_confirms(make_user):
    user = make_user("zoe", email=NEW)
    for _round in range(4):
        path = path_of_link(user)
        statuses = together([lambda path=path: Client().post(path).status_code] * 2)
        assert sorted(statuses) == [200, 302]
        user.email_confirmed_at = user.confirmed_email = None
        user.save()


def test_a_link_ends_after_three_days(zoes, zoe, monkeypatch):
    change(zoes)
    zoe.refresh_from_db()
    path = path_of_link(zoe)
    assert "Is new@" in zoes.get(path).text
    monkeypatch.setattr(email_links, "LINK_AGE", timedelta(seconds=-1))
    assert ENDED in zoes.get(path).text and ENDED in zoes.post(path).text


def test_a_forged_link_says_that_it_does_not_work(zoes, zoe, make_user):
    other = path_of_link(make_user("other", email=NEW)).split("/")[-2]
    change(zoes)
    for pk in (zoe.pk, 0, 10**30):
        for token in (other, "x", ":", "a:b:c", "é", "%00", "1" * 5_000):
            path = f"/auth/email/confirm/{pk}/{token}/"
            for response in (zoes.get(path), zoes.post(path)):
                assert response.status_code == 200 and ENDED in response.text, path
    assert state_of() == (OLD, True, NEW)


# Changing -----------------------------------------------------------------------------------------


def test_a_change_waits_for_the_click_and_then_the_old_address_is_told(
    zoes, link, mails, mailoutbox
):
    response = change(zoes)
    assert response["Location"] == ACCOUNT
    page = zoes.get(ACCOUNT).text
    assert f"To confirm {NEW}, {SENT}" in page
    assert OLD in page and "<dt>New address</dt>" in page and "Not confirmed" in page
    # In a list, each label is valid HTML only once.
    assert page.count("<dt>Status</dt>") == 1
    assert state_of() == (OLD, True, NEW)
    path = link()
    assert mailoutbox[0].to == [NEW]
    assert f"Is {NEW} the email address of your account zoe?" in zoes.get(path).text
    zoes.post(path)
    assert state_of() == (NEW, True, "")
    assert mails() == [(OLD, CHANGED)]
    assert NEW not in mailoutbox[0].body


def test_the_link_to_a_new_address_can_be_sent_again(zoes, mails):
    change(zoes)
    zoes.post(SEND)
    assert mails() == [(NEW, "Confirm your email address on Blogsite")] * 2


def test_a_change_can_be_cancelled(zoes, mails):
    change(zoes)
    assert NEW in zoes.get(ACCOUNT).text
    page = zoes.post(CANCEL, follow=True).text
    assert "Your email address stays the same." in page and NEW not in page
    assert state_of() == (OLD, True, "")
    assert mails() == []


def test_an_address_can_be_removed_and_is_told(zoes, mails):
    response = change(zoes, "")
    assert response["Location"] == ACCOUNT
    page = zoes.get(ACCOUNT).text
    assert "Your email address was removed." in page and "Add an email address" in page
    assert state_of() == ("", False, "")
    assert mails() == [(OLD, CHANGED)]


@pytest.mark.parametrize(
    ("typed", "field", "message"),
    [
        ({"password": "wrong"}, "password", "Incorrect password."),
        ({"password": ""}, "password", "This field is required."),
        ({"email": "new@"}, "email", "Enter a valid email address."),
        ({"email": "a@example.org\nBcc: b@c.d"}, "email", "Enter a valid email address."),
        ({"email": "a\0@example.org"}, "email", "Null characters are not allowed."),
        ({"email": "<b>@example.org"}, "email", "Enter a valid email address."),
        ({"email": "ſam@example.org"}, "email", "Enter a valid email address."),
        ({"email": OLD}, "email", "This is already your email address."),
        ({"email": f"{'x' * 300}@example.org"}, "email", "at most 254 characters (it has 312)"),
    ],
)
def test_a_refused_change_is_explained_beside_its_field(zoes, mails, typed, field, message):
    typed = {"email": NEW, "password": PASSWORD} | typed
    response = zoes.post(CHANGE, typed)
    assert response.status_code == 200
    errors = response.context["form"].errors
    assert set(errors) == {field} and message in errors[field].as_text()
    assert response.context["form"]["email"].value() == typed["email"]
    assert PASSWORD not in response.text
    assert state_of() == (OLD, True, "") and mails() == []


def test_an_expired_form_keeps_the_address(zoes):
    writer = re.search(r'name="writer" value="([^"]+)"', zoes.get(CHANGE).text)[1]
    zoes.logout()
    typed = {"email": NEW, "password": PASSWORD, "writer": writer}
    response = zoes.post(CHANGE, typed)
    assert response["Location"].startswith(LOGIN)
    back = zoes.post(response["Location"], {"username": "zoe", "password": PASSWORD}, follow=True)
    assert f'value="{NEW}"' in back.text and PASSWORD not in back.text
    assert state_of() == (OLD, True, "")


def test_a_change_of_spelling_alone_tells_nobody(zoes, link, mails):
    change(zoes, "OLD@example.org")
    zoes.post(link())
    assert state_of() == ("OLD@example.org", True, "")
    assert mails() == []


def test_an_older_version_that_changes_the_address_confirms_nothing(client, zoe):
    User.objects.filter(pk=zoe.pk).update(email=NEW)
    for email in (OLD, NEW):
        client.post(LOGIN, {"username": email, "password": PASSWORD})
        assert auth.get_user(client).is_anonymous
    assert not User.objects.get().has_confirmed_email
