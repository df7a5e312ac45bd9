"""An owner invites a person, who registers and writes, in a real browser."""

import re
import subprocess
import sys

import pytest
from playwright.sync_api import expect

from tests.browser.test_main_job import PASSWORD, log_in
from tests.browser.test_tokens import referers
from tests.servers import ROOT

pytestmark = pytest.mark.browser


@pytest.fixture
def owner(open_page, environment, site, username, javascript):
    """The page of a person whom the command line made an owner, with the list of invitations."""
    given = {"DJANGO_SUPERUSER_PASSWORD": PASSWORD}
    command = [
        sys.executable,
        "manage.py",
        "createsuperuser",
        "--noinput",
        "--email",
        "o@b.example",
    ]
    command += ["--username", f"{username}-owner"]
    subprocess.run(command, cwd=ROOT, env=environment | given, check=True, capture_output=True)
    page = open_page(width=390, javascript=javascript)
    page.goto("/auth/login/?next=/auth/invitations/")
    log_in(page, f"{username}-owner")
    expect(page.get_by_role("heading", name="Invitations")).to_be_visible()
    return page


def test_an_invited_person_registers_and_writes(owner, open_page, username, javascript):
    if not owner.get_by_label("Role").is_visible():
        owner.get_by_text("Invite people").click()
    owner.get_by_label("Note").fill(f"For {username}")
    owner.get_by_role("button", name="Create a link").click()
    field = owner.get_by_label(re.compile("Send this link"))
    expect(field).to_be_focused()
    link = field.input_value()
    if javascript:
        owner.context.grant_permissions(["clipboard-read", "clipboard-write"])
        owner.get_by_role("button", name="Copy").click()
        expect(owner.get_by_role("button", name="Copied")).to_be_visible()
        assert owner.evaluate("navigator.clipboard.readText()") == link
    guest = open_page(width=390, javascript=javascript)
    found = referers(guest)
    guest.goto(link)
    # Only programs fill in this field.
    expect(guest.locator("[name=topic]")).to_be_hidden()
    guest.get_by_label("Username").fill(username)
    guest.get_by_label("Password", exact=True).fill(PASSWORD)
    guest.get_by_label("Password confirmation").fill(PASSWORD)
    guest.get_by_role("main").get_by_role("button", name="Register").click()
    expect(guest.get_by_text(f"Welcome, {username}.")).to_be_visible()
    expect(guest.get_by_label("Title")).to_be_visible()
    assert not [referer for referer in found if "/invite/" in referer]
    owner.goto("/auth/invitations/")
    expect(owner.get_by_role("link", name=username, exact=True).last).to_be_visible()
