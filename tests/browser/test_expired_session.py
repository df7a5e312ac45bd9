"""Text typed while the session ends is back after logging in, and saved only on request."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_discussion import guest, published  # noqa: F401
from tests.browser.test_main_job import add_account, fits, join, log_in

pytestmark = pytest.mark.browser
NOTE = "This form shows the text you typed before you were logged out. It is not saved yet."


def end_session(page, *, keeps_token: bool) -> None:
    """Drop the session cookie, as if the server ended the session, or drop all cookies."""
    tokens = [c for c in page.context.cookies() if "csrftoken" in c["name"]]
    page.context.clear_cookies()
    if keeps_token:
        page.context.add_cookies(tokens)


@pytest.mark.parametrize("keeps_token", [True, False], ids=["session", "all-cookies"])
def test_an_unsaved_comment_is_restored_after_logging_in(
    guest,  # noqa: F811
    username,
    javascript,
    keeps_token,
):
    guest.get_by_label("Your comment").fill("Long *thought* over.\n\nTwice.")
    end_session(guest, keeps_token=keeps_token)
    guest.get_by_role("button", name="Comment", exact=True).click()
    log_in(guest, username)
    comment = guest.get_by_label("Your comment")
    expect(comment).to_have_value("Long *thought* over.\n\nTwice.")
    expect(comment).to_be_in_viewport()
    expect(guest.get_by_text(NOTE)).to_be_in_viewport()
    expect(guest.locator(".comment")).to_have_count(0)
    assert not javascript or fits(guest)
    guest.get_by_role("button", name="Comment", exact=True).click()
    expect(guest.locator(".comment em")).to_have_text("thought")
    expect(guest.get_by_text(NOTE)).to_have_count(0)


@pytest.fixture
def profile(open_page, username, width, javascript):
    page = open_page(width=width, javascript=javascript)
    join(page, username)
    page.goto("/auth/account/")
    return page


def test_an_unsaved_profile_is_restored_and_can_be_discarded(profile, username, javascript):
    profile.get_by_label("Biography").fill("Words <b> of mine.")
    profile.get_by_label("Time zone").select_option("Asia/Tokyo")
    end_session(profile, keeps_token=True)
    profile.get_by_role("button", name="Save").click()
    log_in(profile, username)
    expect(profile.get_by_label("Biography")).to_have_value("Words <b> of mine.")
    expect(profile.get_by_label("Time zone")).to_have_value("Asia/Tokyo")
    assert not javascript or fits(profile)
    profile.get_by_role("button", name="Discard").click()
    expect(profile.get_by_text("The unsaved text was discarded.")).to_be_visible()
    expect(profile.get_by_label("Biography")).to_have_value("")
    expect(profile.get_by_label("Time zone")).to_have_value("")


def test_a_form_older_than_the_last_login_is_shown_again_at_once(profile, username):
    profile.get_by_label("Biography").fill("Words of mine.")
    second = profile.context.new_page()
    second.goto("/auth/logout/")
    second.get_by_role("main").get_by_role("button", name="Log out").click()
    second.goto("/auth/login/")
    log_in(second, username)
    profile.get_by_role("button", name="Save").click()
    expect(profile.get_by_text(NOTE)).to_be_visible()
    expect(profile.get_by_label("Biography")).to_have_value("Words of mine.")
    profile.get_by_role("button", name="Save").click()
    expect(profile.get_by_role("status")).to_have_text("Your account is saved.")


def test_another_account_sees_nothing_of_it(profile, username):
    other = profile.context.browser.new_context(base_url=profile.url)
    add_account(other, f"{username}-other")
    other.close()
    profile.get_by_label("Biography").fill("Words of mine.")
    end_session(profile, keeps_token=True)
    profile.get_by_role("button", name="Save").click()
    log_in(profile, f"{username}-other")
    expect(profile.get_by_label("Biography")).to_have_value("")
    expect(profile.get_by_text(NOTE)).to_have_count(0)


def test_the_zone_of_the_browser_is_offered_and_not_applied(open_page, browser, profile, username):
    context = browser.new_context(
        base_url=profile.url,
        timezone_id="Europe/Berlin",
        storage_state=profile.context.storage_state(),
    )
    page = context.new_page()
    page.goto("/auth/account/")
    field = page.get_by_label("Time zone")
    expect(page.get_by_text("Your browser's time zone is Europe/Berlin")).to_be_visible()
    expect(field).to_have_value("")
    page.get_by_role("button", name="Use it").click()
    expect(field).to_have_value("Europe/Berlin")
    expect(field).to_be_focused()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Time zone")).to_have_value("Europe/Berlin")
    expect(page.get_by_role("button", name="Use it")).to_be_hidden()
    context.close()
