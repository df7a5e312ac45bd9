"""The wheel: it contains all that the site needs, and runs outside a checkout."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from blogsite import __version__

pytestmark = pytest.mark.program
ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """Return the wheel, built without the network, because the backend is already installed."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT]
    subprocess.run(command, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return path


def test_its_name_has_the_version(wheel):
    assert wheel.name == f"blogsite-{__version__}-py3-none-any.whl"


def test_it_contains_every_module_template_static_file_and_catalog(wheel):
    found = set(zipfile.ZipFile(wheel).namelist())
    missing = {name for name in expected_names() if name not in found}
    assert not missing


def expected_names() -> set[str]:
    names = set()
    for folder in (
        "accounts",
        "blogsite",
        "caching",
        "jobs",
        "content",
        "identity",
        "posts",
        "templates",
        "static",
        "locale",
    ):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and not {"tests", "__pycache__"} & set(path.parts):
                name = path.relative_to(ROOT).as_posix()
                names.add(
                    f"blogsite/{name}" if folder in ("templates", "static", "locale") else name
                )
    assert "blogsite/templates/base.html" in names
    return names


def test_it_contains_no_tests(wheel):
    assert not [name for name in zipfile.ZipFile(wheel).namelist() if "tests" in name.split("/")]


CHECK_PAGE = """
from django.test import Client
response = Client().get("/", headers={"host": "localhost"})
assert response.status_code == 200 and ".css" in response.text
import blogsite
print(blogsite.__file__)
"""


def test_installed_elsewhere_it_offers_the_command_and_serves_a_page(wheel, tmp_path):
    target = tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*install, "--target", target, wheel], check=True)
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(target),
        "INSTANCE_DIR": str(tmp_path / "data"),
    }
    command = [sys.executable, target / "bin/blogsite"]

    def blogsite(*arguments: str) -> str:
        return subprocess.run(
            [*command, *arguments],
            env=environment,
            cwd=tmp_path,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    assert blogsite("--version") == f"blogsite {__version__}\n"
    assert "seed_demo" in blogsite("help")
    blogsite("migrate", "--verbosity", "0")
    blogsite("collectstatic", "--noinput", "--verbosity", "0")
    blogsite("seed_demo", "--posts", "20")
    assert str(target) in blogsite("shell", "--no-imports", "--command", CHECK_PAGE)
