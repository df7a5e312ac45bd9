"""Account forms in two tabs of a real browser: both work, in either order."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_main_job import PASSWORD, register

pytestmark = pytest.mark.browser


@pytest.fixture
def tabs(open_page, username, javascript) -> tuple[Page, Page]:
    """Two tabs of a visitor who has an account and is logged out."""
    one = open_page(javascript=javascript, expect="a status of 403")
    register(one, username)
    return one, one.context.new_page()


def fill_log_in(page: Page, username: str) -> None:
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password", exact=True).fill(PASSWORD)


def press(page: Page, name: str) -> None:
    page.locator("main").get_by_role("button", name=name).click()
    expect(page.get_by_text("This form has expired")).to_have_count(0)


def log_in(page: Page, username: str) -> None:
    page.goto("/auth/login/?next=/mine/")
    fill_log_in(page, username)
    press(page, "Log in")
    page.wait_for_url("**/mine/")


def test_two_log_in_forms_lead_each_to_its_page(tabs, username):
    one, other = tabs
    one.goto("/auth/login/?next=/mine/")
    other.goto("/auth/login/?next=/create/")
    for page, path in ((one, "/mine/"), (other, "/create/")):
        fill_log_in(page, username)
        press(page, "Log in")
        page.wait_for_url(f"**{path}")


def test_a_login_form_opened_before_a_logout_has_to_be_sent_again(tabs, username):
    one, other = tabs
    other.goto("/auth/login/?next=/create/")
    log_in(one, username)
    one.goto("/auth/logout/")
    press(one, "Log out")
    fill_log_in(other, username)
    press(other, "Log in")
    expect(other.get_by_text("Please press the button again.")).to_be_visible()
    expect(other.get_by_label("Username")).to_have_value(username)
    expect(other.get_by_label("Password", exact=True)).to_have_value("")
    fill_log_in(other, username)
    press(other, "Log in")
    other.wait_for_url("**/create/")


def test_an_older_log_out_button_logs_out_at_once(tabs, username):
    one, other = tabs
    log_in(one, username)
    other.goto("/auth/logout/")
    one.goto("/auth/logout/")
    press(one, "Log out")
    log_in(one, username)
    press(other, "Log out")
    expect(other.get_by_text("You are logged out.")).to_be_visible()
    one.goto("/auth/account/")
    one.wait_for_url("**/auth/login/**")


def test_a_register_form_leads_on_after_a_log_in(tabs, username):
    one, other = tabs
    other.goto("/auth/register/?next=/create/")
    log_in(one, username)
    other.get_by_label("Username").fill(username)
    press(other, "Register")
    other.wait_for_url("**/create/")


def test_a_reset_form_keeps_its_address(tabs, username):
    one, other = tabs
    other.goto("/auth/password/reset/")
    log_in(one, username)
    email = other.locator("[name=email]")
    email.fill("me@example.org")
    press(other, "Send the link")
    expect(email).to_have_value("me@example.org")
    press(other, "Send the link")
    other.wait_for_url("**/sent/")
