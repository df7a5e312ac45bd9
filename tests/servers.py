"""Parts of a real server for tests: a database, systemd's socket, and a certificate."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

from benchmarks.machines import running

ROOT = Path(__file__).parents[1]


@contextmanager
def new_database(purpose: str) -> Iterator[str]:
    """Yield the URL of a new PostgreSQL database, or "" for SQLite."""
    url = os.environ.get("DATABASE_URL", "")
    if not url.startswith("postgres"):
        yield ""
        return
    name = f"blogsite_{purpose}_{os.getpid()}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
        yield urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def activated(listener: socket.socket, own: dict, checkout: Path = ROOT) -> Iterator[int]:
    """Run gunicorn with a given socket, like systemd."""
    number = listener.fileno()
    given = f"exec 3<&{number}; LISTEN_PID=$$ LISTEN_FDS=1 exec {sys.executable} -m gunicorn"
    command = ("bash", "-c", f"{given} blogsite.wsgi")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    environment = own | {"ACCESS_LOG": "0"}
    with running(*command, cwd=checkout, env=environment, pass_fds=[number], **quiet) as pid:
        yield pid


def self_signed(folder: Path) -> tuple[Path, Path]:
    """Create and return a key and a self-signed certificate."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1"]
    command = [*made, "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    return key, certificate
