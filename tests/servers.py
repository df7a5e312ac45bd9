"""Parts of a real server that tests start: a database, systemd's socket, a certificate."""

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
    """Give the URL of an empty database: a new one on PostgreSQL, or nothing, which is SQLite."""
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
    """Run gunicorn on a socket that it is given, as systemd starts it."""
    number = listener.fileno()
    given = f"exec 3<&{number}; LISTEN_PID=$$ LISTEN_FDS=1 exec {sys.executable} -m gunicorn"
    command = ("bash", "-c", f"{given} blogsite.wsgi")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    environment = own | {"ACCESS_LOG": "0"}
    with running(*command, cwd=checkout, env=environment, pass_fds=[number], **quiet) as pid:
        yield pid


def self_signed(folder: Path) -> tuple[Path, Path]:
    """Return a new key and a certificate that only a test trusts."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1"]
    command = [*made, "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    return key, certificate
