"""Commands without tables in the database: a one-line error names the command to run."""

import os
import subprocess
import sys

import pytest
from django.core.management import get_commands
from django.db import OperationalError, connection
from django.db.backends.postgresql.base import DatabaseWrapper as PostgreSQL
from django.db.backends.sqlite3.base import DatabaseWrapper as SQLite

from blogsite import __main__, unprepared
from blogsite.tests.conftest import SETTINGS

SQLITE = {"ENGINE": "django.db.backends.sqlite3", "OPTIONS": {}}


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Return a function that runs a command like `manage.py`, without a server's settings file."""
    monkeypatch.setattr(unprepared, "command", "")
    monkeypatch.setenv("BLOGSITE_ENV", str(tmp_path / "blogsite.env"))

    def run_command(*arguments: str) -> None:
        monkeypatch.setattr("sys.argv", ["manage.py", *arguments])
        __main__.main()

    return run_command


@pytest.fixture(params=["missing", "empty"])
def database_without_tables(request, use_database, tmp_path):
    """Return a database that was never migrated; on PostgreSQL it has an empty search path."""
    if connection.vendor == "postgresql":
        return use_database(PostgreSQL, OPTIONS={"options": "-c search_path=nowhere"})
    if request.param == "empty":
        (tmp_path / "db.sqlite3").touch()
    return use_database(SQLite, **SQLITE, NAME=tmp_path / "db.sqlite3")


OURS = {name for name, app in get_commands().items() if app in ("accounts", "blogsite", "posts")}


@pytest.mark.parametrize(
    "command", sorted({"createsuperuser", "changepassword", "clearsessions", *OURS} - {"prepare"})
)
def test_a_command_that_needs_tables_prints_one_line(run, database_without_tables, command):
    with pytest.raises(SystemExit) as stop:
        run(command)
    manage = ".venv/bin/python manage.py"
    wanted = f'The database has no tables. Run "{manage} prepare", then "{manage} {command}".'
    assert stop.value.code == wanted


def test_refusing_a_command_makes_no_sqlite_file(run, use_database, tmp_path):
    use_database(SQLite, **SQLITE, NAME=tmp_path / "db.sqlite3")
    with pytest.raises(SystemExit):
        run("clearsessions")
    assert not (tmp_path / "db.sqlite3").exists()


@pytest.mark.parametrize(
    "arguments", [["showmigrations"], ["check"], ["help"], [], ["createsuperuser", "--help"]]
)
def test_a_command_that_needs_no_tables_runs(run, database_without_tables, capsys, arguments):
    try:
        run(*arguments)
    except SystemExit as stop:
        assert not stop.code  # Python exits this way after it prints the help
    assert any(capsys.readouterr())


def test_a_command_runs_if_there_are_tables(run, db):
    run("clearsessions")


def test_the_command_itself_reports_that_the_database_is_down(run, dead_database):
    with pytest.raises(OperationalError):
        run("clearsessions")


@pytest.mark.parametrize(
    ("command", "database_url", "is_refused"),
    [
        ("createsuperuser", "", True),
        ("createsuperuser", "postgres://a@b/c", False),
        ("", "", False),
    ],
)
def test_no_instance_is_made_for_a_command_that_would_find_no_tables(
    load, instance, monkeypatch, command, database_url, is_refused
):
    monkeypatch.setattr(unprepared, "command", command)
    if is_refused:
        with pytest.raises(SystemExit, match="prepare"):
            load(DATABASE_URL=database_url)
    else:
        load(DATABASE_URL=database_url)
    assert instance.exists() != is_refused


@pytest.mark.parametrize(
    ("place", "has_settings", "program"),
    [
        (unprepared.CHECKOUT, False, ".venv/bin/python manage.py"),
        (unprepared.CHECKOUT, True, "deploy/manage"),
        (unprepared.CHECKOUT / "site-packages", True, "blogsite"),
    ],
)
def test_the_line_names_the_program_that_the_owner_uses(
    monkeypatch, tmp_path, place, has_settings, program
):
    if has_settings:
        (tmp_path / "blogsite.env").touch()
    monkeypatch.setenv("BLOGSITE_ENV", str(tmp_path / "blogsite.env"))
    monkeypatch.setattr(unprepared, "CHECKOUT", place)
    assert unprepared.program() == program


def test_a_new_checkout_has_no_instance_after_createsuperuser(tmp_path):
    own = {"PATH": os.environ["PATH"], "INSTANCE_DIR": str(tmp_path / "instance")}
    command = [sys.executable, "manage.py", "createsuperuser"]
    checkout = SETTINGS.parents[1]
    run = subprocess.run(command, cwd=checkout, env=own, capture_output=True, text=True)
    assert run.returncode == 1
    assert run.stdout == "" and len(run.stderr.splitlines()) == 1
    assert not (tmp_path / "instance").exists()
