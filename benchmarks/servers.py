"""Starts the measured servers: one instance of the site per number of posts, and the references."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis
from psycopg import sql

from benchmarks.meter import Processes
from benchmarks.ports import free_port, is_open

ROOT = Path(__file__).parent.parent
# Only these variables are passed on, so that your settings don't change the results.
PASSED_ON = ("PATH", "HOME", "LANG", "WEB_CONCURRENCY", "WEB_THREADS", "MAX_REQUESTS")
START_TIMEOUT = 60
# The key of the cache version in Django's cache.
COUNTER = ":1:page_cache.generation"
BACKENDS = """
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend'
    AND pid <> pg_backend_pid()"""


@dataclass(frozen=True, slots=True)
class Instance:
    """A folder, a database and a cache for a site with `posts` posts."""

    posts: int
    folder: Path
    database_url: str = ""
    cache_url: str = ""

    @property
    def environment(self) -> dict[str, str]:
        urls = {"DATABASE_URL": self.database_url, "CACHE_URL": self.cache_url}
        return {"INSTANCE_DIR": str(self.folder)} | urls

    def prepare(self, *, uncached: bool = False) -> list[dict]:
        """Fill the instance if it is empty, and return its pages (`benchmarks.instance`).

        With `uncached`, their queries are counted without cached fragments.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        pages = self.folder / "pages.json"
        command = [sys.executable, "-m", "benchmarks.instance", str(self.posts), str(pages)]
        command += ["--uncached"] if uncached else []
        own = self.environment | {"PORT": str(free_port())}
        subprocess.run(command, check=True, cwd=ROOT, env=environment(own))
        return json.loads(pages.read_text())

    def other_processes(self) -> list[int]:
        """Return the database and cache processes that work only for this site.

        They must run on this machine. PostgreSQL's writers and parallel workers are not included.
        """
        found = []
        if self.database_url:
            with psycopg.connect(self.database_url) as connection:
                found += [pid for (pid,) in connection.execute(BACKENDS)]
        if self.cache_url:
            with redis.from_url(self.cache_url) as client:
                found.append(client.info("server")["process_id"])
        return found


@dataclass(frozen=True, slots=True)
class Server:
    """A gunicorn that listens on `port`."""

    port: int
    pid: int
    instance: Instance | None = None

    def processes(self) -> Processes:
        return Processes(self.pid, self.instance.other_processes() if self.instance else [])


@contextmanager
def serving(
    folder: Path,
    *arguments: str,
    instance: Instance | None = None,
    port: int | None = None,
    **variables: str,
) -> Iterator[Server]:
    """Run gunicorn with `arguments` until the block ends, with its log in `folder`."""
    port = port or free_port()
    own = {"PORT": str(port)} | (instance.environment if instance else {}) | variables
    with (folder / f"gunicorn-{port}.log").open("a") as log:
        command = [sys.executable, "-m", "gunicorn", *arguments]
        process = subprocess.Popen(command, cwd=ROOT, env=environment(own), stdout=log, stderr=log)
        try:
            wait_for(process, port, Path(log.name))
            yield Server(port, process.pid, instance)
        finally:
            process.terminate()
            process.wait()


def environment(own: dict[str, str]) -> dict[str, str]:
    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return passed_on | {"RATE_LIMITS": "0"} | own


def wait_for(process: subprocess.Popen, port: int, log: Path) -> None:
    """Wait until the server accepts connections; exit with its log if the process ends."""
    end = time.monotonic() + START_TIMEOUT
    while not is_open(port):
        if process.poll() is not None or time.monotonic() > end:
            sys.exit(f"gunicorn did not start:\n{log.read_text()}")
        time.sleep(0.05)


@contextmanager
def database_of(url: str, posts: int, *, keep: bool) -> Iterator[str]:
    """Yield the URL of a database for `posts` posts, on the same server as `url`.

    Create it if it is missing, and drop it at the end unless it should be kept.
    """
    parts = urlsplit(url)
    name = f"{parts.path[1:]}_{posts}"
    execute(url, sql.SQL("CREATE DATABASE {}"), name, unless=(psycopg.errors.DuplicateDatabase,))
    try:
        yield urlunsplit(parts._replace(path=f"/{name}"))
    finally:
        if not keep:
            execute(url, sql.SQL("DROP DATABASE {} WITH (FORCE)"), name)


@contextmanager
def cache_of(url: str) -> Iterator[str]:
    """Yield the URL; at the end, remove the cache version unless it existed before."""
    with redis.from_url(url) as client:
        was_there = client.exists(COUNTER)
        try:
            yield url
        finally:
            if not was_there:
                client.delete(COUNTER)


def execute(url: str, statement: sql.SQL, name: str, *, unless: tuple = ()) -> None:
    """Execute a statement about the database `name`; ignore errors of the types in `unless`."""
    try:
        connection = psycopg.connect(url, autocommit=True)
    except psycopg.Error as error:
        sys.exit(f"The database in --database does not respond: {error}")
    with connection, suppress(*unless):
        connection.execute(statement.format(sql.Identifier(name)))
