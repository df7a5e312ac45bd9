"""Rename `sitting` to `edit_session` in the code. The columns keep their name.

The previous version serves visitors while `prepare` migrates, and reads that column of each post.
Only Django's model state changes, so SQLite copies no table.
"""

from django.db import migrations, models


def renamed(model_name: str, **options) -> list:
    field = models.CharField(blank=True, db_column="sitting", max_length=36, **options)
    return [
        migrations.RenameField(model_name, "sitting", "edit_session"),
        migrations.AlterField(model_name, "edit_session", field),
    ]


class Migration(migrations.Migration):
    dependencies = [
        ("posts", "0014_feed_dates"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[*renamed("post", editable=False), *renamed("revision")]
        ),
    ]
