"""Takedowns: nginx never shows the old page again, whatever happens to the application."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest

from benchmarks.machines import nginx, shipped_nginx
from benchmarks.meter import descendants
from benchmarks.ports import free_port
from benchmarks.servers import Server, environment, serving
from benchmarks.visitor import Visitor
from tests.servers import ROOT, new_database

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(not shutil.which("nginx"), reason="not installed: nginx"),
]
CODINGS = ("gzip", "identity")
# The shipped timeout for an application that hangs is a minute, which is too long for a test.
SOON = "proxy_read_timeout 4s;\nproxy_next_upstream_tries"


class Site:
    """A site of nginx in front of one gunicorn, with an author."""

    def __init__(self, port: int, started: Server) -> None:
        self.origin, self.pid = f"http://127.0.0.1:{port}", started.pid
        # The author bypasses nginx, whose timeout is too short for a log-in on a busy machine.
        self.author = Visitor(f"http://127.0.0.1:{started.port}")
        self.author.join("author")

    def read(self, path: str) -> list[tuple[int, str]]:
        """Return the status and text of a page in each encoding, as anonymous visitors get it."""
        visitors = [Visitor(self.origin, headers={"Accept-Encoding": name}) for name in CODINGS]
        responses = [visitor.get(path) for visitor in visitors]
        return [(response.status, response.text) for response in responses]

    def tells(self, path: str, text: str) -> bool:
        """Return whether the page contains `text`, in any coding."""
        return any(text in found for _, found in self.read(path))

    def post(self, path: str, address: str, **fields: str) -> None:
        self.author.get(path)
        number = re.match("/([0-9]+)-", path)[1]
        self.author.expect(302, self.author.post(f"/{number}/{address}", **fields))

    def edit(self, path: str, title: str, action: str) -> None:
        number = re.match("/([0-9]+)-", path)[1]
        form = self.author.get(f"/{number}/update/").text
        version = re.search(r'name="version" value="([0-9]+)"', form)[1]
        fields = {"body": "Words", "version": version, "action": action}
        self.post(path, "update/", title=title, **fields)

    def send(self, number: int) -> None:
        for pid in (self.pid, *descendants(self.pid)):
            os.kill(pid, number)


TAKEDOWNS: dict[str, Callable[[Site, str, str], None]] = {
    "Unpublished": lambda site, path, title: site.edit(path, title, "unpublish"),
    "Trashed": lambda site, path, title: site.post(path, "delete/"),
    "Edited": lambda site, path, title: site.edit(path, "Something else", "publish"),
}


@pytest.fixture
def site(tmp_path) -> Iterator[Site]:
    port, backend = free_port(), free_port()
    instance = tmp_path / "instance"
    config = shipped_nginx(tmp_path, instance, port=port, backends=[backend], tls=None)
    config = config.replace("proxy_next_upstream_tries", SOON)
    with ExitStack() as stack:
        own = {
            "INSTANCE_DIR": str(instance),
            "DATABASE_URL": stack.enter_context(new_database("takedown")),
            "SITE_URL": f"http://127.0.0.1:{port}",
            "BEHIND_PROXY": "1",
            "POSTS_PER_PAGE": "50",
        }
        prepare = [sys.executable, "manage.py", "prepare"]
        quiet = {"check": True, "stdout": subprocess.DEVNULL}
        subprocess.run(prepare, cwd=ROOT, env=environment(own), **quiet)
        stack.enter_context(nginx(tmp_path, config))
        started = stack.enter_context(serving(tmp_path, "blogsite.wsgi", port=backend, **own))
        yield Site(port, started)


@contextmanager
def application_lost(site: Site, how: str) -> Iterator[None]:
    """Kill the application, or make it accept requests without ever responding."""
    is_killed = how == "killed"
    site.send(signal.SIGKILL if is_killed else signal.SIGSTOP)
    try:
        yield
    finally:
        if not is_killed:
            site.send(signal.SIGCONT)


@pytest.mark.parametrize("how", ["killed", "too slow"])
def test_removed_pages_do_not_come_back_while_the_application_is_down(site, how):
    titles = {f"{name}, {since}": name for name in TAKEDOWNS for since in ("asked", "not asked")}
    pages = {title: site.author.publish(title) for title in titles}
    for title, path in pages.items():
        assert site.tells(path, title) and site.tells("/", title)
    for title, name in titles.items():
        TAKEDOWNS[name](site, pages[title], title)
    for title, path in pages.items():
        assert title.endswith("not asked") or not site.tells(path, title)
    with application_lost(site, how):
        with ThreadPoolExecutor(len(pages) + 1) as pool:
            home, *found = pool.map(site.read, ("/", *pages.values()))
        for title, responses in zip(pages, found, strict=True):
            assert not any(title in text for _, text in responses)
        assert {status for status, _ in home} <= {502, 504}


def test_other_pages_are_served_while_the_application_is_away(site):
    path = site.author.publish("Still there")
    assert site.tells(path, "Still there")
    site.author.publish("Another post")
    with application_lost(site, "killed"):
        found = site.read(path)
    assert all(status == 200 and "Still there" in text for status, text in found)
