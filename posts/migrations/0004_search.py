"""Create the search index in the form that each database uses.

Neither form is a model field, so Django's model state is the same on both. When SQLite rebuilds a
table, for example for AlterField, it drops the table's triggers. These belong to SearchDocument
only, and a migration that changes it must create them again.
"""

from django.db import migrations

# Prefix indexes make common beginnings of words fast, at their usual lengths.
SQLITE = [
    """CREATE VIRTUAL TABLE posts_search USING fts5(
        title, body, tags, author, tokenize = 'ascii', prefix = '3 4 5',
        content = 'posts_searchdocument', content_rowid = 'post_id')""",
    """CREATE TRIGGER posts_search_added AFTER INSERT ON posts_searchdocument BEGIN
        INSERT INTO posts_search (rowid, title, body, tags, author)
        VALUES (new.post_id, new.title, new.body, new.tags, new.author);
    END""",
    """CREATE TRIGGER posts_search_removed AFTER DELETE ON posts_searchdocument BEGIN
        INSERT INTO posts_search (posts_search, rowid, title, body, tags, author)
        VALUES ('delete', old.post_id, old.title, old.body, old.tags, old.author);
    END""",
    """CREATE TRIGGER posts_search_changed AFTER UPDATE ON posts_searchdocument BEGIN
        INSERT INTO posts_search (posts_search, rowid, title, body, tags, author)
        VALUES ('delete', old.post_id, old.title, old.body, old.tags, old.author);
        INSERT INTO posts_search (rowid, title, body, tags, author)
        VALUES (new.post_id, new.title, new.body, new.tags, new.author);
    END""",
    "INSERT INTO posts_search (posts_search) VALUES ('rebuild')",
]
SQLITE_BACK = [
    "DROP TRIGGER posts_search_changed",
    "DROP TRIGGER posts_search_removed",
    "DROP TRIGGER posts_search_added",
    "DROP TABLE posts_search",
]
POSTGRESQL = [
    """ALTER TABLE posts_searchdocument
        ADD COLUMN words tsvector GENERATED ALWAYS AS (array_to_tsvector(array_remove(
            string_to_array(title || ' ' || body || ' ' || tags || ' ' || author, ' '), '')
        )) STORED,
        ADD COLUMN names tsvector GENERATED ALWAYS AS (array_to_tsvector(
            array_remove(string_to_array('#' || replace(tags, ' ', ' #'), ' '), '#')
            || array_remove(string_to_array('@' || replace(author, ' ', ' @'), ' '), '@')
        )) STORED""",
    "CREATE INDEX posts_search_words ON posts_searchdocument USING gin (words)",
    "CREATE INDEX posts_search_names ON posts_searchdocument USING gin (names)",
]
POSTGRESQL_BACK = ["ALTER TABLE posts_searchdocument DROP COLUMN words, DROP COLUMN names"]


def create_index(apps, schema_editor):
    execute(schema_editor, sqlite=SQLITE, postgresql=POSTGRESQL)


def drop_index(apps, schema_editor):
    execute(schema_editor, sqlite=SQLITE_BACK, postgresql=POSTGRESQL_BACK)


def execute(schema_editor, **statements):
    for statement in statements[schema_editor.connection.vendor]:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("posts", "0003_nine_ideas")]

    operations = [migrations.RunPython(create_index, drop_index)]
