"""The focus after a form is refused."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_main_job import join, publish_draft

pytestmark = pytest.mark.browser


@pytest.fixture(params=[True, False], ids=["with-js", "without-js"])
def page(open_page, request) -> Page:
    return open_page(javascript=request.param)


@pytest.fixture
def writer(page, username) -> Page:
    join(page, username)
    return page


def test_a_refused_login_focuses_the_field_with_the_message(page):
    # As after following the link that skips to the content.
    page.goto("/auth/login/#content")
    page.get_by_label("Username").fill("nobody at all")
    page.get_by_label("Password").fill("not the password")
    page.get_by_label("Password").press("Enter")
    field = page.get_by_label("Username")
    expect(field).to_be_focused()
    expect(field).to_have_accessible_description("Incorrect username or password.")
    expect(page.get_by_label("Password")).to_have_accessible_description(
        "Incorrect username or password."
    )
    expect(field).to_have_attribute("aria-invalid", "true")


def test_a_refused_registration_puts_the_focus_on_its_first_wrong_field(page):
    page.goto("/auth/register/")
    page.get_by_label("Username").fill("fine-name")
    page.get_by_label("Email").fill("wrong")
    page.get_by_role("main").get_by_role("button", name="Register").click()
    expect(page.get_by_label("Email")).to_be_focused()


def test_a_refused_post_puts_the_focus_on_its_first_wrong_field(writer):
    writer.goto("/create/#id_title")
    writer.get_by_label("Title").fill("Fine")
    writer.locator("#id_tags").fill("x" * 60)
    writer.get_by_role("button", name="Save draft").click()
    expect(writer.locator("#id_tags")).to_be_focused()


def test_a_refused_comment_comes_back_at_its_field_below_the_message(writer):
    writer.goto("/create/")
    writer.get_by_label("Title").fill("To be commented on")
    writer.get_by_label("Body").fill("A line.\n\n" * 60)
    publish_draft(writer)
    writer.get_by_label("Your comment").fill(" ")
    writer.locator(".comment-form button").click()
    expect(writer.get_by_label("Your comment")).to_be_focused()
    expect(writer.get_by_label("Your comment")).to_be_in_viewport()
    expect(writer.get_by_text("Comment is required.")).to_be_in_viewport()
