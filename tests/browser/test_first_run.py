"""The first run of a new blog in a real browser, from the printed link to the first reader."""

import os

import pytest
from playwright.sync_api import Page, expect

from benchmarks.ports import free_port
from tests.browser.conftest import serving
from tests.browser.test_life_of_a_post import press
from tests.browser.test_main_job import PASSWORD

pytestmark = pytest.mark.browser
LINE = "Become the owner of this blog: "


@pytest.fixture
def environment(tmp_path) -> dict[str, str]:
    """The environment of a blog of its own, because only a new blog has no owner."""
    own = {"PORT": str(free_port()), "INSTANCE_DIR": str(tmp_path), "DATABASE_URL": ""}
    return os.environ | own


@pytest.fixture
def link(environment):
    with serving(environment, LINE) as line:
        yield line.removeprefix(LINE).strip()


@pytest.fixture
def site(link) -> str:
    return link.partition("/start/")[0]


def test_the_printed_link_leads_to_a_published_post_and_ends(
    open_page, link, status_of, javascript
):
    page = open_page(width=390, javascript=javascript, expect="a status of 404")
    page.goto(link)
    give_answers(page)
    expect(page.get_by_text("This is your blog now.")).to_be_visible()
    expect(page.get_by_label("Title")).to_have_value("My first post")
    press(page, "Publish")
    expect(page.get_by_text("Your post is published.")).to_be_visible()
    assert status_of(page.url.removeprefix(link.partition("/start/")[0])) == 200

    assert page.goto(link).status == 404
    stranger = open_page(javascript=javascript, expect="a status of 404")
    assert stranger.goto(link).status == 404
    stranger.goto("/")
    expect(stranger.get_by_role("heading", name="My first post")).to_be_visible()
    rename_blog(page)
    stranger.reload()
    for visitor in (page, stranger):
        expect(visitor.get_by_role("banner").get_by_role("link").first).to_have_text("Fast Trains")


def give_answers(page: Page) -> None:
    """Fill in the page of the link with the keyboard alone."""
    expect(page.get_by_label("Name of the blog")).to_be_focused()
    for text in ("Slow Trains", "anna", "anna@example.org", PASSWORD, PASSWORD):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="People I invite")).to_be_checked()
    page.keyboard.press("Enter")


def rename_blog(page: Page) -> None:
    page.goto("/settings/")
    expect(page.get_by_role("radio", name="Everyone")).to_be_checked()
    page.get_by_label("Name").fill("Fast Trains")
    press(page, "Save")
    expect(page.get_by_role("status")).to_have_text("The settings are saved.")
