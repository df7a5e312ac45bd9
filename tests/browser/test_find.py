"""Find and replace in the text of the editor, with real keys."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_main_job import fits

pytestmark = pytest.mark.browser

TEXT = "One tea, two teas.\n\nTEA (tea) $& a+b"
LONG = "\n\n".join(f"Paragraph {number} of a long text." for number in range(400))


@pytest.fixture
def body(editor):
    body = editor.get_by_label("Body")
    body.fill(TEXT)
    body.press("Control+Home")
    body.press("Control+f")
    expect(field(editor)).to_be_focused()
    return body


def field(page):
    return page.get_by_role("textbox", name="Text to find")


def status(page):
    return page.locator("[data-find-status]")


def selected(body) -> str:
    return body.evaluate("body => body.value.slice(body.selectionStart, body.selectionEnd)")


def position(body) -> int:
    return body.evaluate("body => body.selectionStart")


@pytest.mark.parametrize("width", [1280])
def test_enter_goes_from_match_to_match_and_escape_to_the_text(editor, body):
    editor.keyboard.type("tea")
    expect(status(editor)).to_have_text("1 of 4")
    places = [position(body)]
    for key in ["Enter", "Enter", "Enter", "Enter", "Shift+Enter", "Shift+Enter"]:
        editor.keyboard.press(key)
        places.append(position(body))
    first, *_ = at = [4, 13, 20, 25]
    assert places == [*at, first, at[3], at[2]]
    editor.get_by_role("button", name="Match case").click()
    expect(status(editor)).to_have_text("3 of 3")
    editor.get_by_role("button", name="Previous match").click()
    editor.get_by_role("button", name="Next match").click()
    field(editor).press("Escape")
    expect(body).to_be_focused()
    assert (position(body), selected(body)) == (25, "tea")
    expect(field(editor)).to_be_hidden()
    body.press("Control+f")
    expect(field(editor)).to_have_value("tea")
    editor.keyboard.type("coffee")
    expect(status(editor)).to_have_text("No matches")
    assert body.input_value() == TEXT


@pytest.mark.parametrize("width", [1280])
def test_each_replacement_and_all_of_them_are_one_step_of_undo(editor, body):
    editor.keyboard.type("tea")
    editor.get_by_role("textbox", name="Replacement").fill("$& tea")
    for _ in range(2):
        editor.get_by_role("textbox", name="Replacement").press("Enter")
    expect(status(editor)).to_have_text("3 of 4")
    editor.get_by_role("button", name="Replace all").click()
    expect(status(editor)).to_have_text("Replaced: 4")
    one, all_ = "One $& tea, two $& teas.\n\nTEA (tea) $& a+b", body.input_value()
    tea = "$& tea"
    assert all_ == f"One $& {tea}, two $& {tea}s.\n\n{tea} ({tea}) $& a+b"
    for key, text in [("z", one), ("z", one.replace("$& teas", "teas")), ("y", one), ("y", all_)]:
        body.press(f"Control+{key}")
        assert body.input_value() == text


@pytest.mark.parametrize("width", [1280])
@pytest.mark.parametrize("text", ["$&", "a+b", "(TEA)", "\\"])
def test_what_is_typed_is_no_pattern(editor, body, text):
    editor.keyboard.type(text)
    expect(status(editor)).to_have_text("No matches" if text == "\\" else "1 of 1")


def test_a_match_is_shown_in_a_long_text(editor, body, width):
    body.fill(LONG)
    field(editor).fill("paragraph 333 ")
    expect(status(editor)).to_have_text("1 of 1")
    match = """() => [...CSS.highlights.get("found-now")][0].getBoundingClientRect()"""
    found, bar = editor.evaluate(match), editor.locator("[data-find]").bounding_box()
    assert bar["y"] + bar["height"] <= found["top"] < found["bottom"] <= 844
    assert editor.evaluate(
        "() => document.querySelector('.find-copy').scrollHeight - id_body.scrollHeight"
    ) == pytest.approx(0, abs=1)
    assert fits(editor)


@pytest.mark.parametrize("width", [1280])
def test_outside_the_text_the_browser_finds(editor, body):
    field(editor).press("Escape")
    editor.get_by_label("Title").press("Control+f")
    expect(field(editor)).to_be_hidden()
    editor.get_by_role("button", name="Find and replace").click()
    expect(field(editor)).to_be_focused()
