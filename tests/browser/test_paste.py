"""Paste: rich text becomes Markdown, text wins over its image, and undo takes one step."""

import base64
import re
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.test_main_job import join
from tests.browser.typing import MARKS, marked, put

pytestmark = pytest.mark.browser

CLIPBOARDS = Path(__file__).parent / "clipboards"
TABLE = "<table><tr><td>Year</td><td>Sales</td></tr></table>"
PICTURE = "shot.png"


def png(width: int = 8) -> str:
    buffer = BytesIO()
    Image.new("RGB", (width, 6), "red").save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


@pytest.fixture(scope="module")
def editor(browser, site, numbers):
    context = browser.new_context(base_url=site, permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    logged = []
    page.on("console", lambda message: logged.append(message.text))
    page.on("pageerror", lambda error: logged.append(str(error)))
    join(page, f"paste{next(numbers)}")
    page.goto("/create/")
    with page.expect_response("**/rich-text*.js"):
        page.locator("#id_body").focus()
    yield page
    context.close()
    assert [text for text in logged if "status of 422" not in text] == []


def paste(page: Page, files: tuple[str, ...] = (), **texts: str) -> None:
    """Paste these texts, by type, with PNG files of these names."""
    data = {{"text": "text/plain", "html": "text/html"}.get(kind, kind): text
            for kind, text in texts.items()}  # fmt: skip
    page.locator("#id_body").evaluate(
        """(body, [data, files, png]) => {
            const clipboardData = new DataTransfer();
            for (const [type, text] of Object.entries(data)) clipboardData.setData(type, text);
            const bytes = Uint8Array.from(atob(png), (character) => character.charCodeAt(0));
            for (const name of files) {
                clipboardData.items.add(new File([bytes], name, { type: "image/png" }));
            }
            const options = { clipboardData, bubbles: true, cancelable: true };
            body.dispatchEvent(new ClipboardEvent("paste", options));
        }""",
        [data, files, png()],
    )


def text_of(html: str) -> str:
    body = re.sub(r"<(style|script|title)\b.*?</\1>|<[^>]*>", "", html, flags=re.DOTALL)
    return re.sub(r"&\w+;", " ", body).strip()


@pytest.mark.parametrize("name", [path.stem for path in sorted(CLIPBOARDS.glob("*.html"))])
def test_what_other_programs_copy_becomes_markdown_in_one_step(editor, name):
    html = (CLIPBOARDS / f"{name}.html").read_text()
    markdown = (CLIPBOARDS / f"{name}.md").read_text().rstrip("\n")
    put(editor, "Before.|")
    paste(editor, (PICTURE,), html=html, text=text_of(html))
    expect(editor.locator("#id_body")).to_have_value(f"Before.\n\n{markdown}")
    editor.keyboard.press("Control+z")
    expect(editor.locator("#id_body")).to_have_value("Before.")
    editor.keyboard.press("Control+y")
    expect(editor.locator("#id_body")).to_have_value(f"Before.\n\n{markdown}")


@pytest.mark.parametrize(
    ("before", "clipboard", "after"),
    [
        # Cells become a table, and one cell is text.
        ("|", {"text": "Year\tSales", "html": TABLE}, "| Year | Sales |\n| --- | --- |"),
        ("a|", {"text": "Year", "html": "<table><tr><td>Year</td></tr></table>"}, "aYear"),
        # Text wins over its image, also without HTML or formatting.
        ("|", {"text": "Hello"}, "Hello"),
        ("|", {"text": "Hello", "html": "<p style='margin:0in'>Hello</p>"}, "Hello"),
        # Not every program adds plain text.
        ("|", {"html": "<p>Hello</p>"}, "Hello"),
        # An inline text stays in its line, and a block gets blank lines.
        ("a{x}b", {"text": "y", "html": "<b>y</b>"}, "a**y**b"),
        ("a|b", {"text": "y", "html": "<ul><li>y</li></ul>"}, "a\n\n- y\n\nb"),
        # An address over a selection becomes a link.
        ("a {b c} d", {"text": "https://example.org/"}, "a [b c](https://example.org/) d"),
        ("a {b }d", {"text": "https://example.org/(x)"}, "a [b](https://example.org/\\(x\\)) d"),
        ("{https://a.example}", {"text": "https://b.example"}, "https://b.example"),
        ("{a\nb}", {"text": "https://b.example"}, "https://b.example"),
        ("[x]({y})", {"text": "https://b.example"}, "[x](https://b.example)"),
        # In code, and from a code editor, text stays text.
        ("```\n|", {"text": "y", "html": "<b>y</b>"}, "```\ny"),
        ("|", {"text": "a_b", "html": "<b>a_b</b>", "vscode-editor-data": "{}"}, "a_b"),
        # If the HTML lacks most of the text, the plain text wins.
        ("|", {"text": "a whole sentence", "html": "<p>a <b>x</b></p>"}, "a whole sentence"),
    ],
)
def test_the_text_of_a_clipboard_is_pasted(editor, before, clipboard, after):
    put(editor, before)
    paste(editor, (PICTURE,), **clipboard)
    expect(editor.locator("#id_body")).to_have_value(after)
    editor.keyboard.press("Control+z")
    expect(editor.locator("#id_body")).to_have_value(before.translate(MARKS))


@pytest.mark.parametrize(
    "clipboard", [{}, {"html": '<meta charset="utf-8"><img src="https://example.org/x.png">'}]
)
def test_an_image_without_text_is_uploaded(editor, clipboard):
    put(editor, "|")
    paste(editor, (PICTURE,), **clipboard)
    expect(editor.locator("#id_body")).to_have_value(
        re.compile(r"^!\[\]\(/media/images/\S+\)\n\n$")
    )
    assert marked(editor).startswith("![|](")


@pytest.mark.parametrize(
    "clipboard",
    [
        {"text": "a ![A sea](data:image/png;base64,{png}) b"},
        {"text": "a ![A sea][image1] b\n\n[image1]: <data:image/png;base64,{png}>"},
        {"text": "a b", "html": 'a <img src="data:image/png;base64,{png}" alt="A sea"> b'},
    ],
    ids=["inline", "reference", "html"],
)
def test_images_inside_a_pasted_text_are_uploaded(editor, clipboard):
    put(editor, "|")
    paste(editor, **{kind: text.replace("{png}", png()) for kind, text in clipboard.items()})
    expect(editor.locator("#id_body")).to_have_value(
        re.compile(r"^a !\[A sea\]\(/media/images/\S+\) b\s*$")
    )


@pytest.mark.parametrize(
    ("image", "said"),
    [
        ("data:image/png;base64,iVBORw0KGgo=", "image 1.png: This file type isn't supported."),
        ("data:image/png;base64,A", "Images that could not be read were left out."),
        ("file:///C:/x.png", "Images that could not be read were left out."),
    ],
)
def test_an_image_that_can_not_be_read_is_left_out_with_a_sentence(editor, image, said):
    put(editor, "|")
    paste(editor, html=f'<p>a</p><p><img src="{image}"></p><p>b</p>', text="a\nb")
    expect(editor.locator("[data-upload-list] li").last).to_contain_text(said)
    expect(editor.locator("#id_body")).to_have_value("a\n\nb")
    editor.locator("[data-upload-list]").get_by_role("button", name="OK").last.click()


def test_keys_paste_markdown_or_with_shift_plain_text(editor):
    put(editor, "|")
    editor.evaluate(
        """() => navigator.clipboard.write([new ClipboardItem({
            "text/html": new Blob(["<p>a <b>bold</b> word</p>"], { type: "text/html" }),
            "text/plain": new Blob(["a bold word"], { type: "text/plain" }),
        })])"""
    )
    editor.keyboard.press("Control+v")
    expect(editor.locator("#id_body")).to_have_value("a **bold** word")
    editor.keyboard.press("Control+Shift+v")
    expect(editor.locator("#id_body")).to_have_value("a **bold** worda bold word")
    editor.keyboard.press("Control+z")
    expect(editor.locator("#id_body")).to_have_value("a **bold** word")
