"""Search, in a real browser."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_main_job import fits, join, publish_draft

pytestmark = pytest.mark.browser


def test_a_post_is_found_by_the_text_just_written(open_page, username, width, javascript):
    page = open_page(width=width, javascript=javascript)
    join(page, username)
    page.get_by_role("navigation").get_by_role("link", name="New post").click()
    page.get_by_label("Title").fill(f"Crème brûlée of {username}")
    page.get_by_label("Body").fill("今日は日本語を学ぶ")
    publish_draft(page)

    for text, marked in ((f"creme author:{username}", "Crème"), (f"日本 {username}", "日本")):
        box = page.get_by_role("search").get_by_label("Search")
        box.fill(text)
        box.press("Enter")
        expect(page.get_by_role("status").last).to_have_text("1 post matches.")
        expect(page.locator("mark").filter(has_text=marked).first).to_be_visible()
        expect(page.get_by_role("search").get_by_label("Search")).to_have_value(text)
        if javascript:
            assert fits(page)

    page.get_by_role("article").get_by_role("heading").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Crème brûlée of {username}")


def test_a_pasted_page_is_a_valid_query(open_page, width, javascript):
    page = open_page(width=width, javascript=javascript)
    page.goto("/")
    page.get_by_role("search").get_by_label("Search").focus()
    page.keyboard.insert_text("日本語" * 4_000)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Only its beginning was used")).to_be_visible()
