"""Backup and restore with the commands of docs/runbook.md."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.documented import Shell, commands_of
from tests.servers import ROOT, new_database

pytestmark = pytest.mark.server

WRITE = """
from accounts.models import User
from posts.models import Post
Post.objects.create(author=User.objects.create_user("ann"), title="Kept", body="Words")
"""
READ = """
from posts.models import Post
from django.db import connection
print(*Post.objects.order_by("pk").values_list("title", flat=True))
print("later" if "later" in connection.introspection.table_names() else "as it was")
"""
# A newer version has added a table that refers to one that is in the backup.
LATER = """
from posts.models import Post
from django.db import connection
Post.objects.update(title="Lost")
connection.cursor().execute(
    "CREATE TABLE later (id integer, post_id bigint REFERENCES posts_post (id))"
)
"""


def lines_of(heading: str, url: str) -> list[str]:
    """Return the runbook's lines for this kind of database."""
    other = "# SQLite" if url else "# PostgreSQL"
    return [line for line in commands_of("docs/runbook.md", heading) if not line.endswith(other)]


@pytest.fixture
def url() -> Iterator[str]:
    with new_database("backup") as made:
        if made and not shutil.which("pg_dump"):
            pytest.skip("not installed: pg_dump")
        yield made


@pytest.fixture
def shell(tmp_path, url) -> Shell:
    """Return a shell of root on a server with a blog of one post."""
    settings = tmp_path / "blogsite.env"
    settings.write_text(f"INSTANCE_DIR={tmp_path}/instance\nDATABASE_URL='{url}'\n")
    settings.chmod(0o600)
    places = {
        "/opt/blogsite/.venv/bin/python": sys.executable,
        "/opt/blogsite": ROOT,
        "/var/lib/blogsite": tmp_path / "instance",
        "/backup": tmp_path / "backup",
        "/etc/blogsite.env": settings,
    }
    shell = Shell(tmp_path, places, BLOGSITE_ENV=str(settings))
    shell.run("cd /opt/blogsite", "deploy/manage prepare")
    return shell


def ask(shell: Shell, script: str) -> str:
    return shell.run("cd /opt/blogsite", f"deploy/manage shell --verbosity 0 -c '{script}'")


def readable_by_others(folder: Path) -> list[Path]:
    """Return the files that another user can open, given the modes of their folders."""
    if not folder.stat().st_mode & 0o077:
        return []
    return [path for path in folder.rglob("*") if path.stat().st_mode & 0o004]


def back_up(shell: Shell, url: str) -> Path:
    """Run the runbook's lines, and return the copy of the database."""
    shell.run(*lines_of("## Back up", url))
    backup = Path(shell.places["/backup"])
    assert readable_by_others(backup) == []
    copy = backup / ("blogsite.dump" if url else "db.sqlite3")
    assert copy.stat().st_mode & 0o777 == 0o600
    return copy


def test_a_backup_is_restored_by_the_lines_of_the_runbook(shell, url, tmp_path):
    instance = tmp_path / "instance"
    image, key = instance / "media/images/a.webp", (instance / "secret_key").read_text()
    # Back up once before the first image exists, and once over the remains of an interrupted
    # backup.
    copy = back_up(shell, url)
    copy.with_stem("new").write_text("half a copy")
    ask(shell, WRITE)
    image.parent.mkdir(parents=True, exist_ok=True)
    image.write_text("an image")
    back_up(shell, url)

    ask(shell, LATER)
    assert ask(shell, READ) == "Lost\nlater\n"
    shutil.rmtree(instance / "media")
    (instance / "secret_key").write_text("x" + key[1:])

    shell.run(*lines_of("## Restore", url))
    assert ask(shell, READ) == "Kept\nas it was\n"
    assert (instance / "secret_key").read_text() == key
    assert image.read_text() == "an image"
    stop, owned, start = shell.calls
    units = "blogsite.socket blogsite.service"
    assert (stop, start) == (f"systemctl stop {units}", f"systemctl start {units}")
    kept = {"./media", "./secret_key"} | (set() if url else {"./db.sqlite3"})
    assert kept <= set(owned.split())
