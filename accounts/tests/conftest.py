"""Fixtures for invitations."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts import inviting
from accounts.models import Invitation, User
from accounts.roles import Role


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
