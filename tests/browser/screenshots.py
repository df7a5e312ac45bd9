"""Retake the README's screenshots: `.venv/bin/python -m tests.browser.screenshots`."""

import os
import re
import subprocess
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.ports import free_port
from tests.browser.conftest import CHROMIUM_FLAGS
from tests.servers import ROOT

FOLDER = ROOT / "docs/screenshots"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        port = free_port()
        environment = os.environ | {"PORT": str(port), "INSTANCE_DIR": folder, "ACCESS_LOG": "0"}
        command = [ROOT / "bin/serve", "--demo"]
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, text=True
        ) as server:
            try:
                login = read_login(server.stdout)
                path = os.environ.get("CHROMIUM", "/usr/bin/chromium")
                browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
                take_screenshots(browser, f"http://127.0.0.1:{port}", *login)
                browser.close()
            finally:
                server.terminate()


def read_login(lines) -> tuple[str, str]:
    """Return the username and password that `bin/serve` prints, once the site is up."""
    login = ("", "")
    for line in lines:
        if found := re.search(r"Log in as (\S+) with the password (\S+)", line):
            login = found.groups()
        if line.startswith("Serving at"):
            return login
    raise RuntimeError("the site did not start")


def take_screenshots(browser: Browser, address: str, username: str, password: str) -> None:
    for scheme in ("light", "dark"):
        page = open_page(browser, address, width=1280, scheme=scheme)
        page.goto("/")
        save(page, f"index-{scheme}")
    page = open_page(browser, address, width=390, scheme="light")
    page.goto("/")
    page.locator("article h2 a").first.click()
    save(page, "post-phone-light")
    page = open_page(browser, address, width=390, scheme="dark")
    log_in(page, username, password)
    open_draft(page)
    save(page, "editor-phone-dark")
    for scheme in ("light", "dark"):
        page = open_page(browser, address, width=1280, scheme=scheme)
        log_in(page, username, password)
        open_draft(page)
        page.get_by_role("group", name="View").get_by_role("button", name="Preview").click()
        page.frame_locator("iframe:not(.is-coming)").get_by_role("heading", level=1).wait_for()
        save(page, f"editor-{scheme}")


def log_in(page: Page, username: str, password: str) -> None:
    page.goto("/auth/login/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("main").get_by_role("button", name="Log in").click()


def open_draft(page: Page) -> None:
    page.goto("/mine/?state=draft")
    page.get_by_role("main").get_by_role("link", name="Edit").nth(1).click()
    page.get_by_label("Body").wait_for()


def open_page(browser: Browser, address: str, *, width: int, scheme: str) -> Page:
    context = browser.new_context(
        base_url=address, viewport={"width": width, "height": 844}, color_scheme=scheme
    )
    return context.new_page()


def save(page: Page, name: str) -> None:
    # Until an image is decoded, the page shows its placeholder color.
    page.evaluate("document.images.length ? document.images[0].decode() : null")
    page.screenshot(path=Path(FOLDER, f"{name}.png"))


if __name__ == "__main__":
    main()
