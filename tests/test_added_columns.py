"""New columns during an update, while the old version still adds rows without them."""

import pytest
from django.apps import apps
from django.db import models
from django.db.migrations import AddField, AlterField, CreateModel, RemoveField, RenameField
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models.fields import NOT_PROVIDED

# The last migrations of version 0.1.0.
RELEASED = [("accounts", "0005_admin_lists"), ("posts", "0012_merging")]


def columns(state: ProjectState) -> dict[str, set[str]]:
    """Return the columns that an INSERT must name, by table."""
    return {
        model._meta.db_table: {f.column for f in model._meta.local_concrete_fields if is_needed(f)}
        for model in state.apps.get_models()
    }


def is_needed(field: models.Field) -> bool:
    has_value = field.null or field.generated or field.db_default is not NOT_PROVIDED
    return not has_value and not isinstance(field, models.AutoField)


def refused(state: ProjectState) -> set[tuple[str, str]]:
    """Return the columns of `state` that make the database refuse a row of version 0.1.0."""
    released = columns(MigrationLoader(None).project_state(RELEASED))
    now = columns(state)
    return {
        (table, name) for table in released.keys() & now for name in now[table] - released[table]
    }


def test_the_previous_version_can_add_rows_during_an_update():
    assert not refused(ProjectState.from_apps(apps))


def optional(**options) -> models.CharField:
    return models.CharField(max_length=9, **options)


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        (AddField("post", "subtitle", optional(default="")), "subtitle"),
        (AddField("post", "subtitle", optional(db_default="")), ""),
        (AddField("post", "subtitle", optional(null=True)), ""),
        (AddField("post", "readers", models.ManyToManyField("accounts.user")), ""),
        (AlterField("post", "publish_at", models.DateTimeField()), "publish_at"),
        (RenameField("post", "title", "heading"), "heading"),
        (RemoveField("post", "title"), ""),
        (CreateModel("Note", [("text", models.TextField(primary_key=True))]), ""),
    ],
)
def test_a_column_that_the_previous_version_leaves_out_is_caught(operation: Operation, name: str):
    state = MigrationLoader(None).project_state()
    operation.state_forwards("posts", state)
    assert refused(state) == ({("posts_post", name)} if name else set())
