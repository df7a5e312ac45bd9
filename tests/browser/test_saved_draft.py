"""The editor after its first automatic save, and without a connection."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import cut_off
from tests.browser.test_autosave import SOON, copies, status, write
from tests.browser.test_main_job import join

pytestmark = pytest.mark.browser

OFFLINE = "Offline, kept on this device"


@pytest.fixture
def page(open_page, username) -> Page:
    page = open_page(expect="ERR_(INTERNET_DISCONNECTED|FAILED)")
    join(page, username)
    return page


def press_offline(page: Page, button: str) -> None:
    page.context.set_offline(True)
    if button == "Publish":
        page.get_by_role("button", name="Publish…").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("button", name="Publish", exact=True).click()
        expect(dialog.get_by_text("follows once you are online")).to_be_visible()
    else:
        page.get_by_role("button", name=button).click()


def begin(page: Page, title: str) -> None:
    page.goto("/create/")
    page.get_by_label("Title").fill(title)
    write(page, "Words.")
    expect(status(page)).to_have_text("Saved", timeout=SOON)


def test_the_first_save_turns_the_page_into_the_editor_of_the_draft(page, username):
    page.goto("/create/")
    expect(page).to_have_title(re.compile("New post"))
    expect(page.get_by_role("link", name="Cancel")).to_be_visible()
    expect(page.get_by_role("link", name="History")).to_have_count(0)
    begin(page, f"First save of {username}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Edit post")
    expect(page).to_have_title(re.compile("Edit post"))
    assert "/update/" in page.url
    settings = page.locator("#post-settings")
    for text in ("Share a preview", "History", "Delete"):
        expect(settings.get_by_text(text, exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Cancel")).to_have_count(0)
    write(page, " More.")
    expect(page.locator("#id_version")).not_to_have_value("1", timeout=SOON)
    page.get_by_role("link", name="Close").click()
    expect(page.get_by_text("Your draft is kept.")).to_be_visible()
    expect(page.get_by_role("heading", name=f"First save of {username}")).to_be_visible()


def test_a_discarded_draft_is_in_the_trash_with_the_words_typed_last(page, username):
    title = f"Discarded by {username}"
    begin(page, title)
    page.get_by_text("Discard draft").last.click()
    expect(page.get_by_text("You can restore it for 30 days.").first).to_be_visible()
    page.evaluate("document.querySelector('#id_body').focus()")
    write(page, " Last.")
    page.on("dialog", lambda dialog: pytest.fail(dialog.type))
    page.get_by_role("button", name="Move to trash").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_label("Body").or_(page.get_by_text("Words. Last."))).to_be_visible()
    page.goto("/mine/?state=draft&find=last")
    expect(page.get_by_role("heading", name=title)).to_be_visible()


def test_sharing_shows_the_whole_address_and_copies_it_without_a_reload(page, username, open_page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    begin(page, f"Shared by {username}")
    page.evaluate("window.stays = true")
    page.get_by_text("Share a preview").click()
    write(page, " Typed before sharing.")
    page.get_by_role("button", name="Create link").click()
    address = page.get_by_label("Anyone with this link can read the saved post")
    expect(address).to_be_focused()
    assert address.evaluate("(field) => field.scrollHeight <= field.clientHeight")
    assert address.evaluate("(field) => field.scrollWidth <= field.clientWidth")
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == address.input_value()
    friend = open_page()
    friend.goto(link)
    expect(friend.get_by_text("Typed before sharing.")).to_be_visible()
    page.get_by_role("button", name="Revoke link").click()
    expect(page.get_by_role("button", name="Create link")).to_be_visible()
    assert page.evaluate("window.stays")


@pytest.mark.parametrize("button", ["Save draft", "Publish"])
@pytest.mark.parametrize("is_new", [True, False])
def test_a_button_pressed_offline_keeps_the_page_and_acts_once_online(
    page, username, button, is_new
):
    title = f"{button} offline by {username}"
    if is_new:
        page.goto("/create/")
        page.get_by_label("Title").fill(title)
        write(page, "Words.")
    else:
        begin(page, title)
    page.context.set_offline(True)
    write(page, " Offline.")
    press_offline(page, button)
    expect(status(page)).to_contain_text(f"“{button}” follows once you are online.")
    expect(page.get_by_label("Body")).to_have_value("Words. Offline.")
    assert len(copies(page)) == 1
    page.context.set_offline(False)
    said = "Your post is published." if button == "Publish" else "Your draft is saved."
    expect(page.get_by_text(said)).to_be_visible(timeout=SOON)
    page.goto(f"/mine/?state={'published' if button == 'Publish' else 'draft'}&find=offline")
    expect(page.get_by_role("heading", name=title)).to_have_count(1)


@pytest.mark.parametrize("is_closed", [True, False])
def test_what_is_typed_after_the_button_is_not_published(page, username, is_closed):
    page.goto("/create/")
    page.get_by_label("Title").fill(f"Waiting of {username}")
    write(page, "Whole.")
    page.context.set_offline(True)
    press_offline(page, "Publish")
    if is_closed:
        page.get_by_role("button", name="Keep writing").click()
        expect(status(page)).to_have_text(OFFLINE)
        write(page, " Half a sen")
    else:
        page.locator("#id_body").evaluate("""(body) => {
            body.value += " Half a sen";
            body.dispatchEvent(new Event("input", { bubbles: true }));
        }""")
        expect(status(page)).to_contain_text("press “Publish” again")
    page.context.set_offline(False)
    expect(status(page)).to_have_text("Saved", timeout=SOON)
    page.goto("/mine/?state=published")
    expect(page.get_by_text("No published posts yet")).to_be_visible()


def test_the_state_names_what_happens_to_the_text(page, username):
    begin(page, f"States of {username}")
    page.route("**/autosave/", lambda route: None)
    write(page, " More.")
    expect(status(page)).to_have_text("Saving…", timeout=SOON)
    page.unroute("**/autosave/")
    cut_off(page)
    page.reload()
    # If the text still arrived, the page loads again.
    page.wait_for_load_state("networkidle")
    cut_off(page)
    write(page, " Again.")
    expect(status(page)).to_have_text(OFFLINE, timeout=SOON)
