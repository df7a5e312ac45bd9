"""Starts what several machines share, on this one: PostgreSQL with a replica, Redis and nginx.

All of it in temporary folders, on free ports of the loopback, and gone when its block ends.
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
    """Return the names of programs that are needed and not installed."""
    found = {name: shutil.which(name) for name in ("nginx", "redis-server", *others)}
    found["PostgreSQL"] = postgres_programs()
    return [name for name, path in found.items() if not path]


def postgres_programs() -> Path | None:
    """Return the folder of PostgreSQL's server and its tools, the newest where there are several.

    Debian keeps it out of the path.
    """
    folders = [Path(name) for name in os.environ["PATH"].split(os.pathsep)]
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    needed = ("postgres", "initdb", "pg_basebackup")
    return next((f for f in folders if all((f / name).exists() for name in needed)), None)


@contextmanager
def running(*command: object, stop_by: int = signal.SIGTERM, **options) -> Iterator[int]:
    """Run a program until the block ends, and give its process id; it may have ended by then."""
    process = subprocess.Popen([str(part) for part in command], **options)
    try:
        yield process.pid
    finally:
        process.send_signal(stop_by)
        # One that was halted would not hear it.
        process.send_signal(signal.SIGCONT)
        process.wait()


def wait_until(is_so: Callable[[], bool], what: str, *, seconds: float = START_TIMEOUT) -> float:
    """Return after how many seconds it is so; raise TimeoutError where it never is."""
    started = time.monotonic()
    while not is_so():
        if time.monotonic() - started > seconds:
            raise TimeoutError(f"{what}, for {seconds} seconds")
        time.sleep(0.01)
    return time.monotonic() - started


# PostgreSQL ---------------------------------------------------------------------------------------


def unprivileged() -> dict:
    """Return whom PostgreSQL runs as, which refuses to be root: its own user, which it brought."""
    return {} if os.geteuid() else {"user": "postgres", "group": "postgres", "extra_groups": []}


@dataclass(frozen=True, slots=True)
class Postgres:
    """A PostgreSQL that can be started, stopped and started again."""

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
                wait_until(self.answers, f"PostgreSQL at {self.port} does not answer")
                yield pid

    def answers(self) -> bool:
        try:
            with psycopg.connect(self.url, connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False


@contextmanager
def postgres_folder() -> Iterator[Path]:
    """Give a folder that belongs to whom PostgreSQL runs as."""
    with tempfile.TemporaryDirectory(prefix="blogsite-postgres-") as name:
        if owner := unprivileged():
            shutil.chown(name, owner["user"], owner["group"])
        yield Path(name)


def make_primary(folder: Path) -> Postgres:
    command = [postgres_programs() / "initdb", "--auth=trust", "--username=blog", "--no-sync"]
    call(*command, "--encoding=UTF8", "--locale=C.UTF-8", "-D", folder / "primary")
    return Postgres(folder / "primary", free_port())


def make_replica(replica: Postgres, primary: Postgres) -> None:
    """Copy a running primary, so that the copy follows it."""
    whence = f"host=127.0.0.1 port={primary.port} user=blog"
    command = [postgres_programs() / "pg_basebackup", "--no-sync", "-c", "fast", "-R", "-d", whence]
    call(*command, "-D", replica.folder)


def call(*command: object) -> None:
    words = [str(part) for part in command]
    subprocess.run(words, check=True, capture_output=True, cwd="/", **unprivileged())


# Redis and nginx ----------------------------------------------------------------------------------


@contextmanager
def redis_server(port: int) -> Iterator[int]:
    options = ("--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
    with running("redis-server", *options, stdout=subprocess.DEVNULL) as pid:
        wait_until(lambda: is_open(port), "Redis does not answer")
        yield pid


@contextmanager
def nginx(folder: Path, config: str) -> Iterator[int]:
    """Run nginx with `config`, as it stands in deploy/nginx.conf, until the block ends."""
    path = write_nginx(folder, config)
    call_nginx(path, "-t")
    # Written once it listens.
    pid_file = folder / "nginx.pid"
    with running(*nginx_command(path), "-g", "daemon off;") as pid:
        wait_until(lambda: is_longer_than(pid_file, 0), "nginx does not start")
        yield pid


def is_longer_than(path: Path, size: int) -> bool:
    return path.exists() and path.stat().st_size > size


def nginx_command(path: Path) -> tuple:
    return ("nginx", "-e", path.parent / "error.log", "-p", path.parent, "-c", path)


def call_nginx(path: Path, *options: str) -> None:
    """Raise ValueError with what nginx says, where it refuses its configuration."""
    run = subprocess.run([*nginx_command(path), *options], capture_output=True, text=True)
    if run.returncode:
        raise ValueError(run.stderr)


def write_nginx(folder: Path, config: str) -> Path:
    """Write the main configuration around `config`, as a distribution's is, and return its path."""
    temporary = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    lines = [
        # Who starts it owns the files it serves.
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
    """Return deploy/nginx.conf for this machine: other ports and folders, the rest as it is.

    Without a key and its certificate in `tls` it speaks HTTP alone. `plain` is the port that
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
    """Replace all that matches, and insist that something does: the file may have changed."""
    replaced, number = re.subn(pattern, by, text)
    if not number:
        raise ValueError(f"deploy/nginx.conf holds nothing that matches {pattern}")
    return replaced


# All of it together -------------------------------------------------------------------------------


class Machines:
    """A site on several machines, which are all this one, and each part can be stopped by itself.

    Two gunicorns, each with an instance folder of its own, behind nginx; one PostgreSQL with its
    replica, one Redis. `started` holds what each part gave when it started: its process id, or the
    `Server`.
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
        """Return what runs one part."""
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
        """End a gunicorn as a machine ends that loses its power: all its processes, at once."""
        main = self.started[name].pid
        for pid in (main, *descendants(main)):
            os.kill(pid, signal.SIGKILL)
        self.stop(name)

    def wait_for_answers(self, *names: str) -> None:
        """Return when each of these gunicorns has answered requests that came from now on."""
        logs = [self.log(name) for name in names]
        sizes = [log.stat().st_size for log in logs]
        for log, size in zip(logs, sizes, strict=True):
            is_longer = partial(is_longer_than, log, size + 500)
            wait_until(is_longer, f"nothing is answered, says {log.name}")

    def manage(self, name: str, *arguments: str) -> None:
        own = environment(self.variables | {"INSTANCE_DIR": str(self.instance(name))})
        command = [sys.executable, "manage.py", *arguments]
        subprocess.run(command, check=True, cwd=ROOT, env=own, stdout=subprocess.DEVNULL)


@contextmanager
def machines(folder: Path, *, tls: tuple[Path, Path] | None = None) -> Iterator[Machines]:
    """Start all of it, prepared and empty."""
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
    """Let two machines have the key and the pictures in common, and nothing else."""
    two.mkdir(mode=0o700)
    shutil.copy(one / "secret_key", two)
    (one / "media").mkdir(exist_ok=True)
    (two / "media").symlink_to(one / "media")
