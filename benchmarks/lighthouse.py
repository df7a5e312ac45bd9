"""Run Lighthouse on the site as deployed: `python -m benchmarks.lighthouse`.

It needs Node and a Chromium (or its path in CHROME_PATH). Exits with 1 if any score is below 100.
docs/performance.md explains the output.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from benchmarks.npm import CACHE, find_browser, install
from benchmarks.report import markdown
from benchmarks.servers import ROOT, Server, environment, serving
from tests.browser.conftest import CHROMIUM_FLAGS

PACKAGE = "lighthouse@12.8.2"
DEVICES = {"mobile": [], "desktop": ["--preset=desktop"]}
PAGES = ("index", "detail", "editor")
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
# robots.txt excludes pages that need a login, so their SEO score is meaningless.
PRIVATE = {"editor"}
METRICS = ("largest-contentful-paint", "cumulative-layout-shift", "total-blocking-time")
HEAD = ("page", "device", *CATEGORIES, "all runs", "LCP ms", "CLS", "TBT ms")
# On a busy machine, the browser sometimes starts too late for Lighthouse, so try again.
ATTEMPTS = 3
WARM_UP = 5


@dataclass(slots=True)
class View:
    """A page on a device, with the report of each run, best performance first."""

    page: str
    device: str
    runs: list[dict]

    @property
    def median(self) -> dict:
        return self.runs[len(self.runs) // 2]

    @property
    def scores(self) -> dict[str, int]:
        """Return the median performance, because it depends on load, and the worst other scores."""
        names = [name for name in CATEGORIES if name in self.median["categories"]]
        worst = {name: min(score(run, name) for run in self.runs) for name in names}
        return worst | {"performance": score(self.median, "performance")}


def main(arguments: list[str] | None = None) -> None:
    options = parse(arguments)
    tool = install_tool(options.tools)
    with tempfile.TemporaryDirectory() as folder:
        instance = {"INSTANCE_DIR": folder, "ACCESS_LOG": "0"}
        site = fill(Path(folder), instance)
        with serving(Path(folder), "blogsite.wsgi", **instance) as server:
            site["pages"] = {name: site["pages"][name] for name in options.pages}
            warm_up(server, site)
            views = look(server, site, tool, options.runs)
    print(markdown(HEAD, [row(view) for view in views]))
    print("\n".join(line for view in views for line in complaints(view)))
    sys.exit(any(score < 100 for view in views for score in view.scores.values()))


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lighthouse", description=__doc__)
    parser.add_argument(
        "--pages", nargs="+", choices=PAGES, default=PAGES, metavar="PAGE", help=" ".join(PAGES)
    )
    parser.add_argument(
        "--runs", type=int, default=3, help="runs of each page and device (default 3)"
    )
    parser.add_argument(
        "--tools", type=Path, default=CACHE, help=f"where {PACKAGE} is installed (default {CACHE})"
    )
    return parser.parse_args(arguments)


def install_tool(folder: Path) -> list[str]:
    """Return the command that runs Lighthouse; install it into `folder` if necessary."""
    if not shutil.which("node"):
        sys.exit("Lighthouse needs Node: https://nodejs.org, or apt install nodejs npm")
    return [str(install(folder, PACKAGE, ".bin/lighthouse"))]


def fill(folder: Path, instance: dict[str, str]) -> dict:
    """Create a blog in `folder`; return its pages and a cookie (`benchmarks.browsed`)."""
    command = [sys.executable, "-m", "benchmarks.browsed", str(folder / "pages.json")]
    subprocess.run(command, check=True, cwd=ROOT, env=environment(instance))
    return json.loads((folder / "pages.json").read_text())


def warm_up(server: Server, site: dict) -> None:
    """Request each page until every worker has served it, because first responses are slower."""
    for path in list(site["pages"].values()) * WARM_UP:
        address = f"http://127.0.0.1:{server.port}{path}"
        asked = urllib.request.Request(address, headers={"Cookie": site["cookie"]})
        urllib.request.urlopen(asked).close()


def look(server: Server, site: dict, tool: list[str], runs: int) -> list[View]:
    """Run Lighthouse `runs` times on all pages in turn."""
    views = [View(page, device, []) for page in site["pages"] for device in DEVICES]
    with tqdm(total=len(views) * runs, unit=" runs", disable=None) as progress:
        for _ in range(runs):
            for view in views:
                cookie = site["cookie"] if view.page in PRIVATE else ""
                address = f"http://127.0.0.1:{server.port}{site['pages'][view.page]}"
                view.runs.append(run([*tool, address, *options_of(view, cookie)]))
                progress.update()
    for view in views:
        view.runs.sort(key=lambda report: -score(report, "performance"))
    return views


def options_of(view: View, cookie: str) -> list[str]:
    wanted = [name for name in CATEGORIES if name != "seo" or view.page not in PRIVATE]
    headers = json.dumps({"Cookie": cookie} if cookie else {})
    return [
        *DEVICES[view.device],
        f"--only-categories={','.join(wanted)}",
        f"--extra-headers={headers}",
        f"--chrome-flags=--headless=new {' '.join(CHROMIUM_FLAGS)}",
        "--output=json",
        "--quiet",
    ]


def run(command: list[str]) -> dict:
    """Return the report; exit with the tool's output if it fails ATTEMPTS times."""
    own = {"CHROME_PATH": find_browser()}
    for _ in range(ATTEMPTS):
        done = subprocess.run(command, capture_output=True, text=True, env=environment(own))
        if done.returncode == 0 and "runtimeError" not in (report := json.loads(done.stdout)):
            return report
    sys.exit(f"Lighthouse failed:\n{done.stderr}")


def score(report: dict, category: str) -> int:
    return round(report["categories"][category]["score"] * 100)


def row(view: View) -> tuple:
    runs = " ".join(str(score(report, "performance")) for report in view.runs)
    measured = [view.median["audits"][name]["numericValue"] for name in METRICS]
    scores = [str(view.scores.get(name, "")) for name in CATEGORIES]
    paint, shift, blocked = measured
    return (view.page, view.device, *scores, runs, f"{paint:.0f}", f"{shift:.3f}", f"{blocked:.0f}")


def complaints(view: View) -> list[str]:
    """Return a line for each failed audit of the median run, with the items that it names."""
    weights = {
        audit["id"]: audit["weight"]
        for category in view.median["categories"].values()
        for audit in category["auditRefs"]
    }
    lines = [
        f"  {audit['score']:.2f} {'' if weights.get(name) else '(not in the score) '}"
        f"{name}: {audit.get('displayValue') or audit['title']} {named_by(audit)}"
        for name, audit in view.median["audits"].items()
        if audit["score"] is not None and audit["score"] < 1
    ]
    return [f"\n{view.page}, {view.device}", *(lines or ["  nothing"])]


def named_by(audit: dict) -> str:
    """Return the first addresses and elements that an audit names."""
    items = audit.get("details", {}).get("items", [])
    found = [
        item.get("url") or item.get("node", {}).get("snippet") or item.get("description", "")
        for item in (items if isinstance(items, list) else [])
    ]
    return " ".join(str(each)[:120] for each in found[:3] if each)


if __name__ == "__main__":
    main()
