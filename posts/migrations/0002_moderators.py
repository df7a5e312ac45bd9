"""Create the group Moderators with exactly the permissions that moderation needs."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

GROUP = "Moderators"
# Only view_user, because anyone who may change accounts can also become a superuser.
PERMISSIONS = {
    "posts": ("view_post", "change_post", "delete_post"),
    "accounts": ("view_user",),
}


def create_group(apps, schema_editor):
    alias = schema_editor.connection.alias
    Permission = apps.get_model("auth", "Permission")
    group, _ = apps.get_model("auth", "Group").objects.using(alias).get_or_create(name=GROUP)
    for label, codenames in PERMISSIONS.items():
        _create_permissions_now(apps, label, alias)
        wanted = Permission.objects.using(alias).filter(
            content_type__app_label=label, codename__in=codenames
        )
        group.permissions.add(*wanted)


def _create_permissions_now(apps, label, alias):
    """Create the permissions, which Django would only create after all migrations."""
    app_config = apps.get_app_config(label)
    app_config.models_module = True
    create_permissions(app_config, apps=apps, using=alias, verbosity=0)
    app_config.models_module = None


def delete_group(apps, schema_editor):
    alias = schema_editor.connection.alias
    apps.get_model("auth", "Group").objects.using(alias).filter(name=GROUP).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("posts", "0001_initial"),
        ("accounts", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(create_group, delete_group)]
