"""Fixtures for the project's tests: servers that do not respond, the log, and the settings."""

import io
import logging
import os
import runpy
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper as PostgreSQL
from django.test import RequestFactory

from blogsite import environment
from blogsite.requests import RefusedIsWarning

SETTINGS = Path(environment.__file__).with_name("settings.py")


@pytest.fixture
def dead_port() -> int:
    """Return a port of this machine that refuses connections."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture
def use_database(db):
    """Return a function that replaces the default database connection."""
    original = connections["default"]
    used = []

    def use(wrapper_class, **changes):
        wrapper = wrapper_class({**original.settings_dict, **changes}, "default")
        connections["default"] = wrapper
        used.append(wrapper)
        return wrapper

    yield use
    connections["default"] = original
    for wrapper in used:
        wrapper.close()


@pytest.fixture
def dead_database(use_database, dead_port):
    """Replace the database with a port on which no server listens."""
    address = {"HOST": "127.0.0.1", "PORT": dead_port, "NAME": "blog"}
    return use_database(PostgreSQL, **address, OPTIONS={"connect_timeout": 5})


@pytest.fixture
def log(monkeypatch) -> io.StringIO:
    """Return the output of the site's log handler, with its filters and format."""
    (handler,) = (
        handler
        for handler in logging.getLogger().handlers
        if any(isinstance(each, RefusedIsWarning) for each in handler.filters)
    )
    written = io.StringIO()
    monkeypatch.setattr(handler, "stream", written)
    return written


@pytest.fixture
def environ(monkeypatch):
    """Return a function that makes these variables the whole environment of the process."""

    def set_to(**variables: str) -> None:
        for name in list(os.environ):
            monkeypatch.delenv(name)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return set_to


@pytest.fixture
def instance(tmp_path) -> Path:
    """Return the path of an instance folder that does not exist yet."""
    return tmp_path / "deep" / "instance"


@pytest.fixture
def load(environ, instance):
    """Return a function that runs the settings, as at a start, with only the given variables."""

    def run(path: Path = SETTINGS, **variables: str) -> dict:
        environ(**{"INSTANCE_DIR": str(instance)} | variables)
        return runpy.run_path(str(path))

    return run


@pytest.fixture
def refusal(load):
    """Return a function that returns the one-line error of the settings for the given variables."""

    def run(**variables: str) -> str:
        with pytest.raises(SystemExit) as stop:
            load(**variables)
        # If an exit code is a string, Python prints it to stderr and exits with 1.
        assert isinstance(stop.value.code, str) and stop.value.code.isprintable()
        return stop.value.code

    return run


@pytest.fixture
def ask():
    """Return a function that calls a WSGI callable like a server: status, headers and body."""

    def run(application, method: str, path: str) -> tuple[str, dict, bytes]:
        responded = []

        def start_response(status, headers, exc_info=None):
            responded.extend([status, dict(headers)])

        environ = RequestFactory().generic(method, path).environ
        response = application(environ, start_response)
        body = b"".join(response)
        response.close()
        return (*responded, body)

    def run_in_thread(*arguments) -> tuple[str, dict, bytes]:
        # A request closes the database connections of its thread, which must not be the test's
        # thread.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(run, *arguments).result()

    return run_in_thread
