"""Texts in the body of an open editor. A bar marks the cursor, and braces mark the selection."""

from playwright.sync_api import Page

MARKS = str.maketrans("", "", "|{}")


def put(page: Page, text: str) -> None:
    """Fill the body and place the cursor or the selection where `text` marks it."""
    start, end = (text.index(mark) for mark in ("{}" if "{" in text else "||"))
    body = page.locator("#id_body")
    body.fill(text.translate(MARKS))
    body.evaluate("(body, range) => body.setSelectionRange(...range)", [start, max(start, end - 1)])


def marked(page: Page) -> str:
    """Return the body with its cursor or selection marked."""
    body = page.locator("#id_body")
    start, end = body.evaluate("body => [body.selectionStart, body.selectionEnd]")
    text = body.input_value()
    if start == end:
        return f"{text[:start]}|{text[start:]}"
    return f"{text[:start]}{{{text[start:end]}}}{text[end:]}"
