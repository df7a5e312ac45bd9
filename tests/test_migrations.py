"""Migrations are complete and reversible, and create everything that is needed besides tables."""

import subprocess
import sys
from io import StringIO

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState
from django.db.migrations.writer import MigrationWriter
from django.utils import timezone

from blogsite import schema
from posts.models import Post
from tests.servers import ROOT

PLAIN_STATIC_FILES = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
OLD, NEW = [("posts", "0001"), ("posts", "0002")], ("posts", "0001_squashed_0002")


@pytest.mark.django_db
def test_no_migration_is_missing():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.parametrize("check", [("check",), ("format", "--check")])
def test_output_of_makemigrations_passes_lint_and_format(check):
    loader = MigrationLoader(None)
    detected = MigrationAutodetector(ProjectState(), loader.project_state())
    for app, migrations in detected.changes(loader.graph).items():
        written = MigrationWriter(migrations[0]).as_string()
        place = ROOT / app / "migrations/0099_new.py"
        ruff = [sys.executable, "-m", "ruff", *check, "--force-exclude", "--stdin-filename", place]
        subprocess.run([*ruff, "-"], input=written, text=True, cwd=ROOT, check=True)


@pytest.mark.django_db
def test_moderators_have_exactly_the_permissions_they_need():
    found = Group.objects.get(name="Moderators").permissions.values_list(
        "content_type__app_label", "codename"
    )
    assert sorted(found) == [
        ("accounts", "view_user"),
        ("posts", "change_comment"),
        ("posts", "change_post"),
        ("posts", "change_tag"),
        ("posts", "delete_post"),
        ("posts", "view_comment"),
        ("posts", "view_commentreport"),
        ("posts", "view_moderationentry"),
        ("posts", "view_post"),
        ("posts", "view_tag"),
    ]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_the_moderators_go_and_come_with_their_migration():
    def migrate_to(name: str) -> None:
        MigrationExecutor(connection).migrate([("posts", name)])

    migrate_to("0001_initial")
    assert not Group.objects.filter(name="Moderators").exists()
    migrate_to("0002_moderators")
    assert Group.objects.get(name="Moderators").permissions.count() == 4
    migrate_to("0005_moderators_of_comments")
    assert Group.objects.get(name="Moderators").permissions.count() == 10
    migrate_to("0004_search")
    assert Group.objects.get(name="Moderators").permissions.count() == 4
    call_command("migrate", verbosity=0)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_blog_of_the_first_version_is_complete_after_prepare(client, author, settings, tmp_path):
    settings.STATICFILES_DIRS, settings.STATICFILES_FINDERS = [], []
    settings.STORAGES = {**settings.STORAGES, "staticfiles": PLAIN_STATIC_FILES}
    first = ("posts", "0002_moderators")
    executor = MigrationExecutor(connection)
    executor.migrate([first])
    old_post = executor.loader.project_state(first).apps.get_model("posts", "Post")
    now = timezone.now()
    for number in range(3):
        fields = {
            "body": f"*Words* {number}",
            "slug": "old",
            "status": "published",
            "publish_at": now,
        }
        old_post.objects.create(author_id=author.pk, title=f"Old {number}", **fields)
    call_command("prepare", stdout=StringIO())
    for path in ("/", "/?q=words"):
        page = client.get(path).text
        assert [f"Old {number}" in page for number in range(3)] == [True] * 3, path
    assert "<em>Words</em>" in client.get(Post.objects.first().get_absolute_url()).text
    printed = StringIO()
    call_command("prepare", stdout=printed)
    assert printed.getvalue() == ""


@pytest.mark.django_db
@pytest.mark.parametrize("app", ["accounts", "posts", "auth"])
def test_prepare_refuses_a_database_that_newer_code_has_migrated(app):
    MigrationRecorder(connection).record_applied(app, "9999_from_the_future")
    with pytest.raises(CommandError, match="The database is newer than this code") as refused:
        call_command("prepare", stdout=StringIO())
    assert str(refused.value).isprintable() and f"{app}.9999_from_the_future" in str(refused.value)


@pytest.mark.django_db
def test_migrations_of_a_removed_package_are_ignored():
    MigrationRecorder(connection).record_applied("sites", "0001_initial")
    assert schema.compare() == ([], [])


@pytest.mark.parametrize(
    ("applied", "pending", "unknown"),
    [
        (set(), [NEW], []),
        ({OLD[0]}, [NEW], []),
        (set(OLD), [], []),
        ({NEW}, [], []),
        ({NEW, *OLD}, [], []),
        ({*OLD, ("posts", "0003")}, [], [("posts", "0003")]),
    ],
)
def test_a_squashed_migration_counts_for_those_that_it_replaces(
    monkeypatch, applied, pending, unknown
):
    known = schema.CodeMigrations({NEW: set(OLD)}, frozenset({"posts"}))
    monkeypatch.setattr(schema, "known", lambda: known)
    assert schema.compare(applied) == (pending, unknown)


@pytest.mark.parametrize("status", Post.Status.values)
def test_the_database_forbids_a_published_post_without_a_time(make_post, status):
    post = make_post()
    change = Post.objects.filter(pk=post.pk)
    if status == Post.Status.PUBLISHED:
        with pytest.raises(IntegrityError, match="posts_published_has_time"), transaction.atomic():
            change.update(status=status, publish_at=None)
    else:
        assert change.update(status=status, publish_at=None, trashed_at=post.created_at)


@pytest.mark.parametrize(
    ("values", "name"),
    [({"title": ""}, "posts_published_has_title"), ({"status": "trash"}, "posts_trash_has_time")],
)
def test_the_database_forbids_rows_that_no_list_could_show(post, values, name):
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        Post.objects.filter(pk=post.pk).update(**values)


@pytest.mark.django_db
def test_sqlite_is_safe_under_two_writers_and_a_crash():
    if connection.vendor != "sqlite":
        pytest.skip("pragmas of SQLite")
    with connection.cursor() as cursor:
        values = {
            name: cursor.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "foreign_keys", "busy_timeout", "synchronous")
        }
    assert values == {
        "journal_mode": "wal",
        "foreign_keys": 1,
        "busy_timeout": 5000,
        # FULL: a committed write survives a power cut.
        "synchronous": 2,
    }
    assert connection.transaction_mode == "IMMEDIATE"
