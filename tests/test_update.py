"""Updating a running site with the commands from README.md."""

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from benchmarks.machines import wait_until
from benchmarks.visitor import Visitor, asking
from tests.documented import Shell, commands_of
from tests.servers import ROOT, activated, new_database

LEFT_OUT = (".git", ".venv*", "instance", "docs", "results", "__pycache__", ".*_cache")
MIGRATION = """
from django.db import migrations

class Migration(migrations.Migration):
    dependencies = [("posts", "{before}")]
    operations = [migrations.RunSQL("CREATE TABLE made_by_the_update (number integer)")]
"""
GIT = "git -c user.name=test -c user.email=test@example.org"


def commit(folder: Path, message: str) -> None:
    command = f"git init -q && git add -Af && {GIT} commit -qm '{message}'"
    subprocess.run(["bash", "-c", command], cwd=folder, check=True)


def release(upstream: Path) -> None:
    """Commit a version that changes the database and the stylesheet of every page."""
    migrations = upstream / "posts/migrations"
    before = max(path.stem for path in migrations.glob("[0-9]*.py"))
    (migrations / "9999_update.py").write_text(MIGRATION.format(before=before))
    with (upstream / "static/css/site.css").open("a") as style:
        style.write("/* of the update */")
    commit(upstream, "A new version")


@pytest.fixture
def upstream(tmp_path) -> Path:
    folder = tmp_path / "upstream"
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*LEFT_OUT))
    commit(folder, "The version that runs")
    return folder


@pytest.fixture
def checkout(tmp_path, upstream) -> Path:
    """Return a checkout whose .venv has the packages of this test run."""
    folder = tmp_path / "checkout"
    subprocess.run(["git", "clone", "-q", upstream, folder], check=True)
    (folder / ".venv").mkdir()
    for name in ("bin", "lib", "pyvenv.cfg"):
        (folder / ".venv" / name).symlink_to(Path(sys.prefix) / name)
    return folder


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with closing(socket.create_server(("127.0.0.1", 0), backlog=2048)) as opened:
        yield opened


@pytest.fixture
def shell(tmp_path, checkout, listener) -> Iterator[Shell]:
    """Return a shell of root on a server whose site is installed and prepared."""
    settings = tmp_path / "blogsite.env"
    with new_database("update") as url:
        variables = {
            "INSTANCE_DIR": str(tmp_path / "instance"),
            "DATABASE_URL": url,
            "PORT": str(listener.getsockname()[1]),
        }
        lines = [f"{name}={value}\n" for name, value in variables.items()]
        settings.write_text("".join(lines))
        shell = Shell(tmp_path, {"/opt/blogsite": checkout}, BLOGSITE_ENV=str(settings))
        shell.run("cd /opt/blogsite && bin/venv requirements.txt", "deploy/manage prepare")
        shell.variables = os.environ | variables | {"PYTHONPATH": str(checkout)}
        yield shell


def stylesheet(visitor: Visitor) -> str:
    return re.search(r"/static/css/site\.\w+\.css", visitor.get().text)[0]


@pytest.mark.server
def test_an_update_by_the_lines_of_the_readme_refuses_no_request(
    shell, checkout, upstream, listener
):
    visitor = Visitor(f"http://127.0.0.1:{listener.getsockname()[1]}")
    own = shell.variables
    with ExitStack() as old, ExitStack() as new:
        old.enter_context(activated(listener, own, checkout))
        before = stylesheet(visitor)
        with asking(visitor, ["/", "/tags/"], threads=2) as tally:
            release(upstream)
            said = shell.run(*commands_of("README.md", "### Update"))
            # The last command requests a restart. This is how systemd does it.
            assert shell.calls[-1] == "systemctl restart blogsite"
            old.close()
            new.enter_context(activated(listener, own, checkout))
            wait_until(lambda end=tally.responses + 50: tally.responses > end, "no responses")
        assert not tally.failed
        assert {"Migrating", "Collecting"} <= {line.partition(" ")[0] for line in said.splitlines()}
        assert stylesheet(visitor) != before
        assert "of the update" in visitor.get(stylesheet(visitor)).text
    shell.run("cd /opt/blogsite", "deploy/manage migrate --check")
