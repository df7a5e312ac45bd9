"""The panel in which a draft is published or scheduled, with real keys and a browser abroad."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_life_of_a_post import start
from tests.browser.test_main_job import join

pytestmark = pytest.mark.browser

NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture
def page(open_page, username, width, javascript) -> Page:
    page = open_page(width=width, javascript=javascript)
    join(page, username)
    return page


@pytest.fixture
def new_yorker(open_page, username) -> Page:
    page = open_page()
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setTimezoneOverride", {"timezoneId": "America/New_York"})
    join(page, username)
    return page


def open_panel(page: Page):
    page.get_by_role("button", name="Publish…").click()
    return page.get_by_role("dialog", name="Ready to publish?")


def test_the_panel_names_address_tags_and_hints_and_publishes_by_its_button(
    page, username, status_of
):
    title = f"Panel of {username}"
    start(page, title)
    panel = open_panel(page)
    expect(panel.get_by_text(re.compile(rf"/\d+-panel-of-{username}/$"))).to_be_visible()
    expect(panel.get_by_text("The post has no tags.")).to_be_visible()
    path = panel.locator("dd").first.inner_text().split("/", 3)[3]
    assert status_of(f"/{path}") == 404
    panel.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    assert status_of(f"/{path}") == 200


@pytest.mark.parametrize("javascript", [True])
def test_enter_held_down_on_the_main_button_publishes_nothing(page, username):
    start(page, f"Held by {username}")
    page.get_by_role("button", name="Publish…").focus()
    for _ in range(5):
        page.keyboard.press("Enter")
    panel = page.get_by_role("dialog", name="Ready to publish?")
    expect(panel.get_by_role("radio", name="Now")).to_be_focused()
    expect(panel.get_by_text("Address")).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(page.get_by_label("Body")).to_be_focused()
    page.keyboard.type("The draft is still saved automatically.")
    expect(page.locator("[data-save-status]")).to_contain_text("Saved", timeout=15_000)
    page.goto(f"/authors/{username}/")
    expect(page.get_by_text(f"Held by {username}")).to_have_count(0)


@pytest.mark.parametrize("javascript", [True])
@pytest.mark.parametrize("width", [1280])
def test_a_missing_title_is_named_before_the_panel_opens(page):
    start(page, " ")
    page.get_by_role("button", name="Publish…").click()
    expect(page.get_by_text("Title is required.")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_label("Body")).to_have_value("First words.")


def test_without_a_connection_the_panel_opens_without_a_summary(open_page, username):
    page = open_page(expect="net::ERR_FAILED")
    join(page, username)
    start(page, "Offline")
    page.route("**/autosave/", lambda route: route.abort())
    panel = open_panel(page)
    expect(panel.get_by_text("The summary can’t be shown right now.")).to_be_visible()
    expect(panel.get_by_role("button", name="Publish", exact=True)).to_be_enabled()
    page.unroute_all()


def test_a_new_yorker_schedules_for_nine_in_new_york_with_two_clicks(new_yorker):
    start(new_yorker, "Tomorrow")
    panel = open_panel(new_yorker)
    expect(panel.get_by_role("button", name="Schedule")).to_be_hidden()
    panel.get_by_role("radio", name="Later").check()
    expect(panel.get_by_text("Time zone: America/New_York")).to_be_visible()
    expect(panel.get_by_role("button", name="Publish", exact=True)).to_be_hidden()
    tomorrow = (datetime.now(NEW_YORK) + timedelta(days=1)).strftime("%Y-%m-%dT09:00")
    expect(panel.get_by_label("Publish at")).to_have_value(tomorrow)
    panel.get_by_role("button", name="Schedule").click()
    expect(new_yorker.get_by_text("9 a.m. (America/New_York)")).to_be_visible()
    shown = new_yorker.locator("time[data-own]").first.get_attribute("datetime")
    nine = datetime.fromisoformat(f"{tomorrow}:00").replace(tzinfo=NEW_YORK)
    assert datetime.fromisoformat(shown) == nine


def test_both_times_of_a_night_in_the_fall_can_be_chosen(new_yorker):
    for choice, hour in (("The first", 5), ("The second", 6)):
        start(new_yorker, f"{choice} time")
        panel = open_panel(new_yorker)
        panel.get_by_role("radio", name="Later").check()
        which = panel.get_by_label("Which of the two times")
        expect(which).to_be_hidden()
        panel.get_by_label("Publish at").fill("2031-11-02T01:30")
        which.select_option(label=f"{choice}, {'before' if hour == 5 else 'after'} clocks go back")
        panel.get_by_role("button", name="Schedule").click()
        expect(new_yorker.get_by_text("Your post is scheduled for")).to_be_visible()
        shown = new_yorker.locator("time[data-own]").first.get_attribute("datetime")
        assert datetime.fromisoformat(shown) == datetime(2031, 11, 2, hour, 30, tzinfo=UTC)


def test_a_page_that_came_before_the_zone_was_known_changes_its_times(new_yorker):
    start(new_yorker, "Moved")
    panel = open_panel(new_yorker)
    panel.get_by_role("radio", name="Later").check()
    panel.get_by_label("Publish at").fill("2031-07-01T09:00")
    panel.get_by_role("button", name="Schedule").click()
    expect(new_yorker.get_by_text("Your post is scheduled for")).to_be_visible()
    new_yorker.context.clear_cookies(name="time_zone")
    new_yorker.reload()
    expect(new_yorker.get_by_label("Publish at")).to_have_value("2031-07-01T09:00")
    expect(new_yorker.locator("time[data-own]").first).to_have_text(re.compile("9:00 AM EDT"))
