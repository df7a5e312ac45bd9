"""Reading a post in a real browser: highlighted code, task lists, footnotes and the feed."""

import json
from xml.etree import ElementTree

import pytest
from playwright.sync_api import expect

from tests.browser.test_main_job import fits, join, publish_draft

pytestmark = pytest.mark.browser

BODY = """
- [x] Boil the water
- [ ] Wait

A word[^1] to `print`.

[^1]: Below.

```python
@cached
class Tea(object):  # a comment
    def pour(self, cups: int = 2) -> str:
        return f"{cups} \\n" if not None else r'raw' + str(0x1F)
```

```diff
- gone
+ here
```
"""
# Return the color and the WCAG contrast ratio of each span of the code.
CONTRASTS = """() => {
    const channels = (text) => text.match(/[\\d.]+/g).slice(0, 3).map(Number);
    const linear = (c) => c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4;
    const light = (text) => {
        const [r, g, b] = channels(text).map(linear);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const paper = light(getComputedStyle(document.querySelector('.body pre')).backgroundColor);
    return [...document.querySelectorAll('.body pre span')].map((span) => {
        const color = getComputedStyle(span).color, ink = light(color);
        return [color, (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05)];
    });
}"""


@pytest.fixture
def publish(open_page, username):
    """Return a function that publishes BODY and returns the page that shows it."""

    def publish_on(**options):
        page = open_page(**options)
        join(page, username)
        page.goto("/create/")
        page.get_by_label("Title").fill(f"Tea of {username}")
        page.get_by_label("Body").fill(BODY)
        publish_draft(page)
        expect(page.get_by_role("heading", level=1)).to_have_text(f"Tea of {username}")
        return page

    return publish_on


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_code_is_colored_and_each_color_can_be_read(publish, width, scheme):
    page = publish(width=width, scheme=scheme)
    found = page.evaluate(CONTRASTS)
    assert len({color for color, _ in found}) >= 7
    assert min(ratio for _, ratio in found) >= 4.5
    assert fits(page)


def test_tasks_have_names_and_notes_lead_there_and_back(publish, javascript):
    page = publish(javascript=javascript)
    expect(page.get_by_role("checkbox", name="Done", exact=True)).to_be_checked()
    expect(page.get_by_role("checkbox", name="To do", exact=True)).not_to_be_checked()
    page.get_by_role("link", name="[1]").click()
    assert page.url.endswith("#fn-1")
    page.get_by_role("link", name="Back to the text").click()
    assert page.url.endswith("#fnref-1")


def test_the_feeds_that_a_page_names_contain_the_post(publish, username, javascript):
    page = publish(javascript=javascript)
    for path in ("/", f"/authors/{username}/"):
        page.goto(path)
        rss, atom, json_feed = [
            page.request.get(link.get_attribute("href"))
            for link in page.locator("head link[rel=alternate]").all()
        ]
        item = ElementTree.fromstring(rss.text()).find("channel/item")
        assert item.findtext("title") == f"Tea of {username}"
        entry = ElementTree.fromstring(atom.text()).find("{http://www.w3.org/2005/Atom}entry")
        assert item.findtext("guid") == entry.findtext("{http://www.w3.org/2005/Atom}id")
        assert json.loads(json_feed.text())["items"][0]["id"] == item.findtext("guid")
