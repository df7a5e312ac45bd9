"""Comparison of the code's migrations with those that were applied to a database."""

from functools import cache
from typing import NamedTuple

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

# The app and the name of a migration.
MigrationKey = tuple[str, str]


class CodeMigrations(NamedTuple):
    """The code's migrations, each with those that it replaces, and the apps with migrations."""

    replaces: dict[MigrationKey, set[MigrationKey]]
    apps: frozenset[str]


class SchemaDifference(NamedTuple):
    """Migrations that the database lacks, and those that only newer code knows."""

    pending: list[MigrationKey]
    unknown: list[MigrationKey]


@cache
def known() -> CodeMigrations:
    """Return the code's migrations, read once per process because they do not change."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    replaces = {key: set(each.replaces) for key, each in loader.disk_migrations.items()}
    return CodeMigrations(replaces, frozenset(loader.migrated_apps))


def compare(applied: set[MigrationKey] | None = None) -> SchemaDifference:
    """Compare the code with `applied`, or with the default database in two short queries."""
    if applied is None:
        applied = set(MigrationRecorder(connection).applied_migrations())
    replaces, apps = known()
    replaced = set().union(*replaces.values())
    pending = [
        key
        for key, old in replaces.items()
        if key not in applied | replaced and not (old and old <= applied)
    ]
    unknown = [
        key for key in applied if key[0] in apps and key not in replaces and key not in replaced
    ]
    return SchemaDifference(sorted(pending), sorted(unknown))


def join_names(migrations: list[MigrationKey]) -> str:
    return ", ".join(".".join(key) for key in migrations)
