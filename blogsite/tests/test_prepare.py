"""`manage.py prepare`, which makes an instance folder ready to be served."""

import io
import socket

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.db.backends.sqlite3.base import DatabaseWrapper as SQLite

from blogsite import __version__
from blogsite.management.commands.prepare import refuse_taken_port

NEW_INSTANCE = f"Preparing a new instance of version {__version__}"


@pytest.fixture
def new_sqlite(use_database, settings, tmp_path):
    """Return a function that replaces the database with an SQLite file of the given name."""

    def use(name: str):
        options = {"transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL;"}
        address = {"ENGINE": "django.db.backends.sqlite3", "NAME": tmp_path / name}
        return use_database(SQLite, **address, OPTIONS=options)

    return use


@pytest.fixture
def static_folder(settings, tmp_path):
    """Replace all static files with one, and use an instance folder without any."""
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "site.css").write_text("a { color: red }")
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATICFILES_DIRS = [folder]
    settings.INSTANCE_DIR = tmp_path
    settings.STATIC_ROOT = tmp_path / "static"
    return folder


@pytest.fixture
def prepare(db, static_folder, environ, dead_port):
    """Return a function that runs the command on a free port and returns its output lines."""
    environ(PORT=str(dead_port))

    def run(*options: str) -> list[str]:
        printed = io.StringIO()
        call_command("prepare", *options, stdout=printed)
        return printed.getvalue().splitlines()

    return run


def test_a_new_instance_is_prepared_once(prepare, new_sqlite, settings):
    new_sqlite("db.sqlite3")
    collecting = f"Collecting static files in {settings.STATIC_ROOT}"
    assert prepare() == [NEW_INSTANCE, "Migrating the database", collecting]
    assert "posts_post" in connection.introspection.table_names()
    collected = settings.STATIC_ROOT / "site.css"
    assert collected.read_text() == "a { color: red }"
    collected.unlink()
    assert prepare() == []
    assert not collected.exists()


def test_a_migrated_database_is_left_alone(prepare, settings):
    assert prepare() == [NEW_INSTANCE, f"Collecting static files in {settings.STATIC_ROOT}"]


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "site.css").write_text("a { color: blue }"),
        lambda folder: (folder / "new.css").write_text(""),
        lambda folder: (folder / "site.css").rename(folder / "other.css"),
        lambda folder: (folder / "site.css").unlink(),
    ],
    ids=["edited", "added", "renamed", "removed"],
)
def test_static_files_are_collected_again_when_they_change(prepare, static_folder, change):
    prepare()
    assert prepare() == []
    change(static_folder)
    assert len(prepare()) == 1
    assert prepare() == []


