"""Writing with images, tags and Markdown, and reading the result, in a real browser."""

import re

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.test_main_job import fits, join, publish_draft, settings_open

pytestmark = pytest.mark.browser

BODY = "# Part one\n\nSome **bold** words.\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\n    code\n"


@pytest.fixture
def image(tmp_path) -> str:
    path = tmp_path / "image.png"
    Image.new("RGB", (1200, 600), (200, 60, 40)).save(path)
    return str(path)


def publish(page, title: str, **fields) -> None:
    page.goto("/create/")
    page.get_by_label("Title").fill(title)
    page.get_by_label("Body").fill(fields.get("body", ""))
    page.locator("#id_tags").fill(fields.get("tags", ""))
    publish_draft(page)
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


def test_markdown_images_and_tags_from_form_to_page(open_page, username, image, width, javascript):
    page = open_page(width=width, javascript=javascript)
    join(page, username)

    page.goto("/create/")
    page.get_by_label("Title").fill(f"Pictures of {username}")
    page.get_by_label("Body").fill(BODY)
    with settings_open(page):
        page.locator("#id_tags").fill(f"Tag of {username}, C++")
        page.get_by_label("Cover image (optional)").set_input_files(image)
        page.get_by_label("Cover image alt text").fill("A red field")
    page.get_by_label("Image in the text (optional)", exact=True).set_input_files(image)
    if javascript:
        expect(page.get_by_label("Body")).to_have_value(re.compile(r"!\[\]\(/media/"))
    publish_draft(page)

    expect(page.get_by_text("An image in the text has no alt text")).to_be_visible()
    expect(page.get_by_role("heading", name="Part one", level=2)).to_be_visible()
    expect(page.get_by_role("img", name="A red field")).to_be_visible()
    inside = page.locator(".body img")
    expect(inside).to_have_attribute("loading", "lazy")
    inside.scroll_into_view_if_needed()
    if javascript:
        assert inside.evaluate("image => image.decode().then(() => image.naturalWidth > 0)")
        assert fits(page)
    page.get_by_role("list", name="Tags").get_by_role("link", name=f"Tag of {username}").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Tag of {username}")
    page.locator("a[rel=author]").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(username)
    expect(page.get_by_role("heading", name=f"Pictures of {username}")).to_be_visible()


def test_a_pasted_image_leaves_the_cursor_between_its_brackets(open_page, username):
    page = open_page()
    join(page, username)
    page.goto("/create/")
    body = page.get_by_label("Body")
    body.focus()
    body.evaluate(
        """async body => {
            const canvas = document.createElement("canvas");
            const blob = await new Promise(done => canvas.toBlob(done));
            const clipboardData = new DataTransfer();
            clipboardData.items.add(new File([blob], "pasted.png", { type: "image/png" }));
            body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
        }"""
    )
    expect(body).to_have_value(re.compile(r"!\[\]\(/media/images/"))
    expect(body).to_be_focused()
    page.keyboard.type("An empty canvas")
    expect(body).to_have_value(re.compile(r"!\[An empty canvas\]\(/media/images/"))


def test_a_refused_image_leaves_the_form_as_it_was(open_page, username, tmp_path, javascript):
    fake = tmp_path / "fake.png"
    fake.write_text("no picture")
    page = open_page(javascript=javascript)
    join(page, username)
    page.goto("/create/")
    page.get_by_label("Title").fill("Kept title")
    page.get_by_label("Body").fill("Kept words")
    page.get_by_label("Cover image (optional)").set_input_files(fake)
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("This file type isn't supported")).to_be_visible()
    expect(page.get_by_label("Title")).to_have_value("Kept title")
    expect(page.get_by_label("Body")).to_have_value("Kept words")


def test_a_chosen_file_that_is_not_an_image_is_refused_at_once(open_page, username, tmp_path):
    fake = tmp_path / "fake.txt"
    fake.write_text("no picture")
    page = open_page()
    join(page, username)
    page.goto("/create/")
    page.get_by_label("Body").fill("Kept words")
    page.get_by_label("Image in the text (optional)", exact=True).set_input_files(fake)
    expect(page.get_by_role("listitem").get_by_text("fake.txt: This file type")).to_be_visible()
    expect(page.get_by_label("Body")).to_have_value(re.compile(r"Kept words\s*"))


def test_tags_in_use_are_offered_while_one_is_typed(open_page, username):
    page = open_page()
    join(page, username)
    publish(page, f"First of {username}", tags=f"{username} garden")
    page.goto("/create/")
    tags = page.locator("#id_tags")
    tags.press_sequentially(f"Old, {username}")
    option = page.get_by_role("listbox").get_by_role("option", name=f"{username} garden")
    expect(option).to_be_visible()
    tags.press("ArrowDown")
    tags.press("Enter")
    expect(tags).to_have_value(f"Old, {username} garden, ")
    expect(option).to_have_count(0)


def test_paging_through_all_pages_and_back(open_page, username, javascript):
    page = open_page(javascript=javascript)
    join(page, username)
    for number in range(7):
        publish(page, f"Post {number} of {username}")
    page.goto(f"/authors/{username}/")
    titles = page.locator("article h2")
    expect(titles).to_have_count(5)
    expect(titles.first).to_have_text(f"Post 6 of {username}")
    page.get_by_role("link", name="Older").click()
    expect(titles).to_have_text([f"Post 1 of {username}", f"Post 0 of {username}"])
    expect(page.get_by_text("Page 2 of 2")).to_be_visible()
    page.get_by_role("link", name="Newer").click()
    expect(titles.first).to_have_text(f"Post 6 of {username}")
    page.get_by_role("link", name="Last").click()
    expect(titles).to_have_count(2)
