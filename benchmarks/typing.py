"""Measure how fast the editor shows a typed key: `python -m benchmarks.typing`.

Real keys go to a bare textarea, to one that grows with its text as the editor's does, and to the
editor, in turn and in the same browser, each with a text of 20,000 words. `--page FILE` adds an
HTML page with another editor, whose `setText(text)` must show a text and focus it in the middle.
docs/performance.md explains the output.
"""

import argparse
import tempfile
from pathlib import Path
from statistics import median, quantiles

from playwright.sync_api import Browser, Page, sync_playwright
from tqdm import tqdm

from benchmarks.lighthouse import fill
from benchmarks.npm import find_browser
from benchmarks.people import long_text
from benchmarks.report import markdown
from benchmarks.servers import Server, serving
from tests.browser.conftest import CHROMIUM_FLAGS

WORDS = 20_000
BARE, GROWING, EDITOR = "bare textarea", "bare textarea that grows", "editor"
STYLE = "width: 36rem; font: 1.15rem/1.7 Palatino, P052, 'Noto Serif', Georgia, serif;"
TEXTAREA = '<!doctype html><textarea id="id_body" rows="16" style="{}"></textarea>'
STYLES = {BARE: STYLE, GROWING: f"{STYLE} field-sizing: content;"}
HEAD = ("case", "keys", "laid out, median ms", "p95 ms", "next frame, median ms", "p95 ms")
PAUSE_MS = 70
SETTLE_MS = 3_000
# The caret stands in the middle, where a key moves the half of the text that follows.
SET_TEXT = """(text) => {
  if (window.setText) return setText(text);
  const body = document.getElementById("id_body");
  body.value = text;
  body.dispatchEvent(new Event("input", { bubbles: true }));
  body.focus();
  body.setSelectionRange(text.length / 2, text.length / 2);
}"""
# A key takes until all handlers ran and the text is laid out, or until the next frame is drawn.
WATCH = """() => {
  window.keys = [];
  const afterwards = (act) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = act;
    channel.port2.postMessage(null);
  };
  addEventListener("keydown", ({ timeStamp }) => {
    const key = {};
    keys.push(key);
    requestAnimationFrame(() => afterwards(() => { key.frame = performance.now() - timeStamp; }));
    addEventListener("input", () => afterwards(() => {
      document.body.getBoundingClientRect();
      key.done = performance.now() - timeStamp;
    }), { once: true });
  }, true);
}"""


def main(arguments: list[str] | None = None) -> None:
    options = parse(arguments)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        instance = {"INSTANCE_DIR": folder, "ACCESS_LOG": "0"}
        site = fill(Path(folder), instance)
        browser = playwright.chromium.launch(executable_path=find_browser(), args=CHROMIUM_FLAGS)
        with serving(Path(folder), "blogsite.wsgi", **instance) as server:
            pages = open_pages(browser, server, site["cookie"], options.page)
            type_in_turn(pages, text_of(options.words), options.keys, options.rounds)
            print(markdown(HEAD, [row(name, page) for name, page in pages.items()]))
            print(f"\npreview ms: {preview_times(pages[EDITOR])}")
        browser.close()


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.typing", description=__doc__)
    parser.add_argument("--keys", type=int, default=60, help="keys a round (default 60)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds (default 5)")
    parser.add_argument("--words", type=int, default=WORDS, help=f"of the text (default {WORDS:,})")
    parser.add_argument("--page", type=Path, nargs="*", default=[], help="HTML pages to add")
    return parser.parse_args(arguments)


def open_pages(browser: Browser, server: Server, cookie: str, others: list[Path]) -> dict:
    """Return a page for each case, with the text and the script that measures."""
    site = f"http://127.0.0.1:{server.port}"
    pages = {
        name: browser.new_page() for name in [*STYLES, EDITOR, *(path.name for path in others)]
    }
    for name, style in STYLES.items():
        pages[name].set_content(TEXTAREA.format(style))
    for path in others:
        pages[path.name].goto(path.resolve().as_uri())
    pages[EDITOR].context.add_cookies(
        [
            {"name": name, "value": value, "url": site}
            for name, _, value in (each.partition("=") for each in cookie.split("; "))
        ]
    )
    pages[EDITOR].goto(f"{site}/create/")
    return pages


def type_in_turn(pages: dict[str, Page], text: str, keys: int, rounds: int) -> None:
    """Type `keys` letters into `text` on each page, `rounds` times."""
    for page in pages.values():
        page.evaluate(SET_TEXT, text)
        page.evaluate(WATCH)
    for _ in tqdm(range(rounds), unit=" rounds", disable=None):
        for page in pages.values():
            page.bring_to_front()
            page.wait_for_timeout(SETTLE_MS)
            for number in range(keys):
                page.keyboard.press(" " if number % 6 == 5 else "e")
                page.wait_for_timeout(PAUSE_MS)


def text_of(words: int) -> str:
    """Return Markdown of about `words` words from the sample blog."""
    found = []
    while sum(len(text.split()) for text in found) < words:
        found.append(long_text(len(found)))
    return "\n\n".join(found)


def row(name: str, page: Page) -> tuple:
    keys = [key for key in page.evaluate("() => window.keys") if "done" in key and "frame" in key]
    cells = [name, str(len(keys))]
    for measure in ("done", "frame"):
        times = [key[measure] for key in keys]
        cells += [f"{median(times):.1f}", f"{quantiles(times, n=20)[-1]:.1f}"]
    return tuple(cells)


def preview_times(page: Page) -> str:
    """Return how long the preview takes when it opens, and after each of a few changes."""
    page.get_by_role("button", name="Preview", exact=True).click()
    for _ in range(4):
        page.wait_for_timeout(SETTLE_MS)
        page.locator("#id_body").press("x")
    page.wait_for_timeout(SETTLE_MS)
    names = "performance.getEntriesByName('preview').map(({ duration }) => Math.round(duration))"
    return " ".join(map(str, page.evaluate(names)))


if __name__ == "__main__":
    main()
