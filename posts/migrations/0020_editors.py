"""Create the group Editor with the permissions of that role in the admin."""

from importlib import import_module

from django.db import migrations

moderators = import_module("posts.migrations.0002_moderators")
GROUP = "Editor"
PERMISSIONS = {
    "posts": (
        *("view_post", "add_post", "change_post", "delete_post"),
        *("view_comment", "change_comment", "view_commentreport", "view_moderationentry"),
        *("view_tag", "change_tag"),
    ),
    # Only for accounts below their own role (`accounts.granting`).
    "accounts": ("view_user", "change_user"),
}


def create_group(apps, schema_editor):
    alias = schema_editor.connection.alias
    Permission = apps.get_model("auth", "Permission")
    group, _ = apps.get_model("auth", "Group").objects.using(alias).get_or_create(name=GROUP)
    for label, codenames in PERMISSIONS.items():
        moderators._create_permissions_now(apps, label, alias)
        wanted = Permission.objects.using(alias).filter(
            content_type__app_label=label, codename__in=codenames
        )
        group.permissions.add(*wanted)


def delete_group(apps, schema_editor):
    alias = schema_editor.connection.alias
    apps.get_model("auth", "Group").objects.using(alias).filter(name=GROUP).delete()


class Migration(migrations.Migration):
    dependencies = [("posts", "0019_review"), ("accounts", "0009_role")]

    operations = [migrations.RunPython(create_group, delete_group)]
