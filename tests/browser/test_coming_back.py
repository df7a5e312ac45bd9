"""Returning to an editor after a browser crash, with Back, or never."""

import os
import re

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect

from tests.browser.conftest import CHROMIUM_FLAGS, cut_off, wait_until
from tests.browser.test_autosave import SOON, UNSENT, copies, status, write
from tests.browser.test_main_job import join

pytestmark = pytest.mark.browser

# This is like a page that Back shows again: its form was sent, and the page is unchanged.
SEND = """async () => {
    const form = document.querySelector("form.editor");
    const data = new FormData(form);
    data.append("action", "publish");
    await fetch(location.href, { method: "POST", body: data });
}"""


@pytest.fixture
def page(open_page, username) -> Page:
    page = open_page(expect="a status of 40[19]|ERR_(INTERNET_DISCONNECTED|FAILED)")
    log_in_again(page, username)
    return page


def log_in_again(page: Page, username: str) -> None:
    join(page, username)
    expect(page.get_by_role("link", name=username)).to_be_visible()


@pytest.fixture
def start_browser(browser: Browser, site, tmp_path):
    """Return a function that starts another browser. All of them use the same profile."""
    started = []

    def start() -> BrowserContext:
        context = browser.browser_type.launch_persistent_context(
            tmp_path, executable_path=os.environ["CHROMIUM"], args=CHROMIUM_FLAGS, base_url=site
        )
        started.append(context)
        return context

    yield start
    started[-1].close()


def crash(context: BrowserContext) -> None:
    with pytest.raises(Error, match="closed"):
        context.new_cdp_session(context.pages[0]).send("Browser.crash")


def begin(context: BrowserContext, username: str) -> Page:
    page = context.pages[0]
    log_in_again(page, username)
    page.goto("/create/")
    write(page, "Sent.")
    expect(status(page)).to_contain_text("Saved", timeout=SOON)
    return page


def test_a_browser_that_crashes_while_the_server_is_down_loses_no_text(start_browser, username):
    context = start_browser()
    page = begin(context, username)
    cookies, address = context.cookies(), page.url
    context.set_offline(True)
    write(page, " Unsent.")
    expect(status(page)).to_have_text(UNSENT, timeout=SOON)
    crash(context)

    context = start_browser()
    context.add_cookies(cookies)
    page = context.pages[0]
    page.goto(address)
    page.get_by_role("button", name="Use this version").click()
    expect(page.get_by_label("Body")).to_have_value("Sent. Unsent.")


def test_a_copy_restored_by_a_crash_is_removed_if_the_server_has_it(page):
    page.goto("/create/")
    write(page, "Sent.")
    expect(status(page)).to_contain_text("Saved", timeout=SOON)
    page.context.set_offline(True)
    write(page, " More.")
    expect(status(page)).to_have_text(UNSENT, timeout=SOON)
    page.evaluate("window.kept = Object.entries(localStorage)")
    page.context.set_offline(False)
    expect(status(page)).to_contain_text("Saved", timeout=SOON)
    write(page, " Most.")
    expect(page.locator("#id_version")).to_have_value("3", timeout=SOON)
    assert copies(page) == []
    # As if the browser had crashed before it wrote the removal to disk.
    page.evaluate("for (const [key, copy] of window.kept) localStorage.setItem(key, copy)")
    page.reload()
    expect(page.get_by_label("Body")).to_have_value("Sent. More. Most.")
    page.wait_for_load_state("networkidle")
    assert copies(page) == []


def test_comparing_shows_the_differences_and_publishes_nothing(page):
    page.goto("/create/")
    page.get_by_label("Title").fill("Gone back to")
    write(page, "Public.")
    page.evaluate(SEND)
    write(page, " Half a sen")
    expect(status(page)).to_contain_text("in another tab or by someone else", timeout=SOON)
    page.get_by_role("button", name="Compare and merge").click()
    expect(page.get_by_text("Your text is not saved yet")).to_be_visible()
    expect(page.locator(".conflict ins")).to_contain_text("Half a sen")
    page.get_by_role("link", name="Discard mine and use theirs").click()
    expect(page.get_by_label("Body")).to_have_value("Public.")


def test_a_refusal_names_the_field_and_says_where_the_text_is(page):
    page.goto("/create/")
    page.locator("#id_tags").fill(", ".join("abcdefghijk"))
    write(page, "Words")
    said = "Not saved, kept on this device. Tags: Use at most 10 tags. You entered 11."
    expect(status(page)).to_have_text(said, timeout=SOON)
    assert len(copies(page)) == 1
    page.locator("#id_tags").fill("a")
    expect(status(page)).to_contain_text("Saved", timeout=SOON)


def test_leaving_asks_for_an_image_that_was_chosen_and_not_sent(page):
    image = {"name": "cover.png", "mimeType": "image/png", "buffer": b"not looked at"}
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.goto("/create/")
    page.get_by_label("Title").click()
    page.locator("#id_image").set_input_files(image)
    page.goto("/")
    assert asked == ["beforeunload"]


