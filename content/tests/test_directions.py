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

![a](/b.png "مرحبا")
"""


@pytest.mark.parametrize(
    ("names", "direction"),
    [("p h2 blockquote li th td figcaption", "auto"), ("code pre kbd", "ltr")],
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
