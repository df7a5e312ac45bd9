"""Previews name the line of the source of each block, and public pages do not."""

import re

from content.markup import render_post, render_preview

TEXT = """# One

Two
lines

- item
- - nested

| a |
|---|
| b |

> quote[^1]

```python
code
```

    indented

---

[^1]: A note
"""


def lines_of(html: str) -> list[str]:
    return [f"{tag} {line}" for tag, line in re.findall(r'<(\w+)[^>]* data-line="(\d+)"', html)]


def test_each_block_of_a_preview_has_the_line_of_its_source():
    listed = ["h2 0", "p 2", "ul 5", "li 5", "li 6", "ul 6", "li 6"]
    table = ["table 8", "thead 8", "tr 8", "tbody 10", "tr 10"]
    rest = ["blockquote 12", "p 12", "pre 14", "pre 18", "hr 20", "p 22"]
    assert lines_of(render_preview(TEXT)) == [*listed, *table, *rest]


def test_a_page_is_the_preview_without_its_lines():
    text = f'{TEXT}\n<ins data-line="7">typed</ins>'
    page = render_post(text)
    assert "data-line" not in page
    assert re.sub(r' data-line="\d+"', "", render_preview(text)) == page