def test_a_text_that_arrives_after_the_page_was_made_is_shown(page):
    page.goto("/create/")
    write(page, "Before.")
    expect(status(page)).to_contain_text("Saved", timeout=SOON)
    page.route("**/autosave/", lambda route: route.abort())
    write(page, " After.")
    expect(status(page)).to_have_text(UNSENT, timeout=SOON)

    def let_it_arrive(route) -> None:
        page.unroute("**/autosave/")
        page.keyboard.press("Control+s")
        expect(status(page)).to_contain_text("Saved", timeout=SOON)
        route.continue_()

    later = page.context.new_page()
    later.route("**/difference/", let_it_arrive)
    later.goto(page.url)
    expect(later.get_by_label("Body")).to_have_value("Before. After.")
    assert copies(later) == []


def arrive_unnoticed(page: Page, body: str) -> None:
    """Type a text for a new post. It arrives, but the response of the site doesn't."""
    page.goto("/create/")

    def lose_response(route) -> None:
        route.fetch()
        route.abort()

    page.route("**/autosave/", lose_response)
    write(page, body)
    expect(status(page)).to_have_text(UNSENT, timeout=SOON)
    page.unroute("**/autosave/")
    cut_off(page)


@pytest.mark.parametrize("is_restored", [True, False], ids=["filled in", "empty"])
def test_back_to_the_form_of_a_new_post_leads_to_the_draft_it_became(page, is_restored):
    arrive_unnoticed(page, "Arrived.")
    if not is_restored:
        page.evaluate("document.querySelector('form.editor').autocomplete = 'off'")
    page.goto("/tags/")
    page.go_back()
    expect(page).to_have_url(re.compile(r"/\d+/update/$"))
    expect(page.get_by_label("Body")).to_have_value("Arrived.")
    assert copies(page) == []


@pytest.mark.parametrize("is_back", [True, False])
def test_newer_text_is_offered_only_in_the_draft_that_its_form_became(page, is_back):
    arrive_unnoticed(page, "Arrived.")
    write(page, " Newer.")
    page.evaluate("document.querySelector('form.editor').autocomplete = 'off'")
    page.goto("/tags/")
    another = page.context.new_page()
    another.goto("/create/")
    wait_until(another, "!Object.keys(localStorage).some((key) => key.includes(':/create/:'))")
    expect(another.get_by_role("button", name="Use this version")).to_be_hidden()
    if is_back:
        page.go_back()
    else:
        page.goto("/mine/")
        page.get_by_role("main").get_by_role("link", name="Edit").first.click()
    expect(page.get_by_label("Body")).to_have_value("Arrived.")
    page.get_by_role("button", name="Use this version").click()
    expect(page.get_by_label("Body")).to_have_value("Arrived. Newer.")


@pytest.mark.parametrize("is_newer", [True, False])
def test_a_recovered_text_and_a_kept_one_are_offered_in_one_box(page, username, is_newer):
    page.goto("/create/")
    write(page, "Before.")
    expect(status(page)).to_have_text("Saved", timeout=SOON)
    cookies = page.context.cookies()
    page.context.clear_cookies()
    write(page, " After.")
    expect(page.locator("[data-log-in]")).to_be_visible(timeout=SOON)
    cut_off(page)
    write(page, " Newer.")
    wait_until(page, "Object.values(localStorage).some((copy) => copy.includes('Newer.'))")
    address = page.url
    other = page.context.new_page()
    page.close()
    page.context.add_cookies(cookies)
    if not is_newer:
        # As if the text had been typed an hour ago.
        other.add_init_script("const now = Date.now; Date.now = () => now() + 3_600_000;")
    other.goto(f"{address}?recovered")
    recovered = other.locator(".recovered")
    offer = other.get_by_role("region", name="Text kept on this device")
    expect(other.get_by_label("Body")).to_have_value("Before. After.")
    expect(offer if is_newer else recovered).to_be_visible()
    expect(recovered if is_newer else offer).to_be_hidden()
    if is_newer:
        expect(offer.locator("ins")).to_contain_text("Newer.")
        offer.get_by_role("button", name="Use this version").click()
        expect(other.get_by_label("Body")).to_have_value("Before. After. Newer.")


def test_a_copy_is_kept_for_30_days(page):
    page.goto("/create/")
    page.evaluate("""() => {
        const prefix = `editor:${document.querySelector("form.editor").dataset.userId}:/1/update/:`;
        for (const days of [29, 31]) {
            const copy = { at: Date.now() - days * 86_400_000, fields: { body: "Old" } };
            localStorage.setItem(prefix + days, JSON.stringify(copy));
        }
    }""")
    page.reload()
    wait_until(page, "!Object.keys(localStorage).some((key) => key.endsWith(':31'))")
    assert [key[-3:] for key in copies(page)] == [":29"]
