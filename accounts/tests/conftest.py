"""Fixtures for tests of accounts: people of each role, invitations, and mail."""

import re
import threading
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts import inviting
from accounts.credentials import save_confirmed
from accounts.models import Invitation, User
from accounts.roles import Role
from accounts.tests.mail_servers import MailServer


@pytest.fixture
def people(make_user) -> dict[str, User]:
    """One person of each role, named after it."""
    return {role: make_user(f"the-{role}", role=role) for role in Role}


@pytest.fixture
def as_(people):
    """Return a function that returns the client of a role, or of an anonymous visitor."""

    def client_of(role: str) -> Client:
        client = Client()
        if role in people:
            client.force_login(people[role])
        return client

    return client_of


@pytest.fixture
def invite(people):
    """Return a function that creates an invitation and returns the path of its link."""

    def make(role: str = Role.AUTHOR, **fields) -> str:
        now = timezone.now()
        inviter = people[fields.pop("by", Role.OWNER)]
        values = {"expires_at": now + timedelta(days=7)} | fields
        token = inviting.invite(Invitation(role=role, **values), inviter, now=now)
        return f"/auth/invite/{token}/"

    return make


@pytest.fixture
def send_to(settings):
    """Return a function that makes the site send its mail to a server's address."""

    def use(address: tuple[str, int]) -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = address

    return use


@pytest.fixture
def mail_server(send_to):
    """Return a function that starts a mail server, which refuses one command, for the site."""
    servers = []

    def start(refuse: str = "") -> MailServer:
        server = MailServer(refuse)
        servers.append(server)
        # How often it checks whether to stop. The default is half a second, which a test waits.
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        send_to(server.server_address)
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def make_confirmed(make_user):
    """Return a function that creates a user with a confirmed email address."""

    def make(username: str, email: str, **fields) -> User:
        user = make_user(username, email=email, **fields)
        save_confirmed(user, email)
        return user

    return make


@pytest.fixture
def mails(run_jobs, mailoutbox):
    """Return a function that runs the jobs and returns what they sent: (recipient, subject)."""

    def sent() -> list[tuple[str, str]]:
        mailoutbox.clear()
        run_jobs()
        return [(mail.to[0], mail.subject) for mail in mailoutbox]

    return sent


@pytest.fixture
def link(mails, mailoutbox):
    """Return a function that returns the path in the only mail that the jobs send."""

    def read() -> str:
        mails()
        (mail,) = mailoutbox
        return re.search(r"https?://testserver(/\S+)", mail.body)[1]

    return read


@pytest.fixture
def admins(make_user) -> Client:
    """The browser of a superuser."""
    client = Client()
    client.force_login(make_user("root", is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def zoe(make_confirmed) -> User:
    """A person with a confirmed address."""
    return make_confirmed("zoe", "old@example.org")


@pytest.fixture
def zoes(client, zoe) -> Client:
    """The browser in which zoe is logged in."""
    client.force_login(zoe)
    return client
