"""New accounts that wait for approval: what they can do, and who decides."""

import re
from functools import partial

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts import approving
from accounts.models import User
from accounts.roles import Role
from accounts.tests.test_tabs import Tab
from conftest import PASSWORD
from posts.tests.meanwhile import together

LIST, REGISTER, LOGIN = "/auth/waiting/", "/auth/register/", "/auth/login/"
ACCOUNT = {"username": "alice", "password1": PASSWORD, "password2": PASSWORD}
WAITING = "Your account is waiting for approval. Try again later."
INCORRECT = "Incorrect username or password."


@pytest.fixture
def editor(make_user) -> Client:
    client = Client()
    client.force_login(make_user("edith", role=Role.EDITOR))
    return client


@pytest.fixture
def alice(make_user) -> User:
    """A person who registered and waits for approval."""
    fields = {"is_active": False, "waiting_since": timezone.now(), "email": "a@example.org"}
    return make_user("alice", **fields)


def log_in(username: str, password: str) -> str:
    """Try to log in, and return the text of the page that follows."""
    typed = {"username": username, "password": password}
    return Client().post(LOGIN, typed, follow=True).text


@pytest.mark.parametrize("role", ["author", "contributor", "reader"])
def test_the_settings_decide_what_a_new_account_becomes(db, set_site, role):
    set_site(new_role=role)
    Client().post(REGISTER, ACCOUNT)
    user = User.objects.get()
    assert (user.role, user.is_active, user.waiting_since) == (role, True, None)


def test_a_new_account_waits_and_leads_back_to_what_the_person_read(post, set_site):
    set_site(approves_accounts=True)
    tab = Tab(Client(enforce_csrf_checks=True)).open(f"{REGISTER}?next={post.get_absolute_url()}")
    response = tab.press(**ACCOUNT)
    assert tab.path == post.get_absolute_url()
    assert "You can log in once your account is approved." in tab.page
    assert not response.wsgi_request.user.is_authenticated
    user = User.objects.get(username="alice")
    assert user.is_waiting and not user.is_active


def test_only_the_right_password_reveals_that_an_account_waits(alice, make_user):
    make_user("closed", is_active=False)
    assert WAITING in log_in("alice", PASSWORD)
    for username, password in (("alice", "wrong"), ("nobody", PASSWORD), ("closed", PASSWORD)):
        page = log_in(username, password)
        assert INCORRECT in page and WAITING not in page, username
    alice.refresh_from_db()
    assert not alice.is_active and alice.last_login is None


def test_a_waiting_account_opens_no_private_page(alice, run_jobs):
    client = Client()
    client.force_login(alice)
    assert client.get("/create/").status_code == 302
    client.post("/auth/password/reset/", {"email": alice.email})
    run_jobs()
    assert mail.outbox == []
    page = Client().post("/admin/login/", {"username": "alice", "password": PASSWORD}).text
    assert "/admin/logout/" not in page


def test_approval_lets_the_person_log_in(alice, editor):
    page = editor.get(LIST).text
    assert re.findall(r'action="(/auth/waiting/[0-9]+/approve/)"', page) == [
        f"{LIST}{alice.pk}/approve/"
    ]
    # The address is shown to no one.
    assert alice.email not in page
    response = editor.post(f"{LIST}{alice.pk}/approve/", follow=True)
    assert "alice is approved and can log in now." in response.text
    assert "No one is waiting" in response.text
    assert "Log out" in log_in("alice", PASSWORD)
    alice.refresh_from_db()
    assert alice.is_active and alice.waiting_since is None


def test_refusal_deletes_the_account_and_frees_its_name(alice, editor):
    response = editor.post(f"{LIST}{alice.pk}/refuse/", follow=True)
    assert "The account alice was refused and deleted." in response.text
    assert not User.objects.filter(username="alice").exists()
    assert INCORRECT in log_in("alice", PASSWORD)
    assert Client().post(REGISTER, ACCOUNT).status_code == 302


