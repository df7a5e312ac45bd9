from django.db import migrations, models

LEFT_AT = ("left_at", models.DateTimeField(editable=False, null=True))


class Migration(migrations.Migration):
    dependencies = [("posts", "0009_not_published")]

    operations = [
        migrations.AddField("listcount", *LEFT_AT),
        migrations.AddField("tag", *LEFT_AT),
        migrations.AddIndex(
            model_name="post",
            index=models.Index(fields=["-publish_at", "-id"], name="posts_by_time"),
        ),
    ]
