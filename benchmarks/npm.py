"""Tools from npm. Each is installed once, in a pinned version, into its own folder."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"), "blogsite")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def install(folder: Path, package: str, file: str) -> Path:
    """Return the path of `file` in `package`; install it into `folder` if necessary."""
    path = folder / package / "node_modules" / file
    if path.exists():
        return path
    if not shutil.which("npm"):
        sys.exit(f"{package} needs npm: https://nodejs.org, or apt install nodejs npm")
    npm = ["npm", "install", "--no-audit", "--no-fund", "--silent", "--prefix"]
    subprocess.run([*npm, folder / package, package], check=True)
    return path


def find_browser() -> str:
    """Return the path of a Chromium, or exit if there is none."""
    found = os.environ.get("CHROME_PATH") or next(filter(None, map(shutil.which, BROWSERS)), None)
    return found or sys.exit("No Chromium: name one in CHROME_PATH")
