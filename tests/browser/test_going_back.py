"""Back shows nothing private after logging out. Otherwise it shows everything, with typed text.

Playwright turns the back/forward cache off. People's own browsers have it on, so test both.
"""

import os

import pytest
from playwright.sync_api import Error, Page, expect

from tests.browser.conftest import CHROMIUM_FLAGS, PLAIN_HOST
from tests.browser.test_life_of_a_post import press, start
from tests.browser.test_main_job import log_in, register

pytestmark = pytest.mark.browser
LOGGED_OUT = "You are logged out."


@pytest.fixture(scope="module", params=["kept whole", "kept as files"])
def people_s_browser(request, browser):
    off = "--disable-back-forward-cache"
    flags = [*CHROMIUM_FLAGS, f"--host-resolver-rules=MAP {PLAIN_HOST} 127.0.0.1"]
    another = browser.browser_type.launch(
        executable_path=os.environ["CHROMIUM"],
        args=flags,
        ignore_default_args=[off] if request.param == "kept whole" else [],
    )
    yield another
    another.close()


@pytest.fixture(params=["secure", "plain"])
def page(request, people_s_browser, site, username):
    """A logged-in person's page, in a browser that keeps pages for Back."""
    address = site if request.param == "secure" else site.replace("127.0.0.1", PLAIN_HOST)
    context = people_s_browser.new_context(base_url=address)
    page = context.new_page()
    register(page, username)
    log_in(page, username)
    assert page.evaluate("isSecureContext") == (request.param == "secure")
    yield page
    context.close()


@pytest.fixture
def draft(page: Page, username) -> str:
    """The title of a draft that the person has just seen."""
    title = f"Secret plan of {username}"
    start(page, title)
    press(page, "Save draft")
    expect(page.get_by_text("Your draft is saved.")).to_be_visible()
    page.goto("/mine/")
    expect(page.get_by_text(title).first).to_be_visible()
    return title


def log_out(page: Page) -> None:
    page.get_by_role("banner").get_by_role("button", name="Log out").click()
    expect(page.get_by_text(LOGGED_OUT)).to_be_visible()


def go_back(page: Page) -> None:
    """Go one page back. Wait and go back again if Chromium is just reloading a kept page."""
    # A kept page loads nothing, so there is no load event to wait for.
    try:
        page.go_back(wait_until="commit")
    except Error as error:
        if "Not attached to an active page" not in error.message:
            raise
        page.wait_for_load_state()
        go_back(page)


def expect_nothing_of(page: Page, title: str) -> None:
    """Go back through the person's pages. Each must show "Log in" and nothing private."""
    for _ in range(4):
        go_back(page)
        expect(page.get_by_role("banner").get_by_role("link", name="Log in")).to_be_visible()
        expect(page.get_by_text(title)).to_have_count(0)
        expect(page.get_by_role("button", name="Log out")).to_have_count(0)


def test_back_shows_no_draft_after_logging_out(page, draft):
    log_out(page)
    expect_nothing_of(page, draft)


def test_back_shows_no_draft_after_logging_out_in_another_tab(page, draft):
    page.goto("/tags/")
    other = page.context.new_page()
    other.goto("/")
    log_out(other)
    go_back(page)
    expect(page.get_by_role("banner").get_by_role("link", name="Log in")).to_be_visible()
    expect(page.get_by_text(draft)).to_have_count(0)


def test_back_shows_no_draft_to_the_next_person(page, draft, username):
    log_out(page)
    register(page, f"{username}b")
    log_in(page, f"{username}b")
    for _ in range(5):
        go_back(page)
        expect(page.get_by_role("banner")).to_be_visible()
        expect(page.get_by_text(draft)).to_have_count(0)


def test_back_in_normal_life_finds_the_text_in_the_form(page):
    page.goto("/create/")
    page.locator("[name=title]").fill("Half a title")
    page.goto("/tags/")
    # If Chromium kept neither the page nor its fields, and the text has not arrived yet, the page
    # offers it.
    page.add_locator_handler(
        page.get_by_role("button", name="Use this version"), lambda offer: offer.click()
    )
    go_back(page)
    expect(page.locator("[name=title]")).to_have_value("Half a title")


def test_text_in_the_browser_s_own_store_outlives_logging_out(page, draft):
    page.evaluate("localStorage.setItem('kept', 'text')")
    log_out(page)
    assert page.evaluate("localStorage.getItem('kept')") == "text"
