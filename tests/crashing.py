"""A real site whose processes can be killed, and access to its database."""

import os
import random
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from django.db import connection, connections

from benchmarks.ports import free_port
from tests.servers import ROOT, new_database

DEADLINE = 60
PASSWORD = "correct horse battery staple"
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Connection": "close"}


@dataclass
class Site:
    """A running site. Tests send it requests, kill it, and read its database directly."""

    environment: dict
    master: subprocess.Popen
    cookies: dict = field(default_factory=dict)
    # The post for each kind of save, and the usual duration of a save in seconds.
    posts: dict = field(default_factory=dict)
    usual: float = 0.0

    @property
    def csrf_token(self) -> str:
        return next(value for name, value in self.cookies.items() if "csrftoken_" in name)


# Requests -----------------------------------------------------------------------------------------


def form_of(site: Site, fields: dict) -> bytes:
    return urlencode(fields | {"csrfmiddlewaretoken": site.csrf_token}).encode()


def headers_of(site: Site, content: bytes = b"") -> dict[str, str]:
    cookies = "; ".join(f"{name}={value}" for name, value in site.cookies.items())
    return FORM | {"Cookie": cookies, "Content-Length": str(len(content))}


@contextmanager
def connected(site: Site) -> Iterator[HTTPConnection]:
    request = HTTPConnection("127.0.0.1", int(site.environment["PORT"]), timeout=DEADLINE)
    try:
        yield request
    finally:
        request.close()


def ask(site: Site, path: str, fields: dict | None = None) -> tuple[int, str]:
    """Send a request, keep the response's cookies, and return its status and text."""
    with connected(site) as request:
        content = b"" if fields is None else form_of(site, fields)
        method = "GET" if fields is None else "POST"
        request.request(method, path, content, headers_of(site, content))
        with request.getresponse() as response:
            for cookie in response.headers.get_all("Set-Cookie", ()):
                name, value = cookie.partition(";")[0].split("=", 1)
                site.cookies[name] = value
            return response.status, response.read().decode()


def log_in(site: Site) -> None:
    who = {"username": "writer", "password": PASSWORD}
    register = {"username": "writer", "password1": PASSWORD, "password2": PASSWORD}
    for path, fields in (("/auth/register/", register), ("/auth/login/", who)):
        assert ask(site, path)[0] == 200
        assert ask(site, path, fields)[0] == 302
    assert any("sessionid_" in name for name in site.cookies)


# Starting and killing -----------------------------------------------------------------------------


@contextmanager
def running_site(instance: Path) -> Iterator[Site]:
    """Yield a site with a logged-in writer. Within the block, its database is `default`."""
    with new_database("crash") as url:
        own = {"PORT": str(free_port()), "INSTANCE_DIR": str(instance), "DATABASE_URL": url}
        own |= {"RATE_LIMITS": "0"}
        site = Site(os.environ | own, start(os.environ | own))
        try:
            with reading(url, instance):
                log_in(site)
                yield site
        finally:
            # If a test failed halfway, the site may be dead.
            if site.master.poll() is None:
                os.killpg(site.master.pid, signal.SIGINT)
                assert site.master.wait(DEADLINE) == 0
            site.master.stdout.close()


def start(environment: dict) -> subprocess.Popen:
    """Start `bin/serve` and wait until it prints its address. It appends to one log file."""
    with Path(environment["INSTANCE_DIR"], "log").open("ab") as log:
        command = [ROOT / "bin/serve"]
        server = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=log, start_new_session=True
        )
    said = b""
    while b"Serving at" not in said:
        assert select.select([server.stdout], [], [], DEADLINE)[0], "the start takes too long"
        part = os.read(server.stdout.fileno(), 4096)
        assert part, f"it did not start: {said.decode()} {log_of(environment)}"
        said += part
    return server


def log_of(environment: dict) -> str:
    return Path(environment["INSTANCE_DIR"], "log").read_text()


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, "waited too long"
        os.sched_yield()


def workers(site: Site) -> list[int]:
    master = site.master.pid
    return [int(pid) for pid in Path(f"/proc/{master}/task/{master}/children").read_text().split()]


@contextmanager
def one_worker(site: Site) -> Iterator[int]:
    """Stop the other worker until the block ends, and yield the one that still responds."""
    wait_until(lambda: len(workers(site)) == 2)
    # Choose at random between the newest worker and the one that survived.
    chosen, other = random.sample(workers(site), 2)
    os.kill(other, signal.SIGSTOP)
    try:
        yield chosen
    finally:
        with suppress(ProcessLookupError):
            os.kill(other, signal.SIGCONT)


def kill_worker(site: Site, worker: int) -> None:
    with ended([worker]):
        os.kill(worker, signal.SIGKILL)
    wait_until(lambda: worker not in workers(site))


def kill_all(site: Site) -> None:
    """Kill the master and all workers at once."""
    with ended([site.master.pid, *workers(site)]):
        os.killpg(site.master.pid, signal.SIGKILL)
    site.master.wait()
    site.master.stdout.close()


@contextmanager
def ended(pids: list[int]) -> Iterator[None]:
    """Wait at the end of the block until the processes that it killed have ended."""
    watched = [os.pidfd_open(pid) for pid in pids]
    yield
    for process in watched:
        assert select.select([process], [], [], DEADLINE)[0], "it outlived SIGKILL"
        os.close(process)


def is_settled() -> bool:
    """Return whether the database has finished the transactions of the killed processes."""
    if connection.vendor == "sqlite":
        return True
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND state <> 'idle'"
        )
        return cursor.fetchone()[0] == 0


@contextmanager
def reading(url: str, instance: Path) -> Iterator[None]:
    """Let the models read the site's database instead of the test database."""
    own = connections["default"]
    connections["default"] = own.copy()
    name = urlsplit(url).path[1:] or str(instance / "db.sqlite3")
    connections["default"].settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connections["default"] = own
