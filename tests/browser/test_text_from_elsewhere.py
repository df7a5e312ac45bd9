"""Texts from other systems: front matter in the editor, and links within a post."""

import pytest
from playwright.sync_api import expect

from posts.tests.test_front_matter import MATTER
from tests.browser.conftest import wait_until
from tests.browser.test_main_job import join, send_form

pytestmark = pytest.mark.browser


def test_the_editor_offers_to_take_front_matter_over_while_someone_writes(open_page, username):
    page = open_page()
    join(page, username)
    page.goto("/create/")
    button = page.get_by_role("button", name="Take its values over")
    body = page.get_by_label("Body", exact=True)
    body.fill("---\n\nA rule")
    expect(button).to_be_hidden()
    body.fill(MATTER.format(""))
    button.click()
    expect(body).to_have_value("Text")
    expect(page.get_by_label("Title", exact=True)).to_have_value("T & U")
    expect(button).to_be_hidden()
    # The form has the values of the text that was kept on this device.
    wait_until(page, "!Object.values(localStorage).some((copy) => copy.includes('title:'))")
    expect(page.get_by_role("heading", name="Text kept on this device")).to_be_hidden()


def test_links_within_a_post_arrive(open_page, username):
    page = open_page()
    join(page, username)
    gap = "\n\nText\n\n" * 60
    names = ["über-uns", "a-1", "x"]
    links = " ".join(f"[To {name}](#{name})" for name in names)
    body = f'{links}{gap}# Über uns{gap}# A{gap}# A{gap}<a name="x"></a>{gap}'
    page.goto(send_form(page.context, "/create/", {"title": "Links within", "body": body}))
    for name in names:
        page.get_by_role("link", name=f"To {name}").click()
        expect(page.locator(f"#h-{name}")).to_be_in_viewport()
        expect(page.get_by_text("To x")).not_to_be_in_viewport()
        page.go_back()
