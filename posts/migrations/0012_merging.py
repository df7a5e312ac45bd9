"""Make FTS5 merge its index only after a thousand changes.

By default, it continues a merge with about every eighth change, and can only pause between two
words. With a million posts, merging one common word takes seconds, and all other writers wait.
"""

from django.db import migrations

SETTING = "INSERT INTO posts_search (posts_search, rank) VALUES ('{}', {})"
SQLITE = [SETTING.format("automerge", 0), SETTING.format("crisismerge", 1000)]
SQLITE_BACK = [SETTING.format("automerge", 4), SETTING.format("crisismerge", 16)]


def merge_seldom(apps, schema_editor):
    execute(schema_editor, sqlite=SQLITE, postgresql=[])


def merge_as_before(apps, schema_editor):
    execute(schema_editor, sqlite=SQLITE_BACK, postgresql=[])


def execute(schema_editor, **statements):
    for statement in statements[schema_editor.connection.vendor]:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("posts", "0011_private_comments")]

    operations = [migrations.RunPython(merge_seldom, merge_as_before)]
