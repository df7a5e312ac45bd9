"""Starts the shared parts of several machines on this one: PostgreSQL, a replica, Redis, nginx.

Everything uses temporary folders and free loopback ports, and is removed when its block ends.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.meter import descendants
from benchmarks.ports import free_port, is_open
from benchmarks.servers import ROOT, environment, serving

START_TIMEOUT = 30
DEPLOY = ROOT / "deploy"


def missing(*others: str) -> list[str]:
    """Return the names of required programs that are not installed."""
    found = {name: shutil.which(name) for name in ("nginx", "redis-server", *others)}
    found["PostgreSQL"] = postgres_programs()
    return [name for name, path in found.items() if not path]


def postgres_programs() -> Path | None:
    """Return the folder of PostgreSQL's programs, for the newest version that is installed.

    On Debian it is not in PATH.
    """
    folders = [Path(name) for name in os.environ["PATH"].split(os.pathsep)]
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    needed = ("postgres", "initdb", "pg_basebackup")
    return next((f for f in folders if all((f / name).exists() for name in needed)), None)


@contextmanager
def running(*command: object, stop_by: int = signal.SIGTERM, **options) -> Iterator[int]:
    """Run a program until the block ends, and yield its process id. It may exit before that."""
    process = subprocess.Popen([str(part) for part in command], **options)
    try:
        yield process.pid
    finally:
        process.send_signal(stop_by)
        # A halted process would not receive the signal.
        process.send_signal(signal.SIGCONT)
        process.wait()


def wait_until(is_so: Callable[[], bool], what: str, *, seconds: float = START_TIMEOUT) -> float:
    """Wait until `is_so()` and return the seconds; raise TimeoutError after `seconds`."""
    started = time.monotonic()
    while not is_so():
        if time.monotonic() - started > seconds:
            raise TimeoutError(f"{what}, for {seconds} seconds")
        time.sleep(0.01)
    return time.monotonic() - started


# PostgreSQL ---------------------------------------------------------------------------------------


def unprivileged() -> dict:
    """Return arguments to run PostgreSQL as its own user, because it refuses to run as root."""
    return {} if os.geteuid() else {"user": "postgres", "group": "postgres", "extra_groups": []}


@dataclass(frozen=True, slots=True)
class Postgres:
    """A PostgreSQL server that can be stopped and started again."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        return f"postgres://blog@127.0.0.1:{self.port}/postgres"

    @property
    def log(self) -> Path:
        return self.folder.parent / f"{self.folder.name}.log"

    @contextmanager
    def running(self) -> Iterator[int]:
        programs = postgres_programs()
        options = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "port": self.port,
        }
        settings = [f"--{name}={value}" for name, value in options.items()]
        with self.log.open("a") as log:
            as_whom = unprivileged() | {"stdout": log, "stderr": log}
            command = (programs / "postgres", "-D", self.folder, *settings)
            with running(*command, stop_by=signal.SIGINT, **as_whom) as pid:
                wait_until(self.responds, f"PostgreSQL at {self.port} does not respond")
                yield pid

    def responds(self) -> bool:
        try:
            with psycopg.connect(self.url, connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False


@contextmanager
def postgres_folder() -> Iterator[Path]:
    """Yield a folder that belongs to PostgreSQL's user."""
    with tempfile.TemporaryDirectory(prefix="blogsite-postgres-") as name:
        if owner := unprivileged():
            shutil.chown(name, owner["user"], owner["group"])
        yield Path(name)


def make_primary(folder: Path) -> Postgres:
    command = [postgres_programs() / "initdb", "--auth=trust", "--username=blog", "--no-sync"]
    call(*command, "--encoding=UTF8", "--locale=C.UTF-8", "-D", folder / "primary")
    return Postgres(folder / "primary", free_port())


def make_replica(replica: Postgres, primary: Postgres) -> None:
    """Copy a running primary; the copy follows it."""
    whence = f"host=127.0.0.1 port={primary.port} user=blog"
    command = [postgres_programs() / "pg_basebackup", "--no-sync", "-c", "fast", "-R", "-d", whence]
    call(*command, "-D", replica.folder)


def call(*command: object) -> None:
    arguments = [str(part) for part in command]
    subprocess.run(arguments, check=True, capture_output=True, cwd="/", **unprivileged())


# Redis and nginx ----------------------------------------------------------------------------------


@contextmanager
def redis_server(port: int) -> Iterator[int]:
    options = ("--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
    with running("redis-server", *options, stdout=subprocess.DEVNULL) as pid:
        wait_until(lambda: is_open(port), "Redis does not respond")
        yield pid


@contextmanager
def nginx(folder: Path, config: str) -> Iterator[int]:
    """Run nginx with `config`, a variant of deploy/nginx.conf, until the block ends."""
    path = write_nginx(folder, config)
    call_nginx(path, "-t")
    # nginx writes this file once it listens.
    pid_file = folder / "nginx.pid"
    with running(*nginx_command(path), "-g", "daemon off;") as pid:
        wait_until(lambda: is_longer_than(pid_file, 0), "nginx does not start")
        yield pid


def is_longer_than(path: Path, size: int) -> bool:
    return path.exists() and path.stat().st_size > size


def nginx_command(path: Path) -> tuple:
    return ("nginx", "-e", path.parent / "error.log", "-p", path.parent, "-c", path)


def call_nginx(path: Path, *options: str) -> None:
    """Raise ValueError with nginx's message if it rejects its configuration."""
    run = subprocess.run([*nginx_command(path), *options], capture_output=True, text=True)
    if run.returncode:
        raise ValueError(run.stderr)


def write_nginx(folder: Path, config: str) -> Path:
    """Write a main configuration like a distribution's that includes `config`; return its path."""
    temporary = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    lines = [
        # Workers run as the user who starts nginx, because that user owns the files.
        "user root;" if os.geteuid() == 0 else "",
        "worker_processes 2;",
        f"pid {folder}/nginx.pid;",
        f"error_log {folder}/error.log;",
        "events { worker_connections 1024; }",
        "http {",
        "include /etc/nginx/mime.types;",
        "sendfile on;",
        f"access_log {folder}/access.log;",
        *(f"{name}_temp_path {folder}/{name};" for name in temporary),
        config,
        "}",
    ]
    path = folder / "nginx.conf"
    path.write_text("\n".join(lines))
    return path


def shipped_nginx(
    folder: Path,
    instance: Path,
    *,
    port: int,
    backends: list[int],
    tls: tuple[Path, Path] | None,
    plain: int = 0,
) -> str:
    """Return deploy/nginx.conf with ports and folders of this machine.

    Without a key and its certificate in `tls`, nginx speaks only HTTP. `plain` is the port that
    redirects to HTTPS.
    """
    text = (DEPLOY / "nginx.conf").read_text()
    lines = [f"server 127.0.0.1:{backend} max_fails=1 fail_timeout=2s;" for backend in backends]
    text = replace(text, r"server 127\.0\.0\.1:8000 .*", "\n    ".join(lines))
    text = replace(text, "/var/cache/blogsite", f"{folder}/pages")
    text = replace(text, "/var/lib/blogsite", str(instance))
    text = replace(text, "/var/www/html", f"{folder}/www")
    text = replace(text, r"listen \[::\]:.*\n", "")
    text = replace(text, "listen 80;", f"listen 127.0.0.1:{plain or free_port()};")
    if tls is None:
        text = replace(text, r" +ssl_.*\n", "")
        return replace(text, "listen 443 ssl;", f"listen 127.0.0.1:{port};")
    key, certificate = tls
    text = replace(text, r"(ssl_certificate) .*", rf"\1 {certificate};")
    text = replace(text, r"(ssl_certificate_key) .*", rf"\1 {key};")
    return replace(text, "listen 443", f"listen 127.0.0.1:{port}")


def replace(text: str, pattern: str, by: str) -> str:
    """Replace all matches. Raise ValueError if there are none, as the file must have changed."""
    replaced, number = re.subn(pattern, by, text)
    if not number:
        raise ValueError(f"deploy/nginx.conf has no match for {pattern}")
    return replaced


# All parts together -------------------------------------------------------------------------------


class Machines:
    """A site on several simulated machines. Each part can be stopped separately.

    Two gunicorns, each with its own instance folder, behind nginx; one PostgreSQL with a replica,
    and one Redis. `started` maps each part to its process id or its `Server`.
    """

    def __init__(self, folder: Path, database: Path, tls: tuple[Path, Path] | None) -> None:
        self.folder, self.tls = folder, tls
        self.primary = make_primary(database)
        self.replica = Postgres(database / "replica", free_port())
        self.redis_port, self.port = free_port(), free_port()
        self.ports = {"one": free_port(), "two": free_port()}
        self.origin = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self.stacks: dict[str, ExitStack] = {}
        self.started: dict[str, Any] = {}

    @property
    def variables(self) -> dict[str, str]:
        return {
            "SITE_URL": self.origin,
            "BEHIND_PROXY": "1",
            "DATABASE_URL": self.primary.url,
            "DATABASE_REPLICA_URL": self.replica.url,
            "CACHE_URL": f"redis://127.0.0.1:{self.redis_port}/0",
        }

    def instance(self, name: str) -> Path:
        return self.folder / name

    def log(self, name: str) -> Path:
        return self.folder / f"gunicorn-{self.ports[name]}.log"

    def part(self, name: str) -> AbstractContextManager:
        """Return a context manager that runs one part."""
        if name in self.ports:
            own = self.variables | {"INSTANCE_DIR": str(self.instance(name))}
            return serving(self.folder, "blogsite.wsgi", port=self.ports[name], **own)
        if name == "nginx":
            return nginx(self.folder, self.nginx_config())
        if name == "redis":
            return redis_server(self.redis_port)
        return {"primary": self.primary, "replica": self.replica}[name].running()

    def nginx_config(self) -> str:
        backends = [*self.ports.values()]
        where = {"port": self.port, "backends": backends, "tls": self.tls}
        return shipped_nginx(self.folder, self.instance("one"), **where)

    def start(self, *names: str) -> None:
        for name in names:
            stack = self.stacks[name] = ExitStack()
            self.started[name] = stack.enter_context(self.part(name))

    def stop(self, *names: str) -> None:
        for name in names:
            self.stacks.pop(name).close()

    def kill(self, name: str) -> None:
        """Kill all processes of a gunicorn at once, like a machine that loses power."""
        main = self.started[name].pid
        for pid in (main, *descendants(main)):
            os.kill(pid, signal.SIGKILL)
        self.stop(name)

    def wait_for_responses(self, *names: str) -> None:
        """Wait until each of these gunicorns has served a new request."""
        logs = [self.log(name) for name in names]
        sizes = [log.stat().st_size for log in logs]
        for log, size in zip(logs, sizes, strict=True):
            is_longer = partial(is_longer_than, log, size + 500)
            wait_until(is_longer, f"nothing responds, says {log.name}")

    def manage(self, name: str, *arguments: str) -> None:
        own = environment(self.variables | {"INSTANCE_DIR": str(self.instance(name))})
        command = [sys.executable, "manage.py", *arguments]
        subprocess.run(command, check=True, cwd=ROOT, env=own, stdout=subprocess.DEVNULL)


@contextmanager
def machines(folder: Path, *, tls: tuple[Path, Path] | None = None) -> Iterator[Machines]:
    """Start all parts, with an empty site that is ready."""
    with postgres_folder() as database:
        site = Machines(folder, database, tls)
        try:
            site.start("primary", "redis")
            site.manage("one", "prepare")
            share_with(site.instance("one"), site.instance("two"))
            site.manage("two", "prepare")
            make_replica(site.replica, site.primary)
            site.start("replica", "one", "two", "nginx")
            yield site
        finally:
            site.stop(*reversed(site.stacks))


def share_with(one: Path, two: Path) -> None:
    """Share the secret key and the images between two machines, and nothing else."""
    two.mkdir(mode=0o700)
    shutil.copy(one / "secret_key", two)
    (one / "media").mkdir(exist_ok=True)
    (two / "media").symlink_to(one / "media")
