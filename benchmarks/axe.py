"""Run axe on every page of the site in Chromium: `python -m benchmarks.axe`.

It needs npm and a Chromium (or its path in CHROME_PATH). The pages are those of `benchmarks.pages`,
each in both color schemes and at two widths. Prints each violation with the first page that has it;
exits with 1 if there is any.
"""

import argparse
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, Page, Route, sync_playwright
from tqdm import tqdm

from benchmarks.html import save_pages
from benchmarks.npm import CACHE, find_browser, install
from benchmarks.servers import serving
from tests.browser.conftest import CHROMIUM_FLAGS

PACKAGE = "axe-core@4.14.1"
FILE = "axe-core/axe.min.js"
SCHEMES = ("light", "dark")
WIDTHS = (390, 1280)
# Leave out the editor's preview frame, which is checked as a page of its own.
RUN = "() => axe.run(document, {resultTypes: ['violations'], iframes: false})"


def main(arguments: list[str] | None = None) -> None:
    options = parse(arguments)
    script = install(options.tools, PACKAGE, FILE).read_text()
    with tempfile.TemporaryDirectory() as name:
        folder, instance = Path(name), Path(name) / "instance"
        pages = choose(save_pages(folder, instance), options.alike)
        with (
            serving(folder, "blogsite.wsgi", INSTANCE_DIR=str(instance)) as server,
            sync_playwright() as playwright,
        ):
            browser = playwright.chromium.launch(
                executable_path=find_browser(), args=CHROMIUM_FLAGS
            )
            site = f"http://127.0.0.1:{server.port}"
            found = look(browser, site, folder, pages, script)
            browser.close()
    for line in describe(found):
        print(line)
    print(f"{len(pages)} pages in {len(SCHEMES) * len(WIDTHS)} ways, {len(found)} violations")
    sys.exit(bool(found))


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.axe", description=__doc__)
    parser.add_argument(
        "--tools", type=Path, default=CACHE, help=f"where {PACKAGE} is installed (default {CACHE})"
    )
    parser.add_argument(
        "--alike", type=int, default=2, help="pages of one kind and visitor to look at (default 2)"
    )
    return parser.parse_args(arguments)


def choose(pages: dict[str, dict], alike: int) -> list[dict]:
    """Return at most `alike` pages of each kind, because a page takes seconds."""
    kinds, chosen = Counter(), []
    for page in pages.values():
        kind = (page["visitor"], page["method"], page["status"], page["kind"])
        kinds[kind] += 1
        if kinds[kind] <= alike and page["method"] != "htmx":
            chosen.append(page)
    return chosen


def look(
    browser: Browser, site: str, folder: Path, pages: list[dict], script: str
) -> list[tuple[dict, dict]]:
    """Return each violation with its page."""
    found = []
    with tqdm(total=len(pages) * len(SCHEMES) * len(WIDTHS), unit=" pages", disable=None) as bar:
        for scheme, width in product(SCHEMES, WIDTHS):
            viewport = {"width": width, "height": 844}
            tab = browser.new_page(color_scheme=scheme, viewport=viewport, reduced_motion="reduce")
            for page in pages:
                for violation in violations(tab, site, folder, page, script):
                    found.append((page | {"scheme": scheme, "width": width}, violation))
                bar.update()
            tab.close()
    return found


def violations(tab: Page, site: str, folder: Path, page: dict, script: str) -> Iterator[dict]:
    """Yield axe's findings in a saved page, with the styles, scripts and images of the site."""
    html = (folder / page["file"]).read_text()
    address = f"{site}/{page['path'].lstrip('/')}"

    def respond(route: Route) -> None:
        if route.request.is_navigation_request() and route.request.frame == tab.main_frame:
            route.fulfill(body=html, content_type="text/html; charset=utf-8")
        elif "/jsi18n/" in route.request.url:
            route.fulfill(path=folder / "jsi18n.js", content_type="text/javascript")
        else:
            route.continue_()

    tab.route("**/*", respond)
    tab.goto(address, wait_until="load")
    tab.unroute("**/*")
    tab.evaluate(script)
    yield from tab.evaluate(RUN)["violations"]


def describe(found: list[tuple[dict, dict]]) -> list[str]:
    """Return a few lines for each rule that is violated, the most frequent first."""
    rules = defaultdict(list)
    for page, violation in found:
        rules[violation["id"]].append((page, violation))
    lines = []
    for rule, cases in sorted(rules.items(), key=lambda item: -len(item[1])):
        lines.append(f"{len(cases)} × {rule}: {cases[0][1]['help']}")
        snippets = {}
        for page, violation in cases:
            for node in violation["nodes"]:
                where = f"{page['visitor']} {page['method']} {page['path']}"
                how = f"{page['scheme']} {page['width']}"
                snippets.setdefault(node["target"][0], f"  {where} {how}: {node['html'][:200]}")
        lines += list(snippets.values())[:8]
    return lines


if __name__ == "__main__":
    main()