@pytest.mark.parametrize("act", ["approve", "refuse"])
def test_only_waiting_accounts_can_be_approved_or_refused(editor, make_user, act):
    active = make_user("active")
    closed = make_user("closed", is_active=False)
    for pk in (active.pk, closed.pk, 999_999):
        page = editor.post(f"{LIST}{pk}/{act}/", follow=True).text
        assert "Someone else has already approved or refused this account." in page
    found = User.objects.filter(username__in=["active", "closed"]).order_by("username")
    assert list(found.values_list("is_active", flat=True)) == [True, False]


@pytest.mark.parametrize("act", ["approve", "refuse"])
def test_owners_and_editors_decide_and_others_do_not(make_user, act):
    for role in [None, *Role]:
        alice = make_user("alice", is_active=False, waiting_since=timezone.now())
        client = Client()
        if role:
            client.force_login(make_user(f"the-{role}", role=role))
        may = role in (Role.OWNER, Role.EDITOR)
        status = 302 if role is None else 403
        listed = client.get(LIST)
        assert listed.status_code == (200 if may else status), role
        response = client.post(f"{LIST}{alice.pk}/{act}/")
        assert response.status_code == (302 if may else status), role
        assert User.objects.waiting().filter(pk=alice.pk).exists() is not may, role
        if role is None:
            assert listed["Location"] == response["Location"] == f"{LOGIN}?next={LIST}"
        User.objects.filter(username="alice").delete()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_only_one_of_two_simultaneous_decisions_counts(make_user):
    for _round in range(8):
        alice = make_user("alice", is_active=False, waiting_since=timezone.now())
        acts = [partial(act, alice.pk) for act in (approving.approve, approving.refuse)]
        outcomes = together(acts)
        assert sum(outcome is not None for outcome in outcomes) == 1
        assert User.objects.filter(username="alice").exists() is (outcomes[0] is not None)
        User.objects.filter(username="alice").delete()


def test_the_list_costs_the_same_for_many(editor, django_assert_num_queries):
    now = timezone.now()
    User.objects.bulk_create(
        User(username=f"u{n}", username_key=f"u{n}", is_active=False, waiting_since=now)
        for n in range(51)
    )
    # The session, and the accounts.
    with django_assert_num_queries(2):
        page = editor.get(LIST).text
    assert page.count("/approve/") == 50
    assert "More accounts are waiting." in page


def test_an_account_that_the_admin_opens_and_closes_does_not_wait_again(alice, make_user):
    client = Client()
    client.force_login(make_user("root", role=Role.OWNER))
    path = f"/admin/accounts/user/{alice.pk}/change/"
    typed = {"username": "alice", "role": "author", "date_joined_0": "2026-01-01"}
    typed |= {"date_joined_1": "10:00"}
    for is_active in ("on", ""):
        assert client.post(path, typed | {"is_active": is_active}).status_code == 302
    alice.refresh_from_db()
    assert not alice.is_active and not alice.is_waiting


def test_editors_find_the_pages_about_people_from_their_account(make_user):
    for role in Role:
        client = Client()
        client.force_login(make_user(f"the-{role}", role=role))
        page = client.get("/auth/account/").text
        assert (f'href="{LIST}"' in page) is (role in (Role.OWNER, Role.EDITOR)), role


@pytest.mark.parametrize("site_url", ["", "https://blog.example"])
def test_approval_is_announced_to_a_confirmed_address_alone(
    alice, editor, settings, run_jobs, mailoutbox, site_url
):
    settings.SITE_URL = site_url
    confirmed = {"email": "zoe@example.org", "confirmed_email": "zoe@example.org"}
    waiting = {"is_active": False, "waiting_since": timezone.now()}
    zoe = User.objects.create_user("zoe", email_confirmed_at=timezone.now(), **confirmed, **waiting)
    for user in (alice, zoe):
        approving.approve(user.pk)
    run_jobs()
    (message,) = mailoutbox
    assert message.to == ["zoe@example.org"]
    assert "log in to Blogsite with your account zoe" in message.body
    assert ("https://blog.example/auth/login/" in message.body) is bool(site_url)
