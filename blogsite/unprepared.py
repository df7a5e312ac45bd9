"""Error messages for commands whose tables do not exist yet."""

import contextlib
import os
import sys
from pathlib import Path
from typing import NoReturn

import django
from django.db import DatabaseError, connection

CHECKOUT = Path(__file__).resolve().parents[1]
# All other commands read or write rows.
# fmt: off
WORK_WITHOUT_TABLES = {
    "check", "collectstatic", "compilemessages", "createcachetable", "dbshell", "diffsettings",
    "findstatic", "help", "inspectdb", "makemessages", "makemigrations", "migrate",
    "optimizemigration", "prepare", "sendtestemail", "shell", "showmigrations", "sqlflush",
    "sqlmigrate", "sqlsequencereset", "squashmigrations", "startapp", "startproject", "test",
    "testserver", "version",
}
# fmt: on
ASKS_FOR_HELP = {"-h", "--help", "--version"}

# The command of this process, if it needs tables. `settings.py` creates no instance for it.
command = ""


def note_command(arguments: list[str]) -> None:
    """Remember the command in `arguments` (a command line) if it needs tables."""
    global command
    named = arguments[1] if len(arguments) > 1 else "help"
    asks_for_help = not ASKS_FOR_HELP.isdisjoint(arguments[1:])
    command = "" if asks_for_help or named in WORK_WITHOUT_TABLES else named


def refuse_missing_instance(instance: Path) -> None:
    """Stop the noted command if its database would be in a folder that does not exist."""
    if command and not instance.exists() and not os.environ.get("DATABASE_URL"):
        refuse()


def refuse_missing_tables() -> None:
    """Stop the noted command if the database was never migrated.

    If the database does not respond, the command itself reports that.
    """
    if command:
        django.setup()
        with contextlib.suppress(DatabaseError):
            if not has_tables():
                refuse()


def has_tables() -> bool:
    """Return whether the database was migrated, without creating a SQLite file."""
    if connection.vendor == "sqlite" and not Path(connection.settings_dict["NAME"]).exists():
        return False
    with connection.cursor() as cursor:
        return "django_migrations" in connection.introspection.table_names(cursor)


def refuse() -> NoReturn:
    """Stop with one line that names two commands: the one that creates tables, then this one."""
    manage = program()
    sys.exit(f'The database has no tables. Run "{manage} prepare", then "{manage} {command}".')


def program() -> str:
    """Return the program that runs management commands, which is `deploy/manage` on a server."""
    if not (CHECKOUT / "manage.py").is_file():
        return "blogsite"
    settings = Path(os.environ.get("BLOGSITE_ENV", "/etc/blogsite.env"))
    return "deploy/manage" if settings.exists() else ".venv/bin/python manage.py"
