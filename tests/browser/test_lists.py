"""Enter, Tab and Shift+Tab in the lists and quotes of the body, with real keys."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_main_job import join
from tests.browser.typing import MARKS, marked, put

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def editor(browser, site, numbers):
    context = browser.new_context(base_url=site)
    page = context.new_page()
    join(page, f"lists{next(numbers)}")
    page.goto("/create/")
    yield page
    context.close()


CONTINUED = [
    ("- a|", "- a\n- |"),
    ("* a|", "* a\n* |"),
    ("+ a|b", "+ a\n+ |b"),
    ("  - a|", "  - a\n  - |"),
    ("9. a|", "9. a\n10. |"),
    ("1) a|", "1) a\n2) |"),
    ("- [x] a|", "- [x] a\n- [ ] |"),
    ("> a|", "> a\n> |"),
    (">a|", ">a\n> |"),
    ("> - a|", "> - a\n> - |"),
    ("- a\n- |", "- a\n|"),
    ("- a\n  - |", "- a\n|"),
    ("1. |", "|"),
    ("- [ ] |", "|"),
    ("> a\n> |", "> a\n|"),
    ("> - |", "> |"),
    # Not in an item: the browser's own new line.
    ("a|", "a\n|"),
    ("|- a", "\n|- a"),
    ("-a|", "-a\n|"),
    ("**a** b|", "**a** b\n|"),
    ("- - -|", "- - -\n|"),
    ("* * *|", "* * *\n|"),
    ("```\n- a|", "```\n- a\n|"),
    ("```\n- a\n```\n- a|", "```\n- a\n```\n- a\n- |"),
    ("~~~\n```\n- a|", "~~~\n```\n- a\n|"),
]


@pytest.mark.parametrize(("before", "after"), CONTINUED)
def test_enter_continues_a_list_and_ends_it_after_an_empty_item(editor, before, after):
    put(editor, before)
    editor.keyboard.press("Enter")
    assert marked(editor) == after
    editor.keyboard.press("Control+z")
    expect(editor.get_by_label("Body")).to_have_value(before.replace("|", ""))


def test_shift_enter_is_a_plain_new_line(editor):
    put(editor, "- a|")
    editor.keyboard.press("Shift+Enter")
    assert marked(editor) == "- a\n|"


INDENTED = [
    ("- a\n- b|", "Tab", "- a\n  - b|"),
    ("- a|", "Tab", "  - a|"),
    ("1. a\n2. b|", "Tab", "1. a\n   1. b|"),
    ("10. a\n- b|", "Tab", "10. a\n    - b|"),
    ("> - a\n> - b|", "Tab", "> - a\n>   - b|"),
    ("- a\n{- b\n\n- c}", "Tab", "- a\n{  - b\n\n  - c}"),
    ("- a\n  - b|", "Shift+Tab", "- a\n- b|"),
    ("1. a\n   1. b|", "Shift+Tab", "1. a\n2. b|"),
    ("- a\n  - b\n    - c|", "Shift+Tab", "- a\n  - b\n  - c|"),
    ("  - a|", "Shift+Tab", "- a|"),
    ("- a\n{  - b\n    - c}", "Shift+Tab", "- a\n{- b\n  - c}"),
]


@pytest.mark.parametrize(("before", "key", "after"), INDENTED)
def test_tab_indents_the_items_of_a_list_in_one_step(editor, before, key, after):
    put(editor, before)
    editor.keyboard.press(key)
    assert marked(editor) == after
    expect(editor.get_by_label("Body")).to_be_focused()
    editor.keyboard.press("Control+z")
    expect(editor.get_by_label("Body")).to_have_value(before.translate(MARKS))


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("a|", ["Tab"]),
        ("> a|", ["Tab"]),
        ("- a|", ["Shift+Tab"]),
        ("- a|", ["Escape", "Tab"]),
        ("```\n- a|", ["Tab"]),
    ],
)
def test_tab_leaves_the_text_elsewhere_and_after_escape(editor, text, keys):
    put(editor, text)
    for key in keys:
        editor.keyboard.press(key)
    expect(editor.get_by_label("Body")).not_to_be_focused()
    expect(editor.get_by_label("Body")).to_have_value(text.replace("|", ""))
