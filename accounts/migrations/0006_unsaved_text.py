"""Rename HeldText to UnsavedText in the code; its table and its columns keep their names.

The version before this one serves visitors while `prepare` migrates, and still uses those names.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_admin_lists"),
    ]

    operations = [
        # This comes before the new name, so that Django does not rename the table.
        migrations.AlterModelTable(name="heldtext", table="accounts_heldtext"),
        migrations.RenameModel(old_name="HeldText", new_name="UnsavedText"),
        # Only Django's state changes. On SQLite, an AlterField would copy the table.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameField(
                    model_name="unsavedtext", old_name="held_at", new_name="kept_at"
                ),
                migrations.AlterField(
                    model_name="unsavedtext",
                    name="kept_at",
                    field=models.DateTimeField(db_column="held_at", db_index=True),
                ),
                migrations.AlterField(
                    model_name="unsavedtext",
                    name="user",
                    field=models.ForeignKey(
                        on_delete=models.deletion.CASCADE,
                        related_name="unsaved_texts",
                        to="accounts.user",
                    ),
                ),
            ]
        ),
    ]
