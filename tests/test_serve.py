"""`bin/serve` and `bin/venv`, run as real processes."""

import os
import re
import signal
import socket
import subprocess
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.meter import descendants
from benchmarks.ports import free_port
from tests.servers import ROOT

pytestmark = pytest.mark.program


@pytest.fixture
def environment(tmp_path) -> dict[str, str]:
    """Return the commands' environment, with a new instance on SQLite."""
    own = {"PORT": str(free_port()), "INSTANCE_DIR": str(tmp_path / "instance")}
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG")} | own


def run(environment: dict, *arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess:
    """Run a `bin/serve` that is expected to fail."""
    return subprocess.run(
        [ROOT / "bin/serve", *arguments],
        env=environment,
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
    )


@contextmanager
def serving(environment: dict, *arguments: str, cwd: Path = ROOT):
    """Start `bin/serve`, yield its output up to the address, and stop it like Ctrl-C."""
    server = subprocess.Popen(
        [ROOT / "bin/serve", *arguments],
        env=environment,
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A terminal sends Ctrl-C to the whole process group, including workers.
        start_new_session=True,
    )
    with server:
        lines = []
        for line in server.stdout:
            lines.append(line.rstrip())
            if line.startswith("Serving at"):
                break
        try:
            yield lines
        finally:
            os.killpg(server.pid, signal.SIGINT)
            lines += server.stdout.read().splitlines()
            errors = server.stderr.read()
            assert "/start/" not in errors.replace("/start/…/", "")
            assert server.wait(timeout=30) == 0, errors
            assert "Traceback" not in errors


def get(environment: dict, path: str = "/") -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{environment['PORT']}{path}") as response:
        return response.read().decode()


def test_it_prints_each_step_then_the_address_and_repeats_nothing(environment):
    instance = Path(environment["INSTANCE_DIR"])
    with serving(environment) as lines:
        steps = [line.partition(" ")[0] for line in lines if not line.startswith("Installing")]
        assert steps == ["Preparing", "Migrating", "Collecting", "Starting", "Serving"]
        address = f"http://127.0.0.1:{environment['PORT']}"
        assert lines[-1].startswith(f"Serving at {address}")
        token = (instance / "start_token").read_text()
        assert "Start your blog" in get(environment, f"/start/{token}/")
        style = re.search(r"/static/css/site\.\w+\.css", get(environment))[0]
        assert "--paper" in get(environment, style)
    assert lines[-1] == f"Become the owner of this blog: {address}/start/{token}/"
    assert (instance / "static/collected.stamp").exists()
    collected = (instance / "static/staticfiles.json").stat().st_mtime_ns
    # Start again at once, on the port that was just freed.
    with serving(environment) as lines:
        assert [line.partition(" ")[0] for line in lines] == ["Starting", "Serving"]
        assert (instance / "start_token").read_text() != token
    assert (instance / "static/staticfiles.json").stat().st_mtime_ns == collected


@pytest.fixture
def two_cores():
    """Run all processes of the test on two of the machine's cores."""
    there_are = os.sched_getaffinity(0) if hasattr(os, "sched_setaffinity") else {}
    if len(there_are) < 2:
        pytest.skip("a process has no choice of cores here")
    two = sorted(there_are)[:2]
    os.sched_setaffinity(0, two)
    yield two
    os.sched_setaffinity(0, there_are)


def test_each_of_two_workers_keeps_to_one_of_two_cores(environment, two_cores):
    last = time.monotonic() + 30
    # The test does not read the log, and a full pipe would block the workers.
    with serving(environment | {"ACCESS_LOG": "0"}):
        while sorted(kept := cores_of_workers()) != [[core] for core in two_cores]:
            assert time.monotonic() < last, kept
            get(environment)


def cores_of_workers() -> list[list[int]]:
    _, *workers = descendants(os.getpid())
    return [sorted(os.sched_getaffinity(pid)) for pid in workers]


def test_the_demo_says_once_how_to_log_in(environment):
    with serving(environment, "--demo") as lines:
        assert any(re.match(r"Log in as \S+ with the password \S+", line) for line in lines)
        assert "The Night Train" in get(environment)
    assert not any("/start/" in line for line in lines)
    with serving(environment, "--demo") as lines:
        assert not any("password" in line for line in lines)
        assert "The blog already has posts, so no sample posts were added." in lines


def test_a_relative_instance_is_in_the_current_folder(environment, tmp_path):
    with serving(environment | {"INSTANCE_DIR": "data"}, cwd=tmp_path):
        assert (tmp_path / "data/db.sqlite3").exists()
        assert (tmp_path / "data/secret_key").stat().st_mode & 0o777 == 0o600
    assert not (ROOT / "data").exists()


def test_a_port_that_is_in_use_gives_a_one_line_error(environment):
    with socket.socket() as other:
        other.bind(("127.0.0.1", int(environment["PORT"])))
        other.listen()
        result = run(environment)
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1
    assert f"127.0.0.1:{environment['PORT']} can't be used" in result.stderr


@pytest.mark.parametrize(
    ("setting", "value"), [("DEBUG", "maybe"), ("PORT", "x"), ("POSTS_PER_PAGE", "0")]
)
def test_a_bad_setting_gives_a_one_line_error(environment, setting, value):
    result = run(environment | {setting: value})
    assert result.returncode == 1
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith(f"{setting} is '{value}'; expected")


def test_an_unsafe_setting_refuses_to_start_and_says_what_to_set(environment):
    result = run(environment | {"ALLOWED_HOSTS": "*"})
    assert result.returncode == 1
    assert "blogsite.E001" in result.stderr and "ALLOWED_HOSTS=blog.example.org" in result.stderr


@pytest.mark.parametrize(("argument", "code"), [("--help", 0), ("--what", 2), ("demo", 2)])
def test_arguments_are_explained(environment, argument, code):
    result = run(environment, argument)
    assert result.returncode == code
    assert "usage: bin/serve [--demo]" in result.stdout + result.stderr
