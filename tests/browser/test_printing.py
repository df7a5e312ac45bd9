"""Directions, reserved space and the printed page of a post, in a real browser."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_main_job import join

pytestmark = pytest.mark.browser

BODY = """An [article](https://example.org/article) in English, from https://example.org/é.

مرحبا `code --flag`

> مرحبا
>
> ثانيا

- مرحبا

1. مرحبا

   ثانيا

| مرحبا | عمود |
|-------|------|
| خلية  | خلية |

```
a_line_of_code(that_is_longer_than_the_page, "and so it would be cut off", "if it did not wrap")
```

$$x^2$$
"""
DIRECTIONS = """() => Object.fromEntries(
    ['.body > p:nth-of-type(1)', '.body > p:nth-of-type(2)', '.body blockquote', '.body ul li',
     '.body ol li', '.body td', '.body table', '.body pre', '.body p code'].map((selector) =>
        [selector, getComputedStyle(document.querySelector(selector)).direction]))"""
HIDDEN = ".site-header", ".site-footer", ".likes", ".comments", ".tags"


@pytest.fixture
def page(open_page, username) -> Page:
    """The page of a post in two directions, as its author sees it."""
    page = open_page()
    join(page, username)
    page.goto("/create/")
    token = page.locator("input[name=csrfmiddlewaretoken]").first.input_value()
    form = {"title": f"Printed by {username}", "body": BODY, "tags": username, "action": "publish"}
    sent = {**form, "csrfmiddlewaretoken": token}
    answer = page.request.post("/create/", form=sent, headers={"Referer": page.url})
    page.goto(answer.url)
    return page


def test_each_block_has_the_direction_of_its_text(page):
    found = page.evaluate(DIRECTIONS)
    ltr = {".body > p:nth-of-type(1)", ".body pre", ".body p code"}
    assert {name for name, direction in found.items() if direction == "ltr"} == ltr
    box = page.evaluate(
        "getComputedStyle(document.querySelector('.body blockquote')).borderRightWidth"
    )
    assert box != "0px"


def test_a_printed_post_is_its_text_with_the_addresses_of_its_links(page, username):
    page.emulate_media(media="print", color_scheme="dark")
    for selector in HIDDEN:
        for part in page.locator(selector).all():
            expect(part).to_be_hidden()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator(".byline .author")).to_be_visible()
    expect(page.locator(".byline time")).to_be_visible()
    expect(page.locator(".byline a:not(.author)").first).to_be_hidden()
    expect(page.locator(".printed")).to_contain_text(page.url)
    after = "(links) => links.map((link) => getComputedStyle(link, '::after').content)"
    printed = page.locator(".body p a").evaluate_all(after)
    assert printed == ['" (https://example.org/article)"', "none"]
    colors = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert colors == "rgb(255, 255, 255)"
    page.set_viewport_size({"width": 600, "height": 800})
    fits = "(e) => e.scrollWidth <= e.clientWidth"
    assert page.locator(".body pre").evaluate(fits)
    assert page.evaluate("document.documentElement.scrollWidth") <= 600
