"""Addresses with a token: no other request reveals them, and their forms still work."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from benchmarks.machines import wait_until
from tests.browser.test_life_of_a_post import press, start
from tests.browser.test_main_job import PASSWORD as FIRST_PASSWORD
from tests.browser.test_main_job import join

pytestmark = pytest.mark.browser
PASSWORD = "a new horse battery staple"


def referers(page: Page) -> list[str]:
    """Return a list that gets the Referer of each finished request."""
    found = []
    page.on("requestfinished", lambda sent: found.append(sent.all_headers().get("referer", "")))
    return found


@pytest.fixture
def writer(open_page, username) -> Page:
    page = open_page()
    join(page, username)
    return page


def test_a_preview_link_is_not_sent_as_referrer_and_its_forms_work(writer, username, site):
    start(writer, f"Draft of {username}")
    press(writer, "Save draft")
    expect(writer.get_by_text("Your draft is saved.")).to_be_visible()
    writer.get_by_text("Share a preview").click()
    press(writer, "Create link")
    link = writer.get_by_label("Anyone with this link can read the saved post").input_value()
    found = referers(writer)
    writer.goto(link)
    expect(writer.get_by_role("heading", level=1)).to_have_text(f"Draft of {username}")
    writer.wait_for_load_state("networkidle")
    assert f"{site}/" in found
    writer.get_by_role("button", name="Log out").first.click()
    expect(writer.get_by_text("You are logged out.")).to_be_visible()
    assert not [referer for referer in found if "/preview/" in referer]


def test_a_link_in_a_mail_is_not_sent_to_stylesheets_as_referrer(writer, username, site, mails):
    writer.goto("/auth/email/change/")
    writer.get_by_label("Email").fill(f"{username}@example.org")
    writer.get_by_label("Your password").fill(FIRST_PASSWORD)
    press(writer, "Change address")
    link = link_in_mail(mails, f"{username}@example.org", "confirm")
    found = referers(writer)
    writer.goto(link)
    press(writer, "Confirm")
    expect(writer.get_by_text("is now confirmed")).to_be_visible()
    assert f"{site}/" in found and not [url for url in found if link.split("/")[-2] in url]
    writer.context.clear_cookies()
    writer.goto("/auth/password/reset/")
    writer.locator("input[type=email]").fill(f"{username}@example.org")
    writer.get_by_role("main").get_by_role("button").click()
    link = link_in_mail(mails, f"{username}@example.org", "reset")
    found = referers(writer)
    writer.goto(link)
    # Django keeps the token in the session and redirects to an address without it.
    expect(writer).to_have_url(re.compile(r"/auth/password/reset/[^/]+/set-password/$"))
    for label in ("New password", "New password confirmation"):
        writer.get_by_label(label, exact=True).fill(PASSWORD)
    writer.wait_for_load_state("networkidle")
    writer.get_by_role("main").get_by_role("button").click()
    expect(writer.get_by_text("Your new password is set.")).to_be_visible()
    assert f"{site}/" in found
    token = link.split("/")[-2]
    assert not [referer for referer in found if token in referer or "set-password" in referer]


def link_in_mail(mails: Path, recipient: str, kind: str) -> str:
    """Return the link in the email to `recipient`, which may be sent after the response."""

    def links() -> list[str]:
        texts = [mail.read_text() for mail in mails.glob("*")]
        found = [re.search(rf"http\S+/{kind}/\S+/", text) for text in texts if recipient in text]
        return [link[0] for link in found if link]

    wait_until(links, "no mail")
    return links()[0]
