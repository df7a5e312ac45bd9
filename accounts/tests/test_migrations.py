"""Unsaved texts, which keep their table and columns so that the old version can read them."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from accounts.models import UnsavedText

BEFORE = [("accounts", "0005_admin_lists")]
FIELDS = {"path": "/auth/account/", "texts": {"biography": "Typed"}, "held_at": timezone.now()}


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_unsaved_texts_stay_readable_for_the_previous_version(author):
    latest = MigrationExecutor(connection).loader.graph.leaf_nodes("accounts")
    executor = MigrationExecutor(connection)
    executor.migrate(BEFORE)
    old_model = executor.loader.project_state(BEFORE).apps.get_model("accounts", "HeldText")
    old_model.objects.create(user_id=author.pk, sheet="before", **FIELDS)
    MigrationExecutor(connection).migrate(latest)
    text = UnsavedText.objects.get()
    assert (text.user, text.texts, text.kept_at) == (author, FIELDS["texts"], FIELDS["held_at"])
    old_model.objects.create(user_id=author.pk, sheet="meanwhile", **FIELDS)
    assert author.unsaved_texts.count() == old_model.objects.count() == 2
