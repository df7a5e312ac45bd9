"""Fixtures for a real Chromium and the server that `bin/serve` starts, on its own database."""

import itertools
import os
import re
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.ports import free_port
from tests.browser.test_main_job import join
from tests.servers import ROOT, new_database

# Chromium renders two popups of the address bar in each window, which no test sees. Without them, a
# window takes 0.15 s of CPU instead of 0.33. This list replaces Playwright's, so it repeats what
# matters here.
DISABLED_FEATURES = [
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxFullPopup",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "OptimizationHints",
    "PaintHolding",
]
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join(DISABLED_FEATURES)}",
]
# Browsers treat loopback addresses as secure, like HTTPS, but not names in a local network.
PLAIN_HOST = "blog.test"


@pytest.fixture(scope="package")
def database_url():
    with new_database("browser") as url:
        yield url


@pytest.fixture(scope="package")
def mails(tmp_path_factory):
    """The folder that the site writes its mail to."""
    return tmp_path_factory.mktemp("mails")


@pytest.fixture(scope="package")
def environment(tmp_path_factory, database_url, mails):
    """The environment of the site and of its commands."""
    return os.environ | {
        "PORT": str(free_port()),
        "INSTANCE_DIR": str(tmp_path_factory.mktemp("instance")),
        "DATABASE_URL": database_url,
        "EMAIL_URL": f"filemail://{mails}",
        # All tests of a process use one site and a few accounts.
        "RATE_LIMITS": "0",
        "ALLOWED_HOSTS": f"127.0.0.1,localhost,{PLAIN_HOST}",
    }


@pytest.fixture(scope="package")
def site(environment):
    """The address of a site that `bin/serve` starts and Ctrl-C stops."""
    with serving(environment, "Serving at"):
        yield f"http://127.0.0.1:{environment['PORT']}"


@pytest.fixture(scope="package")
def browser():
    path = os.environ.get("CHROMIUM")
    if not path:
        pytest.skip("no Chromium: bin/test finds or installs one")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture(params=[390, 1280], ids=["phone", "desktop"])
def width(request) -> int:
    return request.param


@pytest.fixture(params=[True, False], ids=["with-js", "without-js"])
def javascript(request) -> bool:
    return request.param


@pytest.fixture
def open_page(browser: Browser, site: str):
    """Return a function that opens a page. Fail at the end if a page logged or raised anything."""
    # Chromium also logs refused forms (which some tests send on purpose), an autofocus that it
    # blocked because a field already had the focus, and pages that it dropped at a login.
    complaints, contexts = [], []
    expected = ["a status of 422", "Autofocus processing was blocked", "Cleared data types"]

    def complain(text: str) -> None:
        if not re.search("|".join(expected), text):
            complaints.append(text)

    def open_(
        *, width: int = 1280, javascript: bool = True, scheme: str = "light", expect: str = ""
    ) -> Page:
        if expect:
            expected.append(expect)
        context = browser.new_context(
            base_url=site,
            viewport={"width": width, "height": 844},
            java_script_enabled=javascript,
            color_scheme=scheme,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complain(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture(scope="package")
def numbers():
    return itertools.count(1)


@pytest.fixture
def username(numbers) -> str:
    """A username that is still free on the site."""
    return f"writer{next(numbers)}"


@pytest.fixture
def editor(open_page, username: str, width: int) -> Page:
    """The editor with a new post."""
    page = open_page(width=width)
    join(page, username)
    page.goto("/create/")
    return page


@pytest.fixture
def status_of(site):
    """Return a function that returns a path's status code for an anonymous visitor."""

    def status(path: str) -> int:
        try:
            with urllib.request.urlopen(site + path) as response:
                return response.status
        except urllib.error.HTTPError as error:
            return error.code

    return status


@contextmanager
def serving(environment: dict[str, str], beginning: str) -> Iterator[str]:
    """Run `bin/serve`, and yield the first line it prints that begins with `beginning`."""
    command = [ROOT / "bin/serve"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as server:
        yield next(line for line in server.stdout if line.startswith(beginning))
        server.send_signal(signal.SIGINT)
        # This is longer than gunicorn waits for its workers.
        assert server.wait(timeout=60) == 0


def cut_off(page) -> None:
    """Keep typed text from reaching the server, even what the browser sends while a page closes."""
    page.evaluate("() => { window.fetch = () => Promise.reject(new TypeError('cut off')); }")


def wait_until(page, condition: str) -> None:
    """Wait until an expression is true. Playwright's own way needs `eval`, which pages forbid."""
    look = f"const look = () => ({condition}) ? done() : setTimeout(look, 50); look();"
    page.evaluate(f"() => new Promise((done) => {{ {look} }})")
