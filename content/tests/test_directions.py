"""Each block has the direction of its own text, and code runs from left to right."""

import re

import pytest

from content.directions import with_directions
from content.markup import render_post

TEXT = """مرحبا

# مرحبا

> - مرحبا `x = 1`

| مرحبا |
|-------|
| hello |

```
code
```

<kbd>k</kbd> &lt;p <em>

<div>مرحبا</div>

![a](/b.png "مرحبا")
"""


@pytest.mark.parametrize(
    ("names", "direction"),
    [("p h2 blockquote li th td figcaption div", "auto"), ("code pre kbd", "ltr")],
)
def test_each_kind_of_element_has_its_direction(names, direction):
    html = with_directions(render_post(TEXT))
    for name in names.split():
        tags = re.findall(rf"<{name}\b[^>]*>", html)
        assert tags, name
        assert all(f' dir="{direction}"' in tag for tag in tags), name


def test_nothing_else_changes():
    html = with_directions(render_post(TEXT))
    assert re.sub(' dir="(?:auto|ltr)"', "", html) == render_post(TEXT)
    assert "&lt;p &lt;em&gt;" in html


def test_a_direction_in_raw_html_stays():
    html = with_directions(render_post('<p dir="rtl">\nA\n</p>\n\n<div dir="rtl">\nB\n</div>'))
    assert '<p dir="rtl">' in html and '<div dir="rtl">' in html


@pytest.mark.parametrize("text", ["https://a.org/é?b&c", "www.a.org", "[http://a.org](/b)"])
def test_addresses_run_from_left_to_right(text):
    assert '<a dir="ltr" href="' in with_directions(render_post(f"مرحبا {text} مرحبا"))


@pytest.mark.parametrize("text", ["[a](https://a.org)", "[https://a.org b](/c)", "<b@c.de>"])
def test_other_links_have_the_direction_of_their_text(text):
    html = with_directions(render_post(text))
    assert "<a href=" in html and "ltr" not in html
