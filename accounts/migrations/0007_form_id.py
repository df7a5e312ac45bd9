"""Rename the field `sheet` to `form_id` in the code; its column keeps its name, as in 0006."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_unsaved_text"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="unsavedtext",
            name="accounts_held_once_a_sheet",
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameField(
                    model_name="unsavedtext", old_name="sheet", new_name="form_id"
                ),
                migrations.AlterField(
                    model_name="unsavedtext",
                    name="form_id",
                    field=models.CharField(db_column="sheet", max_length=16),
                ),
            ]
        ),
        migrations.AddConstraint(
            model_name="unsavedtext",
            constraint=models.UniqueConstraint(
                fields=("user", "form_id"), name="accounts_one_text_per_form"
            ),
        ),
    ]
