"""Copy the redirects of renamed tags to `identity.Redirect`.

The old table stays, because the previous version reads it while `prepare` migrates.
"""

from django.db import migrations


def copy(apps, schema_editor) -> None:
    Redirect = apps.get_model("identity", "Redirect")
    old = apps.get_model("posts", "TagRedirect").objects.values_list("slug", "tag__slug")
    Redirect.objects.bulk_create(
        [
            Redirect(old_path=f"/tags/{slug}".casefold(), target=f"/tags/{now}/")
            for slug, now in old
        ],
        batch_size=500,
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0003_redirect"),
        ("posts", "0017_no_times_of_leaving"),
    ]

    operations = [migrations.RunPython(copy, migrations.RunPython.noop)]
