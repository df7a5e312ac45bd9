"""Typed text is kept: by the server, and by the browser until the server has saved it."""

import os
import re
import signal
import subprocess

import pytest
from playwright.sync_api import expect

from benchmarks.ports import free_port
from tests.browser.conftest import cut_off, wait_until
from tests.browser.test_main_job import fits, join, log_in, publish_draft
from tests.servers import ROOT

pytestmark = pytest.mark.browser

SOON = 15_000
UNSENT = "Offline, kept on this device"


class Server:
    """A separate site that a test can stop and start."""

    def __init__(self, folder, database_url: str) -> None:
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.environment = os.environ | {
            "PORT": str(self.port),
            "INSTANCE_DIR": str(folder),
            "DATABASE_URL": database_url,
        }

    def start(self) -> None:
        self.process = subprocess.Popen(
            [ROOT / "bin/serve"], env=self.environment, stdout=subprocess.PIPE, text=True
        )
        for line in self.process.stdout:
            if line.startswith("Serving at"):
                return

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=30)
        self.process.stdout.close()


@pytest.fixture
def server(tmp_path, database_url):
    server = Server(tmp_path, database_url)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def account(browser, site, numbers) -> tuple[str, dict]:
    """Username and cookies of a logged-in person, as registering in each test takes long."""
    context = browser.new_context(base_url=site)
    page = context.new_page()
    username = f"autosave{next(numbers)}"
    join(page, username)
    expect(page.get_by_role("link", name=username)).to_be_visible()
    state = context.storage_state()
    context.close()
    return username, state


@pytest.fixture
def new_tab(browser, site, account):
    """Return a function that opens another tab of the same browser, logged in."""
    context = browser.new_context(base_url=site, storage_state=account[1])
    context.set_default_timeout(SOON)

    def open_(path: str):
        page = context.new_page()
        page.goto(path)
        return page

    yield open_
    context.close()


@pytest.fixture
def username(account) -> str:
    return account[0]


@pytest.fixture
def own_session(new_tab, username):
    """A page with its own session, for a test that ends it."""
    page = new_tab("/")
    page.context.clear_cookies()
    page.goto("/auth/login/")
    log_in(page, username)
    expect(page.get_by_role("link", name=username)).to_be_visible()
    return page


def status(page):
    return page.locator("[data-save-status]")


def copies(page) -> list[str]:
    return page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('editor:'))")


def write(page, text: str) -> None:
    body = page.get_by_label("Body")
    body.focus()
    page.keyboard.press("Control+End")
    body.press_sequentially(text)


def test_a_new_post_becomes_a_draft_with_its_own_address(new_tab):
    page = new_tab("/create/")
    page.get_by_label("Title").fill("Kept automatically")
    write(page, "Some words")
    expect(status(page)).to_contain_text("Saved", timeout=SOON)
    expect(page).to_have_url(re.compile(r"/\d+/update/$"))
    assert copies(page) == []
    write(page, ", and more")
    expect(page.locator("#id_version")).not_to_have_value("1")
    address = page.url
    page.reload()
    assert page.url == address
    expect(page.get_by_label("Title")).to_have_value("Kept automatically")
    expect(page.get_by_label("Body")).to_have_value("Some words, and more")


def test_while_typing_continues_it_is_saved_every_ten_seconds(new_tab):
    page = new_tab("/create/")
    sent = []
    page.on("request", lambda request: "autosave" in request.url and sent.append(request))
    with page.expect_request("**/autosave/", timeout=SOON):
        page.evaluate("""() => {
            const body = document.querySelector("#id_body");
            window.typing = setInterval(() => {
                body.value += "x ";
                body.dispatchEvent(new Event("input", { bubbles: true }));
            }, 500);
        }""")
    seconds = page.evaluate("document.querySelector('#id_body').value.length / 2 * 0.5")
    page.evaluate("clearInterval(window.typing)")
    assert 9 < seconds < 12
    assert len(sent) == 1


def test_nothing_moves_while_it_is_saved(new_tab):
    page = new_tab("/create/")
    page.evaluate("""() => {
        window.shifts = [];
        const moved = (entry) => entry.sources.map(({ node }) => node?.outerHTML);
        new PerformanceObserver((list) => window.shifts.push(...list.getEntries().map(moved)))
            .observe({ type: "layout-shift" });
    }""")
    page.get_by_label("Title").fill("Still")
    write(page, "word " * 20)
    expect(status(page)).to_contain_text("Saved", timeout=SOON)
    assert page.evaluate("window.shifts") == []


