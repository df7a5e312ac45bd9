"""Twenty mixed edits of the body, undone and redone to the character, with real keys."""

import re

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.test_main_job import join
from tests.browser.test_paste import paste
from tests.browser.test_uploads import choose
from tests.browser.typing import put

pytestmark = pytest.mark.browser

LONG_LIST = "".join(f"<li>Item {number} &lt;b&gt; &amp;amp;</li>" for number in range(60))


@pytest.fixture
def page(open_page, username) -> Page:
    page = open_page()
    join(page, username)
    page.goto("/create/")
    with page.expect_response("**/rich-text*.js"):
        page.locator("#id_body").focus()
    return page


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def use(page: Page, tool: str) -> None:
    page.get_by_role("button", name=tool, exact=True).click()


def edits(page: Page, image: str):
    """Make an edit with each step. The browser undoes keys in a row as one, so none are."""
    type_ = page.keyboard.type
    yield type_("The first words.\n")
    yield use(page, "Heading")
    yield type_("Part one")
    press(page, "End")
    yield press(page, "Enter")
    yield use(page, "List")
    yield type_("milk")
    yield press(page, "Enter")
    yield type_("tea")
    yield press(page, "Tab")
    press(page, "Shift+Home")
    yield press(page, "Control+b")
    press(page, "End")
    yield press(page, "Enter")
    yield press(page, "Enter")
    yield paste(page, text="a bold word", html="<p>a <b>bold</b> word</p><p>and more</p>")
    press(page, "Shift+Home")
    yield paste(page, text="https://example.org/")
    press(page, "End")
    yield use(page, "Table")
    press(page, "Control+End")
    yield choose(page, [image])
    yield type_("A red field")
    press(page, "Control+End")
    yield paste(page, text="items", html=f"<ul>{LONG_LIST}</ul>")
    press(page, "Control+Home")
    yield use(page, "Quote")
    yield press(page, "Delete")
    yield use(page, "Divider")


def test_twenty_edits_are_undone_and_redone_to_the_character(page, tmp_path):
    image = tmp_path / "red.png"
    Image.new("RGB", (60, 30), (200, 60, 40)).save(image)
    put(page, "|")
    body = page.locator("#id_body")
    texts = [""]
    for _ in edits(page, str(image)):
        expect(body).not_to_have_value(re.compile("Uploading"))
        if body.input_value() == texts[-1]:
            expect(body).not_to_have_value(texts[-1])
        texts.append(body.input_value())
    assert len(texts) > 20
    for keys, ahead in (("Control+z", reversed(texts[:-1])), ("Control+y", texts[1:])):
        for text in ahead:
            press(page, keys)
            assert body.input_value() == text
