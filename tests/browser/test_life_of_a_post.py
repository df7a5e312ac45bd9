"""A post as draft, scheduled, previewed, restored and trashed, in a real browser."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_main_job import join, publish_draft

pytestmark = pytest.mark.browser


@pytest.fixture
def page(open_page, username, javascript) -> Page:
    """A logged-in person's page. The tests cause 404 and 409 responses on purpose."""
    page = open_page(javascript=javascript, expect="a status of 40[49]")
    join(page, username)
    return page


def start(page: Page, title: str, body: str = "First words.") -> None:
    page.goto("/create/")
    page.get_by_label("Title").fill(title)
    page.get_by_label("Body").fill(body)


def press(page: Page, name: str) -> None:
    if name in ("Publish", "Schedule"):
        publish_draft(page, name)
        return
    page.get_by_role("main").get_by_role("button", name=name).first.click()


def test_a_scheduled_post_appears_at_its_second(page, open_page, username):
    title = f"Scheduled by {username}"
    start(page, title)
    # The account's time zone is UTC until another is chosen.
    at = datetime.now(UTC) + timedelta(seconds=8)
    page.get_by_label("Publish at").fill(at.strftime("%Y-%m-%dT%H:%M:%S"))
    press(page, "Schedule")
    expect(page.get_by_text("Your post is scheduled for")).to_be_visible()
    reader = open_page()
    reader.goto(f"/authors/{username}/")
    while not reader.get_by_role("heading", name=title).is_visible():
        assert datetime.now(UTC) < at + timedelta(seconds=30)
        reader.reload()
    assert datetime.now(UTC) >= at.replace(microsecond=0)


def test_a_draft_is_shown_by_its_link_until_that_is_revoked(page, open_page, username):
    title = f"Draft of {username}"
    start(page, title)
    press(page, "Save draft")
    expect(page.get_by_text("Your draft is saved.")).to_be_visible()
    page.get_by_text("Share a preview").click()
    press(page, "Create link")
    link = page.get_by_label("Anyone with this link can read the saved post").input_value()
    friend = open_page()
    friend.goto(link)
    expect(friend.get_by_role("heading", level=1)).to_have_text(title)
    press(page, "Revoke link")
    expect(page.get_by_text("The link was revoked")).to_be_visible()
    page.goto(link)
    expect(page.get_by_role("heading", level=1)).to_have_text("Page not found")


def test_two_pages_on_one_post_end_in_a_choice(page, username):
    start(page, f"Two pages of {username}")
    press(page, "Publish")
    page.get_by_role("link", name="Edit").click()
    other = page.context.new_page()
    other.goto(page.url)
    other.get_by_label("Body").fill("Their words.")
    press(other, "Update")
    expect(other.get_by_text("Their words.")).to_be_visible()
    page.get_by_label("Body").fill("My words.")
    press(page, "Update")
    expect(page.get_by_text("Your text is not saved yet")).to_be_visible()
    expect(page.locator(".conflict del")).to_contain_text("Their")
    page.get_by_label("Body", exact=False).last.fill("Our words.")
    press(page, "Update")
    expect(page.locator(".body")).to_have_text("Our words.")


def test_a_post_is_restored_to_its_earlier_text(page, username):
    start(page, f"History of {username}", "Old words.")
    press(page, "Publish")
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Body").fill("New words.")
    press(page, "Update")
    page.get_by_role("link", name="Edit").click()
    page.get_by_role("main").get_by_role("link", name="History").click()
    expect(page.locator("ins").first).to_contain_text("New")
    expect(page.locator("del").first).to_contain_text("Old")
    page.locator("table a").nth(1).click()
    press(page, "Restore this version")
    expect(page.get_by_text("was restored as the newest revision")).to_be_visible()
    page.get_by_role("link", name="View").click()
    expect(page.locator(".body")).to_have_text("Old words.")


def test_a_deleted_post_is_undone_or_found_in_the_trash(page, username, status_of):
    start(page, f"Thrown away by {username}")
    press(page, "Publish")
    address = page.url
    path = "/" + address.split("/", 3)[3]
    for way_back in ("Undo", "Restore"):
        page.get_by_role("link", name="Edit").click()
        page.get_by_role("main").get_by_text("Delete", exact=True).click()
        press(page, "Delete this post")
        expect(page.get_by_text("Your post is in the trash.")).to_be_visible()
        assert status_of(path) == 404
        if way_back == "Restore":
            page.goto("/mine/?state=trash")
        press(page, way_back)
        expect(page.get_by_text("Your post was restored.")).to_be_visible()
        page.goto(address)
        assert status_of(path) == 200