def test_a_text_survives_a_server_that_is_down(browser, server):
    context = browser.new_context(base_url=server.address)
    page = context.new_page()
    join(page, "away")
    page.goto("/create/")
    page.get_by_label("Title").fill("Before and after")
    write(page, "Before.")
    expect(status(page)).to_contain_text("Saved", timeout=SOON)
    server.stop()
    write(page, " During.")
    expect(status(page)).to_have_text(UNSENT, timeout=SOON)
    assert len(copies(page)) == 1
    write(page, " Still.")
    server.start()
    expect(status(page)).to_contain_text("Saved", timeout=2 * SOON)
    assert copies(page) == []
    page.reload()
    expect(page.get_by_label("Body")).to_have_value("Before. During. Still.")
    context.close()


@pytest.mark.parametrize(
    ("button", "expected"),
    [("Use this version", "Sent. Unsent."), ("Discard this version", "Sent.")],
)
def test_a_tab_that_was_closed_too_early_offers_its_text_later(new_tab, button, expected):
    page = new_tab("/create/")
    page.get_by_label("Title").fill("Closed")
    write(page, "Sent.")
    expect(status(page)).to_contain_text("Saved", timeout=SOON)
    address = page.url
    cut_off(page)
    write(page, " Unsent.")
    expect(status(page)).to_have_text(UNSENT, timeout=SOON)
    page.close()

    page = new_tab(address)
    panel = page.get_by_role("region", name="Text kept on this device")
    expect(panel).to_be_visible()
    expect(panel.locator("ins")).to_contain_text("Unsent.")
    expect(page.get_by_label("Body")).to_have_value("Sent.")
    panel.get_by_role("button", name=button).click()
    expect(panel).to_be_hidden()
    expect(page.get_by_label("Body")).to_have_value(expected)
    if button == "Use this version":
        expect(status(page)).to_contain_text("Saved", timeout=SOON)
    assert copies(page) == []
    page.reload()
    expect(page.get_by_label("Body")).to_have_value(expected)
    expect(panel).to_be_hidden()


def test_a_tab_that_is_closed_in_the_middle_of_a_word_loses_none(new_tab):
    page = new_tab("/create/")
    write(page, "Before.")
    expect(status(page)).to_contain_text("Saved", timeout=SOON)
    address = page.url
    write(page, " After.")
    page.close()
    page = new_tab(address)
    # Either the server has the text by now, or the browser offers it.
    offer = page.get_by_role("button", name="Use this version")
    expect(offer.or_(page.locator("#id_body", has_text="Before. After."))).to_be_visible()
    if offer.is_visible():
        offer.click()
    expect(page.get_by_label("Body")).to_have_value("Before. After.")


def test_a_reload_in_the_middle_of_a_word_finds_it_saved(new_tab):
    page = new_tab("/create/")
    write(page, "Before.")
    expect(status(page)).to_contain_text("Saved", timeout=SOON)
    write(page, " After.")

    def leave_when_saved(dialog):
        any("After." in page.request.get(page.url).text() for _ in range(50))
        dialog.accept()

    page.once("dialog", leave_when_saved)
    page.reload()
    expect(page.get_by_label("Body")).to_have_value("Before. After.")


def test_an_unsent_text_is_offered_for_a_new_post_but_not_for_one_that_was_saved(new_tab):
    page = new_tab("/create/")
    cut_off(page)
    write(page, "First")
    expect(status(page)).to_have_text(UNSENT, timeout=SOON)
    page.close()
    page = new_tab("/create/")
    offer = page.get_by_role("button", name="Use this version")
    expect(offer).to_be_visible()
    write(page, "Second")
    expect(status(page)).to_contain_text("Saved", timeout=SOON)
    expect(offer).to_be_hidden()
    page = new_tab("/create/")
    page.get_by_role("button", name="Use this version").click()
    expect(page.get_by_label("Body")).to_have_value("First")
    page.keyboard.press("Control+z")
    expect(page.get_by_label("Body")).to_have_value("")


def test_a_session_that_ended_loses_no_text(own_session, new_tab, username):
    page = new_tab("/create/")
    page.get_by_label("Title").fill("Logged out in between")
    write(page, "Before.")
    expect(status(page)).to_contain_text("Saved", timeout=SOON)
    address = page.url
    other = own_session
    other.get_by_role("button", name="Log out").click()
    expect(other.get_by_role("link", name="Log in")).to_be_visible()
    write(page, " After.")
    link = page.locator("[data-log-in]")
    expect(link).to_be_visible(timeout=SOON)
    assert len(copies(page)) == 1
    link.click()
    log_in(page, username)
    expect(page).to_have_url(f"{address}?recovered")
    expect(page.get_by_label("Body")).to_have_value("Before. After.")
    expect(page.get_by_role("button", name="Use this version")).to_have_count(0)
    expect(page.locator(".recovered")).to_be_visible()
    page.evaluate("dispatchEvent(new Event('online'))")
    version = page.locator("#id_version").input_value()
    write(page, " Again.")
    expect(status(page)).to_contain_text("Saved", timeout=SOON)
    expect(page.locator("#id_version")).to_have_value(str(int(version) + 1))
    assert copies(page) == []
    page.goto(address)
    expect(page.get_by_label("Body")).to_have_value("Before. After. Again.")


