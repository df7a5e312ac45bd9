"""Do three tasks of a writer with real keys in Chromium: `python -m benchmarks.tasks`.

Prints how long each takes, with a key every 50 ms, and how many clicks and keys it needs beside the
text itself. Exits with 1 if a task needs more of both together than in Ghost.
"""

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from PIL import Image
from playwright.sync_api import Locator, Page, expect, sync_playwright

from benchmarks.npm import find_browser
from benchmarks.report import markdown
from benchmarks.servers import ROOT, environment, serving
from tests.browser.conftest import CHROMIUM_FLAGS

KEY_MS = 50
IMAGES = 3
ZONE = "America/New_York"
WRITER = {
    "DJANGO_SUPERUSER_USERNAME": "writer",
    "DJANGO_SUPERUSER_PASSWORD": "violet harbour 7",
    "DJANGO_SUPERUSER_EMAIL": "writer@example.org",
}
HEAD = ("task", "", "seconds", "clicks", "keys", "clicks in Ghost", "keys in Ghost")


@dataclass
class Hand:
    """The hand of a writer, which counts clicks, and keys that are not part of the text."""

    page: Page
    clicks: int = 0
    keys: int = 0

    def click(self, role: str, name: str, *, within: str = "body") -> None:
        self.clicks += 1
        self.page.locator(within).get_by_role(role, name=name, exact=True).click()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.keys += 1
            self.page.keyboard.press(key)
            self.page.wait_for_timeout(KEY_MS)

    def type(self, text: str) -> None:
        self.page.keyboard.type(text, delay=KEY_MS)

    def open_editor(self, link: str) -> None:
        self.click("link", link)
        expect(self.page.get_by_role("toolbar")).to_be_visible()

    @property
    def body(self) -> Locator:
        return self.page.get_by_label("Body")


def write_first_post(hand: Hand, images: list[Path]) -> None:
    """Publish a post with a link and three images, on an empty blog."""
    hand.open_editor("New post")
    hand.type("The night train")
    hand.press("Enter")
    hand.type("It keeps its own hoours, says the timetable")
    hand.press("Control+Shift+ArrowLeft", "Control+k")
    hand.type("https://example.org/times")
    hand.press("End")
    with hand.page.expect_file_chooser() as chooser:
        hand.click("button", "Image")
    chooser.value.set_files(images)
    expect(hand.body).to_have_value(re.compile(r"(/media/.*){3}", re.DOTALL))
    publish(hand, "Publish")
    expect(hand.page.locator(".body img")).to_have_count(IMAGES)
    expect(hand.page.locator(".body a", has_text="timetable")).to_be_visible()


def publish(hand: Hand, how: str, *choices: str) -> None:
    hand.click("button", "Publish…")
    for choice in choices:
        hand.clicks += 1
        hand.page.locator("dialog").get_by_label(choice).check()
    hand.click("button", how, within="dialog")


def schedule_post(hand: Hand, _: list[Path]) -> None:
    """Schedule a post for 9 a.m. of the next day, by the clock of the writer."""
    hand.page.goto("/")
    hand.open_editor("New post")
    hand.type("Breakfast on rails")
    hand.press("Enter")
    hand.type("Coffee comes at seven.")
    publish(hand, "Schedule", "Later")
    expect(hand.page.get_by_role("button", name="Update", exact=True)).to_be_visible()
    now = datetime.now(ZoneInfo(ZONE))
    at = (now + timedelta(days=1)).replace(hour=9, minute=0, second=0, microsecond=0)
    expect(hand.page.get_by_label("Publish at")).to_have_value(at.strftime("%Y-%m-%dT%H:%M"))


def correct_typo(hand: Hand, _: list[Path]) -> None:
    """Correct a typo that the writer has met while reading an old post."""
    hand.page.goto("/")
    hand.page.get_by_role("link", name="The night train", exact=True).click()
    hand.open_editor("Edit The night train")
    # The browser's own search takes a key instead of this click. A script can't use it.
    hand.click("button", "Find and replace")
    hand.type("hoours")
    hand.press("Escape")
    hand.type("hours")
    hand.click("button", "Update")
    expect(hand.page.locator(".body")).to_contain_text("its own hours,")


# Clicks and keys in Ghost, by its help and the templates of its editor (TryGhost/Ghost).
# 1: New post, Publish, "Continue, final review", "Publish post". Enter, four keys for the link, and
#    "/image" and Enter for each image.
# 2: as above, and "Right now", "Schedule for later", the date, the day, the time. Enter, one key to
#    select the time and five to type it. It is the time of the site.
# 3: a bookmark of the admin, because pages for readers have no link to the editor, and Update.
#    Ctrl+K and Enter around the title, Ctrl+F and Escape around the typo.
TASKS: list[tuple[Callable, int, int]] = [
    (write_first_post, 4, 26),
    (schedule_post, 9, 7),
    (correct_typo, 2, 4),
]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        instance = {"INSTANCE_DIR": folder, "ACCESS_LOG": "0"}
        prepare(instance)
        images = draw(Path(folder))
        browser = playwright.chromium.launch(executable_path=find_browser(), args=CHROMIUM_FLAGS)
        with serving(Path(folder), "blogsite.wsgi", **instance) as server:
            site = f"http://127.0.0.1:{server.port}"
            page = browser.new_page(base_url=site, timezone_id=ZONE, locale="en-US")
            log_in(page)
            rows = [do(page, images, *task) for task in TASKS]
        browser.close()
    print(markdown(HEAD, [tuple(map(str, row)) for row in rows]))
    sys.exit(any(row[3] + row[4] > row[5] + row[6] for row in rows))


def prepare(instance: dict[str, str]) -> None:
    """Make an empty blog with one writer."""
    for command in (["prepare"], ["createsuperuser", "--noinput"]):
        command = [sys.executable, "manage.py", *command]
        subprocess.run(
            command, cwd=ROOT, env=environment(instance | WRITER), check=True, stdout=sys.stderr
        )


def draw(folder: Path) -> list[Path]:
    """Save large images in different colors, and return their paths."""
    paths = [folder / f"image {number}.jpg" for number in range(IMAGES)]
    for number, path in enumerate(paths):
        Image.new("RGB", (1600, 900), (60 * number, 90, 120)).save(path)
    return paths


def log_in(page: Page) -> None:
    page.goto("/auth/login/")
    page.get_by_label("Username").fill(WRITER["DJANGO_SUPERUSER_USERNAME"])
    page.get_by_label("Password").fill(WRITER["DJANGO_SUPERUSER_PASSWORD"])
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    expect(page.get_by_role("link", name="New post", exact=True)).to_be_visible()


def do(page: Page, images: list[Path], task: Callable, clicks: int, keys: int) -> tuple:
    """Do a task, and return its row of the table."""
    hand = Hand(page)
    start = time.perf_counter()
    task(hand, images)
    seconds = f"{time.perf_counter() - start:.1f}"
    return task.__doc__.rstrip("."), "", seconds, hand.clicks, hand.keys, clicks, keys


if __name__ == "__main__":
    main()
