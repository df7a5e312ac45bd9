"""One address is confirmed for one account, and strangers don't learn which are."""

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.email_links import path_of_link
from accounts.models import User
from accounts.tests.test_email import (
    ACCOUNT,
    NEW,
    OLD,
    SEND,
    SENT,
    TAKEN,
    change,
    register,
    state_of,
)
from jobs.models import Job

SPELLINGS = {
    TAKEN: (TAKEN, "TAKEN@example.org", '"taken"@example.org'),
    "a@bücher.example": ("a@xn--bcher-kva.example", "A@BÜCHER.example"),
    "a@xn--bcher-kva.example": ("a@bücher.example",),
}


@pytest.mark.parametrize("act", ["register", "change"])
def test_a_stranger_does_not_learn_which_addresses_are_registered(
    make_user, make_confirmed, mails, mailoutbox, act
):
    make_confirmed("owner", TAKEN)
    pages, queries = [], []
    for number, email in enumerate(("free0@example.org", TAKEN, "free2@example.org")):
        name, client = f"stranger{number}", Client()
        if act == "change":
            client.force_login(make_user(name))
        client.get(ACCOUNT)
        with CaptureQueriesContext(connection) as captured:
            page = change(client, email) if act == "change" else register(client, name, email)
        page = (client.get(ACCOUNT) if act == "change" else page).text
        page = re.search("<main.*</main>", page, re.S)[0]
        page = page.replace(email, "EMAIL").replace(name, "NAME")
        pages.append(re.sub(r'name="(csrf|writer)[^>]*|datetime="[^"]*"', "", page))
        queries.append([re.sub(r"'[^']*'|\d+", "", query["sql"]) for query in captured])
    assert pages[0] == pages[1] == pages[2] and queries[0] == queries[1] == queries[2]
    assert [subject for _to, subject in mails()] == [
        "Confirm your email address on Blogsite",
        "You already use this email address on Blogsite",
        "Confirm your email address on Blogsite",
    ]
    told = mailoutbox[1]
    assert told.to == [TAKEN] and "account owner" in told.body
    # A stranger could choose a name that advertises something.
    assert "stranger1" not in told.body
    assert "/auth/" not in told.body


@pytest.mark.parametrize("taken", SPELLINGS)
def test_of_two_accounts_one_can_confirm_an_address_in_any_spelling(
    client, make_user, make_confirmed, taken
):
    make_confirmed("owner", taken)
    for number, spelling in enumerate(SPELLINGS[taken]):
        user = make_user(f"late{number}", email=spelling)
        # Its link was sent before the owner confirmed the address.
        response = client.post(path_of_link(user))
        assert response.status_code == 200, spelling
        assert "This address is already in use" in response.text
        assert "owner" not in response.text
        assert state_of(user.username) == (user.email, False, "")


def test_a_taken_address_changes_nothing_and_tells_nobody(zoes, zoe, make_confirmed, mails):
    change(zoes, TAKEN)
    zoe.refresh_from_db()
    make_confirmed("owner", TAKEN)
    Job.objects.all().delete()
    assert "This address is already in use" in zoes.post(path_of_link(zoe)).text
    assert state_of() == (OLD, True, TAKEN) and mails() == []


def test_an_address_is_free_again_when_its_account_drops_it(zoes, client, make_user):
    change(zoes, "")
    client.post(path_of_link(make_user("next", email=OLD)))
    assert state_of("next") == (OLD, True, "")


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.parametrize("accounts", [("one",), ("one", "other")])
def test_links_that_are_used_at_once_confirm_one_account(make_user, accounts):
    paths = [path_of_link(make_user(name, email=NEW)) for name in accounts]
    paths = paths * (2 // len(paths))
    together = Barrier(len(paths))

    def confirm(path: str) -> int:
        together.wait(timeout=30)
        try:
            return Client().post(path).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(paths)) as people:
        assert sorted(people.map(confirm, paths)) == [200, 302]
    assert User.objects.exclude(email_confirmed_at=None).count() == 1


# Limits -------------------------------------------------------------------------------------------


@pytest.fixture
def two_an_hour(settings) -> None:
    settings.LIMITS = settings.LIMITS | {"confirm": (2, 3_600)}


@pytest.mark.parametrize("act", [change, lambda client: client.post(SEND)])
def test_links_are_limited_and_a_refused_change_is_not_made(zoes, two_an_hour, act):
    change(zoes)
    assert [act(zoes).status_code for _ in range(2)] == [302, 429]
    assert change(zoes, "third@example.org").status_code == 429
    assert state_of() == (OLD, True, NEW)


def test_mails_to_one_address_are_limited_but_not_registrations(client, db, two_an_hour, mails):
    emails = (NEW, "NEW@example.org", '"new"@example.org', NEW)
    pages = [register(Client(), f"person{n}", email).text for n, email in enumerate(emails)]
    assert [SENT in page for page in pages] == [True, True, False, False]
    assert User.objects.count() == 4 and len(mails()) == 2


def test_the_job_sends_nothing_if_there_is_nothing_to_confirm(client, db, mails):
    register(client)
    User.objects.update(email="")
    assert mails() == []
    register(client, "another")
    User.objects.all().delete()
    assert mails() == []
