"""The toolbar above the text, its shortcuts, and the word count below."""

import pytest
from playwright.sync_api import expect

from content.reading import count_words, reading_minutes
from tests.browser.test_main_job import fits, join

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def editor(browser, site, numbers):
    """One open editor for all tests, as registering takes seconds."""
    context = browser.new_context(base_url=site)
    page = context.new_page()
    username = f"toolbar{next(numbers)}"
    join(page, username)
    page.goto("/create/")
    yield page
    context.close()


def select(page, text: str, start: int, end: int) -> None:
    page.get_by_label("Body").fill(text)
    page.get_by_label("Body").evaluate(f"body => body.setSelectionRange({start}, {end})")


@pytest.mark.parametrize(
    ("tool", "before", "after"),
    [
        ("Bold", "a [tree] b", "a **[tree]** b"),
        ("Bold", "a [tree ]b", "a **[tree]** b"),
        ("Bold", "a **[tree]** b", "a [tree] b"),
        ("Bold", "a [**tree**] b", "a [tree] b"),
        ("Bold", "a *[tree]* b", "a ***[tree]*** b"),
        ("Bold", "[one\n- two]", "[**one**\n- **two**]"),
        ("Bold", "[**one**\n- **two**]", "[one\n- two]"),
        ("Bold", "a\n  [- tree]", "a\n  [- **tree**]"),
        ("Italic", "a [tree] b", "a *[tree]* b"),
        ("Italic", "a **[tree]** b", "a ***[tree]*** b"),
        ("Italic", "a ***[tree]*** b", "a **[tree]** b"),
        ("Italic", "a []", "a *[]*"),
        ("Italic", "a *[]*", "a []"),
        ("Code", "a [tree] b", "a `[tree]` b"),
        ("Code", "a `[tree]` b", "a [tree] b"),
        ("Code", "a [`t`] b", "a [t] b"),
        ("Code", "a [b`t] b", "a `` [b`t] `` b"),
        ("Code", "x [one\ntwo] y", "[```\nx one\ntwo y\n```]"),
        ("Code", "[```\none\ntwo\n```]", "[one\ntwo]"),
        ("Quote", "on[]e", "> on[]e"),
        ("Quote", "[one\n\ntwo]", "[> one\n>\n> two]"),
        ("Quote", "[> one\n>\n> two]", "[one\n\ntwo]"),
        ("List", "o[ne\n\ntw]o\nthree", "[- one\n\n- two]\nthree"),
        ("List", "[- one\n\n- two]", "[one\n\ntwo]"),
        ("List", "[1. one\n2. two]", "[- one\n- two]"),
        ("List", "[one\n]two", "[- one]\ntwo"),
        ("Numbered list", "[one\n\n- two]", "[1. one\n\n2. two]"),
        ("Numbered list", "[1. one\n2. two]", "[one\ntwo]"),
        (
            "Table",
            "a[]b",
            "ab\n\n| [First column] | Second column |\n| --- | --- |\n"
            "|              |               |\n\n",
        ),
        ("Divider", "a[]b\nc", "ab\n\n---\n\n[]c"),
        ("Divider", "a\n[]", "a\n\n---\n\n[]"),
        ("Heading", "on[]e", "## on[]e"),
        ("Heading", "## on[]e", "### on[]e"),
        ("Heading", "### on[]e", "on[]e"),
        ("Link", "a [tree] b", "a {tree}([]) b"),
        ("Link", "a [https://example.org/] b", "a {[]}(https://example.org/) b"),
        ("Link", "a {t[re]e}(https://example.org/) b", "a [tree] b"),
        ("Link", "a []", "a {[]}()"),
    ],
)
def test_a_button_adds_its_markdown_and_removes_it(editor, tool, before, after):
    """In these cases, brackets mark the selection, and braces stand for the brackets of a link."""

    def plain(text: str) -> str:
        return text.replace("[", "").replace("]", "").replace("{", "[").replace("}", "]")

    body = editor.get_by_label("Body")
    select(editor, plain(before), before.index("["), before.index("]") - 1)
    editor.get_by_role("button", name=tool, exact=True).click()
    expect(body).to_have_value(plain(after))
    expect(body).to_be_focused()
    selection = body.evaluate("body => [body.selectionStart, body.selectionEnd]")
    assert selection == [after.index("["), after.index("]") - 1]
    editor.keyboard.press("Control+z")
    expect(body).to_have_value(plain(before))


@pytest.mark.parametrize(
    ("keys", "after"),
    [
        ("Control+b", "**tree**"),
        ("Control+i", "*tree*"),
        ("Control+k", "[tree]()"),
        ("Control+e", "`tree`"),
        ("Control+Shift+Period", "> tree"),
        ("Control+Shift+Digit8", "- tree"),
        ("Control+Shift+Digit7", "1. tree"),
        ("Control+Alt+b", "tree"),
    ],
)
def test_shortcuts_do_what_the_buttons_do(editor, keys, after):
    select(editor, "tree", 0, 4)
    editor.keyboard.press(keys)
    expect(editor.get_by_label("Body")).to_have_value(after)


def test_the_toolbar_is_one_stop_of_the_tab_key_and_the_text_no_trap(editor, width):
    editor.set_viewport_size({"width": width, "height": 844})
    editor.get_by_label("Body").fill("")
    toolbar = editor.get_by_role("toolbar", name="Formatting")
    buttons = toolbar.get_by_role("button")
    buttons.first.focus()
    editor.keyboard.press("Home")
    editor.get_by_label("Title").focus()
    editor.keyboard.press("Tab")
    expect(editor.get_by_label("Body")).to_be_focused()
    editor.keyboard.press("Tab")
    expect(buttons.first).to_be_focused()
    expect(buttons.first).to_have_attribute("aria-keyshortcuts", "Control+B")
    expect(buttons.first).to_have_attribute("title", "Bold (Ctrl+B)")
    for key, at in [
        ("ArrowRight", 1),
        ("End", 11),
        ("ArrowRight", 0),
        ("ArrowLeft", 11),
        ("Home", 0),
    ]:
        editor.keyboard.press(key)
        expect(buttons.nth(at)).to_be_focused()
    editor.keyboard.press("ArrowRight")
    expect(buttons.nth(1)).to_be_focused()
    editor.keyboard.press("Shift+Tab")
    expect(editor.get_by_label("Body")).to_be_focused()
    editor.keyboard.press("Tab")
    expect(buttons.nth(1)).to_be_focused()
    editor.keyboard.press("Tab")
    expect(toolbar.locator(":focus")).to_have_count(0)
    expect(editor.get_by_label("Body")).not_to_be_focused()
    expect(editor.get_by_label("Body")).to_have_value("")
    assert fits(editor)


def test_without_javascript_there_is_no_toolbar(open_page, username):
    page = open_page(javascript=False)
    join(page, username)
    page.goto("/create/")
    expect(page.get_by_role("toolbar")).to_have_count(0)
    expect(page.locator("[data-count]")).to_be_hidden()
    expect(page.get_by_role("button", name="Write")).to_have_count(0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "One, two; three's four-five.",
        "A [link](https://example.org/one/two) and\n\n- **bold** words",
        "日本語の文章です",
        "नमस्ते दुनिया",
        "word " * 12_000,
    ],
)
def test_words_and_minutes_are_counted_like_on_the_server(editor, text):
    shown = text.replace("(https://example.org/one/two)", "")
    editor.get_by_label("Body").fill(text)
    words = count_words(shown)
    expect(editor.locator("[data-words]")).to_have_text(f"{words:,}")
    expect(editor.locator("[data-minutes]")).to_have_text(f"{reading_minutes(words)}")
