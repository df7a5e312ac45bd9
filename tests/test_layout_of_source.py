"""Readable layout of templates, stylesheets and scripts: short lines with one element each."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LONGEST = 160
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*") if path.is_file())
STATIC = sorted(
    path
    for pattern in ("*.css", "*.js")
    for path in (ROOT / "static").rglob(pattern)
    if "vendor" not in path.parts
)
# Block elements. Inline elements may share a line.
BLOCKS = re.compile(
    r"<(?:article|aside|blockquote|body|dd|details|div|dl|dt|fieldset|figure|footer|form|h[1-6]"
    r"|head|header|html|iframe|legend|li|main|nav|ol|p|pre|section|select|summary|table|tbody|td"
    r"|textarea|th|thead|tr|ul)\b"
)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", TEMPLATES + STATIC, ids=name_of)
def test_no_line_is_longer_than_160_characters(path):
    lines = enumerate(path.read_text().splitlines(), start=1)
    assert [(number, len(line)) for number, line in lines if len(line) > LONGEST] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_a_line_of_a_template_starts_at_most_one_block(path):
    lines = enumerate(path.read_text().splitlines(), start=1)
    assert [(number, line) for number, line in lines if len(BLOCKS.findall(line)) > 1] == []


def test_these_files_are_found():
    names = set(map(name_of, TEMPLATES + STATIC))
    assert {"templates/base.html", "static/css/site.css", "static/js/autosave.js"} <= names
