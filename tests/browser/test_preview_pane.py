"""The preview pane beside the text, which shows the page that readers will see."""

import re

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.test_main_job import fits, join

pytestmark = pytest.mark.browser

LONG = "\n\n".join(f"## Part {number}\n\nWords." for number in range(60))


def preview_button(page):
    return page.get_by_role("button", name="Preview", exact=True)


def shown(page):
    return page.frame_locator("[data-preview] iframe")


def test_the_preview_follows_the_text_beside_it_or_in_its_place(editor, width):
    editor.get_by_label("Title").fill("Seen before")
    editor.get_by_label("Body").fill("Some **bold** words")
    bar = editor.locator(".bar").bounding_box()
    preview_button(editor).click()
    expect(shown(editor).get_by_role("heading", level=1)).to_have_text("Seen before")
    expect(shown(editor).locator(".body strong")).to_have_text("bold")
    assert editor.locator(".bar").bounding_box() == bar
    assert fits(editor)
    if width < 1000:
        expect(editor.get_by_label("Body")).to_be_hidden()
        expect(editor.get_by_role("button", name="Write")).to_be_focused()
        editor.get_by_role("button", name="Write").click()
        expect(editor.get_by_label("Body")).to_be_focused()
    else:
        expect(preview_button(editor)).to_have_attribute("aria-pressed", "true")
        editor.get_by_label("Body").fill("Other words")
        expect(shown(editor).locator(".body")).to_have_text("Other words")
        preview_button(editor).click()
    expect(editor.locator("[data-preview]")).to_be_hidden()
    expect(preview_button(editor)).to_have_attribute("aria-pressed", "false")


@pytest.mark.parametrize("width", [1280])
def test_the_preview_and_the_settings_take_turns_beside_the_text(editor):
    settings = editor.get_by_role("button", name="Settings")
    place = preview_button(editor).bounding_box()

    def shows(*, preview: bool, tags: bool) -> None:
        expect(editor.locator("[data-preview]")).to_be_visible(visible=preview)
        expect(preview_button(editor)).to_have_attribute("aria-pressed", str(preview).lower())
        expect(editor.locator("#id_tags")).to_be_visible(visible=tags)
        expect(settings).to_have_attribute("aria-expanded", str(tags).lower())
        assert preview_button(editor).bounding_box() == place

    shows(preview=False, tags=True)
    preview_button(editor).click()
    shows(preview=True, tags=False)
    preview_button(editor).click()
    shows(preview=False, tags=True)
    settings.click()
    preview_button(editor).click()
    preview_button(editor).click()
    shows(preview=False, tags=False)
    preview_button(editor).click()
    settings.click()
    shows(preview=False, tags=True)


@pytest.mark.parametrize("width", [1280])
def test_it_looks_like_the_page_and_keeps_its_scroll_position(editor, width, tmp_path):
    path = tmp_path / "image.png"
    Image.new("RGB", (60, 30), (200, 60, 40)).save(path)
    editor.get_by_label("Image in the text (optional)", exact=True).set_input_files(path)
    expect(editor.get_by_label("Body")).to_have_value(re.compile("^!"))
    body = editor.get_by_label("Body")
    body.evaluate("(body, text) => { body.value += text; }", LONG)
    preview_button(editor).click()
    image = shown(editor).locator(".body img")
    image.scroll_into_view_if_needed()
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth > 0)")
    paper = "element => getComputedStyle(element).backgroundColor"
    assert shown(editor).locator("body").evaluate(paper) == editor.locator("body").evaluate(paper)

    last = shown(editor).get_by_role("heading", name="Part 59")
    last.scroll_into_view_if_needed()
    at = last.evaluate("element => scrollY")
    body.press_sequentially("x")
    expect(shown(editor).get_by_role("heading", name="Part 59x").or_(last)).to_be_visible()
    expect(shown(editor).locator("body")).to_contain_text("x")
    assert at > 0
    assert shown(editor).locator("body").evaluate("element => scrollY") == at


@pytest.mark.parametrize("width", [1280])
def test_links_in_the_preview_never_leave_it(editor, width):
    editor.get_by_label("Body").fill(f"[out](/tags/) [down](#h-part-59)\n\n{LONG}")
    preview_button(editor).click()
    shown(editor).get_by_role("link", name="out").click()
    shown(editor).get_by_role("link", name="down").click()
    expect(shown(editor).get_by_role("heading", name="Part 59")).to_be_in_viewport()
    expect(editor).to_have_url(re.compile("/(create|update)/$"))


def test_the_preview_follows_the_cursor(editor, width):
    body = editor.get_by_label("Body")
    above = f"{LONG}\n\n{'A long paragraph. ' * 500}**The end**"
    body.fill(f"{above}\n\n{'Words. ' * 2_000}")
    body.evaluate("(body, at) => body.setSelectionRange(at, at)", len(above))
    preview_button(editor).click()
    expect(shown(editor).locator("strong")).to_be_in_viewport()
    for text in ("Part 30", "Part 0", "Part 59"):
        if width < 1000:
            editor.get_by_role("button", name="Write").click()
        body.evaluate("(body, at) => body.setSelectionRange(at, at)", LONG.index(f"{text}\n"))
        if width < 1000:
            preview_button(editor).click()
        expect(shown(editor).get_by_role("heading", name=text, exact=True)).to_be_in_viewport()


@pytest.mark.parametrize("width", [1280])
def test_the_cursor_stays_in_view_when_the_text_becomes_narrower(editor):
    body = editor.get_by_label("Body")
    body.fill("\n\n".join(["Half a line more, " * 9] * 500))
    body.press("Enter")
    for _ in ("open", "close"):
        preview_button(editor).click()
        expect(body).to_be_focused()
        bottom = body.evaluate("body => body.getBoundingClientRect().bottom")
        assert 0 < bottom < 844, bottom


@pytest.mark.parametrize("width", [1280])
def test_only_what_changed_is_replaced(editor):
    body = editor.get_by_label("Body")
    body.fill(LONG)
    preview_button(editor).click()
    heading = shown(editor).get_by_role("heading", name="Part 30", exact=True)
    heading.evaluate("heading => { heading.wasHere = true; }")
    body.press("Control+Home")
    body.press_sequentially("New\n\nlines\n\n")
    expect(shown(editor).get_by_text("lines", exact=True)).to_be_visible()
    body.press("Control+End")
    body.press_sequentially(" And *more*.")
    expect(shown(editor).get_by_text("more")).to_be_visible()
    assert heading.evaluate("heading => heading.wasHere")


def test_without_javascript_the_preview_opens_beside_and_saves_nothing(open_page, username):
    page = open_page(javascript=False)
    join(page, username)
    page.goto("/create/")
    page.get_by_label("Title").fill(f"Unsaved of {username}")
    page.get_by_label("Body").fill("Some **bold** words")
    with page.expect_popup() as popup:
        preview_button(page).click()
    expect(popup.value.get_by_role("heading", level=1)).to_have_text(f"Unsaved of {username}")
    expect(popup.value.locator(".body strong")).to_have_text("bold")
    expect(page.get_by_label("Body")).to_have_value("Some **bold** words")
    page.goto(f"/authors/{username}/")
    expect(page.get_by_text(f"Unsaved of {username}")).to_have_count(0)