@pytest.mark.parametrize(
    ("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]
)
def test_a_port_that_another_server_uses_is_refused_in_one_line(family, host):
    with socket.socket(family) as other:
        other.bind((host, 0))
        other.listen()
        port = other.getsockname()[1]
        address = f"[{host}]:{port}" if family == socket.AF_INET6 else f"{host}:{port}"
        with pytest.raises(CommandError) as refused:
            refuse_taken_port(address)
        assert str(refused.value).startswith(f"{address} can't be used: Address already in use.")
        assert str(refused.value).isprintable()
    refuse_taken_port(address)


@pytest.fixture
def taken_port(environ):
    """Occupy the site's port with another server, like the old version during an update."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        environ(PORT=str(other.getsockname()[1]))
        yield


def test_the_port_is_checked_before_anything_is_made(prepare, taken_port, new_sqlite, settings):
    new_sqlite("db.sqlite3")
    with pytest.raises(CommandError, match="can't be used"):
        prepare("--check-port")
    assert connection.introspection.table_names() == []
    assert not settings.STATIC_ROOT.exists()


def test_an_update_is_prepared_while_the_old_version_serves(prepare, taken_port, new_sqlite):
    new_sqlite("db.sqlite3")
    steps = ["Preparing", "Migrating", "Collecting"]
    assert [line.partition(" ")[0] for line in prepare()] == steps
    assert prepare() == []


def test_a_free_port_is_no_obstacle(prepare):
    assert len(prepare("--check-port")) == 2


def test_a_port_that_only_lingers_is_not_taken():
    with socket.socket() as server, socket.socket() as visitor, socket.socket() as plain:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", 0))
        server.listen()
        address = server.getsockname()
        visitor.connect(address)
        # The side that closes first keeps the port lingering, as when a server is stopped.
        server.accept()[0].close()
        assert visitor.recv(1) == b""
        visitor.close()
        server.close()
        with pytest.raises(OSError, match="in use"):
            plain.bind(address)
        refuse_taken_port(f"127.0.0.1:{address[1]}")


@pytest.mark.parametrize("address", ["192.0.2.1:8000", "no-such-host.invalid:8000", "a..b:8000"])
def test_an_address_that_is_not_this_machine_is_refused_in_one_line(address):
    with pytest.raises(CommandError) as refused:
        refuse_taken_port(address)
    assert str(refused.value).startswith(f"{address} can't be used: ")
    assert str(refused.value).isprintable()


def test_a_unix_socket_has_no_port_to_be_taken(tmp_path):
    refuse_taken_port(f"unix:{tmp_path}/blog.sock")


def test_a_database_server_that_does_not_respond_is_reported_in_one_line(prepare, dead_database):
    with pytest.raises(CommandError, match="Database error: ") as refused:
        prepare()
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("spoil", ["missing folder", "folder", "garbage"])
def test_an_unusable_database_file_is_reported_in_one_line(prepare, new_sqlite, tmp_path, spoil):
    name = "missing/db.sqlite3" if spoil == "missing folder" else "db.sqlite3"
    if spoil == "folder":
        (tmp_path / name).mkdir()
    if spoil == "garbage":
        (tmp_path / name).write_bytes(b"not a database " * 100)
    new_sqlite(name)
    with pytest.raises(CommandError, match="Database error: ") as refused:
        prepare()
    assert str(refused.value).isprintable()


def test_an_interrupted_update_of_posts_says_in_one_line_that_it_continues(prepare, monkeypatch):
    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("posts.management.derived.outdated", interrupt)
    with pytest.raises(CommandError, match=r"^Interrupted\. Run the command again"):
        prepare()


@pytest.mark.parametrize("name", ["static", "version"])
def test_a_path_that_can_not_be_written_is_reported_in_one_line(prepare, tmp_path, name):
    if name == "static":
        (tmp_path / name).write_text("a file in place of the folder")
        folder = tmp_path / name
    else:
        (tmp_path / name).symlink_to(tmp_path / "missing folder" / name)
        folder = tmp_path
    with pytest.raises(CommandError, match=f"^Files can't be written to {folder}: ") as refused:
        prepare()
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("old", ["0.1.0", "0.1.9"])
def test_an_update_logs_the_old_and_the_new_version_once(prepare, tmp_path, old):
    prepare()
    if old == "0.1.0":
        (tmp_path / "version").unlink()  # 0.1.0 did not write this file
    else:
        (tmp_path / "version").write_text(f"{old}\n")
    assert prepare() == [f"Updating from version {old} to version {__version__}"]
    assert prepare() == []


def test_an_instance_that_is_up_to_date_is_not_written(prepare, tmp_path):
    def times() -> dict:
        return {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}

    prepare()
    before = times()
    assert tmp_path / "version" in before
    assert prepare() == []
    assert times() == before


def test_an_update_that_fails_logs_the_old_version_again(prepare, monkeypatch):
    def fail() -> None:
        raise DatabaseError("no space")

    with monkeypatch.context() as failing, pytest.raises(CommandError, match="no space"):
        failing.setattr("posts.management.derived.outdated", fail)
        prepare()
    assert prepare()[0] == NEW_INSTANCE