def test_logging_in_in_another_tab_is_enough(own_session, new_tab, username):
    page = new_tab("/create/")
    write(page, "Before.")
    expect(status(page)).to_contain_text("Saved", timeout=SOON)
    other = own_session
    other.get_by_role("button", name="Log out").click()
    write(page, " Between.")
    expect(page.locator("[data-log-in]")).to_be_visible(timeout=SOON)
    other.goto("/auth/login/")
    log_in(other, username)
    expect(other.get_by_role("link", name=username)).to_be_visible()
    # The page still has its old CSRF token.
    page.evaluate("dispatchEvent(new Event('focus'))")
    expect(status(page)).to_contain_text("Saved", timeout=SOON)
    expect(page.locator("[data-log-in]")).to_be_hidden()
    page.reload()
    expect(page.get_by_label("Body")).to_have_value("Before. Between.")


def test_a_second_tab_on_one_post_is_noticed_and_overwrites_nothing(new_tab):
    first = new_tab("/create/")
    first.get_by_label("Title").fill("Two tabs")
    write(first, "Start.")
    expect(status(first)).to_contain_text("Saved", timeout=SOON)
    second = new_tab(first.url)
    write(first, " First.")
    expect(first.locator("#id_version")).not_to_have_value(
        second.locator("#id_version").input_value(), timeout=SOON
    )
    write(second, " Second.")
    expect(status(second)).to_contain_text("in another tab or by someone else", timeout=SOON)
    assert len(copies(second)) == 1
    second.get_by_role("button", name="Compare and merge").click()
    expect(second.get_by_text("Your text is not saved yet")).to_be_visible()
    expect(second.get_by_label("Body").last).to_have_value("Start. Second.")
    first.reload()
    expect(first.get_by_label("Body")).to_have_value("Start. First.")


def test_a_deleted_post_leaves_its_text_in_the_browser(new_tab):
    page = new_tab("/create/")
    page.get_by_label("Title").fill("Gone")
    write(page, "Words")
    expect(status(page)).to_contain_text("Saved", timeout=SOON)
    other = new_tab(page.url)
    other.get_by_text("Delete", exact=True).click()
    other.get_by_role("button", name="Delete this post").click()
    expect(other.get_by_role("button", name="Undo")).to_be_visible()
    write(page, " more")
    expect(status(page)).to_contain_text("This post was deleted", timeout=SOON)
    assert len(copies(page)) == 1


def test_leaving_asks_only_while_the_server_lacks_something(new_tab):
    page = new_tab("/create/")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.get_by_label("Title").fill("Left")
    write(page, "Words")
    expect(status(page)).to_contain_text("Saved", timeout=SOON)
    page.goto("/")
    assert asked == []
    page.go_back()
    write(page, " unsent")
    page.goto("/")
    assert asked == ["beforeunload"]


def test_publishing_at_once_asks_nothing_and_leaves_no_copy(new_tab):
    page = new_tab("/create/")
    page.on("dialog", lambda dialog: pytest.fail(dialog.type))
    page.get_by_label("Title").fill("Published at once")
    write(page, "Words")
    publish_draft(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Published at once")
    page.goto("/create/")
    wait_until(page, "!Object.keys(localStorage).some((key) => key.startsWith('editor:'))")
    expect(page.get_by_role("button", name="Discard this version")).to_have_count(0)


def test_a_browser_without_storage_says_so_and_still_saves(new_tab):
    page = new_tab("/")
    page.add_init_script("Storage.prototype.setItem = () => { throw new DOMException('full'); };")
    page.goto("/create/")
    write(page, "Words")
    expect(status(page)).to_contain_text("This device keeps no copy")
    expect(status(page)).to_contain_text("Saved", timeout=SOON)
    page.context.set_offline(True)
    write(page, " more")
    expect(status(page)).to_contain_text("Keep this page open", timeout=SOON)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_offered_copy_fits_a_phone(new_tab, scheme):
    page = new_tab("/create/")
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme=scheme)
    cut_off(page)
    write(page, "First")
    expect(status(page)).to_have_text(UNSENT, timeout=SOON)
    assert fits(page)
    page.close()
    page = new_tab("/create/")
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.get_by_role("button", name="Discard this version")).to_be_visible()
    assert fits(page)
    page.get_by_role("button", name="Discard this version").click()
