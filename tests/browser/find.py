"""Print the path of Playwright's own Chromium, if installed: `python -m tests.browser.find`."""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright


def main() -> None:
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    if not Path(path).exists():
        sys.exit(1)
    sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main()
