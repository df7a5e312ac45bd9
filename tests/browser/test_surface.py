"""The writing surface: focus, growth, the bar, the toolbar, and the settings beside the text."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_main_job import fits, join, settings_open

pytestmark = pytest.mark.browser

LINES = "A line of the text.\n\n" * 60
# A phone's keyboard makes the visual viewport smaller, and the layout viewport keeps its size.
SHOW_KEYBOARD = """() => {
    Object.defineProperty(visualViewport, "height", { value: innerHeight - 300 });
    visualViewport.dispatchEvent(new Event("resize"));
}"""


@pytest.fixture
def editor(open_page, username, width, javascript) -> Page:
    page = open_page(width=width, javascript=javascript)
    join(page, username)
    page.goto("/create/")
    return page


def test_writing_starts_in_the_title_and_goes_on_in_the_text(editor, javascript):
    expect(editor.get_by_label("Title")).to_be_focused()
    editor.keyboard.type("A title")
    editor.keyboard.press("Enter" if javascript else "Tab")
    expect(editor.get_by_placeholder("You can use Markdown.")).to_be_focused()
    editor.keyboard.type("Text")
    editor.keyboard.press("Shift+Tab")
    expect(editor.get_by_label("Title")).to_be_focused()
    expect(editor.get_by_label("Title")).to_have_value("A title")
    editor.keyboard.press("Tab")
    expect(editor.get_by_label("Body")).to_be_focused()


def test_title_and_text_grow_and_the_bar_and_tools_stay_in_view(editor, javascript):
    title, body = editor.get_by_label("Title"), editor.get_by_label("Body")
    one_line = title.bounding_box()["height"]
    title.fill("A long title that needs more than one line, on a wide screen too")
    assert title.bounding_box()["height"] >= 2 * one_line
    body.fill(LINES)
    assert body.bounding_box()["height"] > 2_000
    editor.mouse.wheel(0, 100_000)
    for name in ("Publish…", "Preview"):
        expect(editor.get_by_role("button", name=name, exact=True).first).to_be_in_viewport()
    if javascript:
        expect(editor.get_by_role("toolbar")).to_be_in_viewport()
        expect(editor.locator("[data-words]")).to_have_text("300")
        assert fits(editor)


@pytest.mark.parametrize("width", [1280])
@pytest.mark.parametrize("javascript", [True])
def test_the_text_also_grows_in_browsers_that_need_a_script_for_it(editor):
    editor.add_init_script("CSS.supports = () => false")
    editor.reload()
    body = editor.get_by_label("Body")
    body.fill(LINES)
    expect(body).to_have_attribute("style", re.compile(r"height: \d{4}px"))
    editor.mouse.wheel(0, 100_000)
    body.press("Control+End")
    before = editor.evaluate("scrollY")
    body.press_sequentially("The end")
    assert editor.evaluate("scrollY") == before > 1_000
    body.fill("Short")
    expect(body).to_have_attribute("style", re.compile(r"height: \d{3}px"))


@pytest.mark.parametrize("width", [390])
@pytest.mark.parametrize("javascript", [True])
def test_the_toolbar_of_a_phone_is_above_its_keyboard(editor):
    toolbar = editor.get_by_role("toolbar")
    before = toolbar.bounding_box()["y"]
    editor.evaluate(SHOW_KEYBOARD)
    assert toolbar.bounding_box()["y"] == before - 300


@pytest.mark.parametrize("javascript", [True])
def test_the_settings_are_beside_the_text_or_a_sheet(editor, width):
    tags = editor.locator("#id_tags")
    expect(tags).to_be_visible(visible=width > 390)
    with settings_open(editor):
        expect(tags).to_be_in_viewport()
        tags.press_sequentially("Mint")
        tags.press("Enter")
        tags.press_sequentially("sage,")
        expect(tags).to_have_value("Mint, sage,")
        expect(tags).to_be_focused()
    expect(tags).to_be_visible(visible=width > 390)
    button = editor.get_by_role("button", name="Settings")
    button.click()
    expect(button).to_have_attribute("aria-expanded", "false" if width > 390 else "true")


def test_an_error_among_the_settings_opens_them(editor):
    editor.get_by_label("Title").fill("Title")
    with settings_open(editor):
        editor.locator("#id_tags").fill("x" * 60)
    editor.get_by_role("button", name="Publish…").click()
    expect(editor.get_by_text("Use at most 50 characters for a tag")).to_be_in_viewport()
    expect(editor.locator("#id_tags")).to_be_focused()
    expect(editor.get_by_label("Title")).to_have_value("Title")


@pytest.mark.parametrize("width", [1280])
@pytest.mark.parametrize("javascript", [True])
def test_a_pasted_title_has_one_line(editor):
    editor.get_by_label("Title").fill("Two\nlines")
    editor.get_by_label("Title").select_text()
    editor.keyboard.press("Control+c")
    editor.keyboard.press("Control+v")
    expect(editor.get_by_label("Title")).to_have_value("Two lines")
