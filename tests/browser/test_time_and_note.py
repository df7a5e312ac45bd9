"""A post's time and note, saved only by the buttons. The editor never calls them saved."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_life_of_a_post import press, start
from tests.browser.test_main_job import join

pytestmark = pytest.mark.browser

SOON = 15_000
LEFT = "The time and your note are not saved"


@pytest.fixture
def page(open_page, username) -> Page:
    """A logged-in person's page."""
    page = open_page()
    join(page, username)
    return page


def in_days(number: int) -> str:
    # A datetime-local field leaves out seconds that are 00, so use 30.
    return (datetime.now(UTC) + timedelta(days=number)).strftime("%Y-%m-%dT%H:%M:30")


def status(page: Page):
    return page.locator("[data-save-status]")


@pytest.mark.parametrize("button", ["Use this version", "Discard this version"])
def test_another_time_for_a_scheduled_post_is_not_called_saved_and_comes_back(page, button):
    tomorrow, next_week = in_days(1), in_days(8)
    start(page, "Scheduled")
    page.get_by_label("Publish at").fill(tomorrow)
    press(page, "Schedule")
    page.get_by_label("Publish at").fill(next_week)
    expect(status(page)).to_contain_text(LEFT, timeout=SOON)
    address = page.url
    other = page.context.new_page()
    page.close()

    other.goto(address)
    panel = other.get_by_role("region", name="Text kept on this device")
    expect(panel).to_contain_text(next_week.replace("T", " "))
    expect(other.get_by_label("Publish at")).to_have_value(tomorrow)
    panel.get_by_role("button", name=button).click()
    expect(panel).to_be_hidden()
    taken = next_week if button == "Use this version" else tomorrow
    expect(other.get_by_label("Publish at")).to_have_value(taken)
    other.get_by_role("button", name="Update", exact=True).click()
    expect(other.get_by_label("Publish at")).to_have_value(taken)
    expect(panel).to_be_hidden()


def test_the_time_of_a_draft_is_saved_with_it(page):
    start(page, "Draft")
    press(page, "Save draft")
    expect(page.get_by_text("Your draft is saved.")).to_be_visible()
    at = in_days(3)
    page.get_by_label("Publish at").fill(at)
    expect(status(page)).to_have_text("Saved", timeout=SOON)
    page.reload()
    expect(page.get_by_label("Publish at")).to_have_value(at)


def test_leaving_asks_if_a_note_would_be_lost(page):
    start(page, "Noted")
    press(page, "Save draft")
    expect(page.get_by_text("Your draft is saved.")).to_be_visible()
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.get_by_label("Note about this change").fill("A better beginning")
    expect(status(page)).to_contain_text(LEFT, timeout=SOON)
    page.goto("/")
    assert asked == ["beforeunload"]
