"""`bin/venv`: makes .venv once, repairs an incomplete one, and leaves a complete one alone."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.servers import ROOT

pytestmark = pytest.mark.program
STAMP = ".venv/installed-requirements.txt.stamp"
# Incomplete installations of Python: code that runs before the given program, and the expected
# error.
LACKING = {
    "old": ("sys.version_info = (3, 9, 18)", "3.11 or newer is needed"),
    "without venv": ("sys.modules['ensurepip'] = None", "has no venv module"),
}
NOBODY = 65534


@pytest.fixture
def checkout(tmp_path) -> Path:
    """Return a checkout that needs no packages, so its .venv is created without the network."""
    fill_checkout(tmp_path)
    return tmp_path


def fill_checkout(folder: Path) -> None:
    (folder / "bin").mkdir()
    (folder / "bin/venv").write_text((ROOT / "bin/venv").read_text())
    (folder / "requirements.txt").write_text("# nothing\n")


def run(checkout: Path, **options) -> subprocess.CompletedProcess:
    command = ["bash", checkout / "bin/venv", "requirements.txt"]
    return subprocess.run(command, capture_output=True, text=True, **options)


def make_venv(checkout: Path) -> str:
    result = run(checkout)
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize("lack", [*LACKING, "missing"])
def test_an_unsuitable_python_gives_a_one_line_error(checkout, tmp_path, lack):
    python = tmp_path / "python"
    if lack in LACKING:
        change, message = LACKING[lack]
        python.write_text(f'#!/bin/sh\nexec python3 -c "import sys; {change}\n$2"\n')
        python.chmod(0o755)
    else:
        message = "is not installed"
    result = run(checkout, env=os.environ | {"PYTHON": str(python)})
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1
    assert message in result.stderr


def test_the_venv_is_made_once_and_again_when_something_changes(checkout):
    assert "Making .venv" in make_venv(checkout)
    assert make_venv(checkout) == ""
    assert (checkout / STAMP).exists()

    (checkout / "requirements.txt").write_text("# still nothing\n")
    output = make_venv(checkout)
    assert "Installing" in output and "Making" not in output
    assert make_venv(checkout) == ""

    # After an upgrade of Python, the packages in .venv belong to another version.
    (checkout / ".venv/bin/python").unlink()
    (checkout / STAMP).write_text("3.11.0 x")
    assert "Making .venv" in make_venv(checkout)


def cut(path: Path) -> None:
    """Cut a file in half, as a full disk does."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def break_venv(checkout: Path, damage: str) -> None:
    site = next((checkout / ".venv/lib").glob("python*/site-packages"))
    if damage == "pip is half there":
        shutil.rmtree(site / "pip/_internal/cli")
    elif damage == "a module of pip is cut off":
        cut(site / "pip/_internal/req/req_install.py")
    else:
        cut(next(site.glob("pip/__pycache__/*.pyc")))


@pytest.mark.parametrize(
    "damage", ["pip is half there", "a module of pip is cut off", "compiled code is cut off"]
)
def test_an_incomplete_venv_is_made_again(made_checkout, damage):
    break_venv(made_checkout, damage)
    assert "Making .venv" in make_venv(made_checkout)
    python = made_checkout / ".venv/bin/python"
    subprocess.run([python, "-m", "pip", "--version"], check=True, capture_output=True)
    assert make_venv(made_checkout) == ""


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """Return a complete .venv, created once. pip compiles its own code when it is first used."""
    folder = tmp_path_factory.mktemp("made")
    subprocess.run(["python3", "-m", "venv", folder / ".venv"], check=True)
    subprocess.run([folder / ".venv/bin/python", "-m", "pip", "list"], check=True)
    return folder / ".venv"


@pytest.fixture
def made_checkout(checkout, made) -> Path:
    """Return a checkout whose .venv was not finished: a full disk left an empty stamp."""
    shutil.copytree(made, checkout / ".venv", symlinks=True)
    (checkout / STAMP).write_text("")
    return checkout


def test_an_install_that_was_cut_off_is_done_again(checkout):
    make_venv(checkout)
    (checkout / STAMP).unlink()
    output = make_venv(checkout)
    assert "Installing" in output and "Making" not in output


@pytest.fixture
def as_another_user():
    """Return the options that run a command as a user who can't write anything here."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []}


@pytest.fixture
def shared():
    """Yield a checkout that every user can read, and an environment with a Python for everyone."""
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin")
    if python is None:
        pytest.skip("no Python that every user may run")
    with tempfile.TemporaryDirectory() as folder:
        checkout = Path(folder)
        checkout.chmod(0o755)
        fill_checkout(checkout)
        yield checkout, {"PATH": "/usr/bin:/bin", "PYTHON": python}


def test_a_complete_venv_starts_for_another_user(shared, as_another_user):
    checkout, environment = shared
    result = run(checkout, env=environment)
    if result.returncode:
        pytest.skip(result.stderr)  # that Python can't create a .venv
    expected = (0, "", "")
    result = run(checkout, env=environment, **as_another_user)
    assert (result.returncode, result.stdout, result.stderr) == expected
    (checkout / ".venv.lock").unlink()
    # Another user's python3 may be another version, or none.
    other = checkout / "python3"
    other.write_text("#!/bin/sh\nexit 1\n")
    other.chmod(0o755)
    result = run(checkout, env={"PATH": f"{checkout}:/usr/bin:/bin"}, **as_another_user)
    assert (result.returncode, result.stdout, result.stderr) == expected


def test_another_user_gets_one_line_about_an_incomplete_venv(shared, as_another_user):
    checkout, environment = shared
    result = run(checkout, env=environment, **as_another_user)
    assert result.returncode == 1
    assert result.stderr == (
        f"bin/venv: {checkout} can't be written, and .venv is not complete there.\n"
    )
