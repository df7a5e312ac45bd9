"""Empty the skeletons, because their rules have changed. `update_names` fills them again."""

from django.db import migrations


def empty_skeletons(apps, schema_editor) -> None:
    # Names that look alike by the new rules stay, so these skeletons may not be unique.
    apps.get_model("accounts", "User").objects.update(
        username_skeleton="", display_name_skeleton="", has_checked_name=False
    )
    apps.get_model("accounts", "FormerUsername").objects.update(username_skeleton="")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0013_email")]

    operations = [migrations.RunPython(empty_skeletons, migrations.RunPython.noop)]
