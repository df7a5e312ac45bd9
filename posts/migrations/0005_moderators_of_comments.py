"""Allow Moderators to moderate comments, read reports and the log, and rename tags."""

from importlib import import_module

from django.db import migrations

moderators = import_module("posts.migrations.0002_moderators")
# Approving and hiding count as changes. Moderators don't add or delete other people's comments.
PERMISSIONS = (
    "view_comment",
    "change_comment",
    "view_commentreport",
    "view_moderationentry",
    "view_tag",
    "change_tag",
)


def add_permissions(apps, schema_editor):
    alias = schema_editor.connection.alias
    moderators._create_permissions_now(apps, "posts", alias)
    group, _ = (
        apps.get_model("auth", "Group").objects.using(alias).get_or_create(name=moderators.GROUP)
    )
    group.permissions.add(*wanted(apps, alias))


def remove_permissions(apps, schema_editor):
    alias = schema_editor.connection.alias
    for group in apps.get_model("auth", "Group").objects.using(alias).filter(name=moderators.GROUP):
        group.permissions.remove(*wanted(apps, alias))


def wanted(apps, alias):
    permissions = apps.get_model("auth", "Permission").objects.using(alias)
    return permissions.filter(content_type__app_label="posts", codename__in=PERMISSIONS)


class Migration(migrations.Migration):
    dependencies = [("posts", "0004_search")]

    operations = [migrations.RunPython(add_permissions, remove_permissions)]
