from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("posts", "0009_not_published")]

    operations = [
        migrations.AddIndex(
            model_name="post",
            index=models.Index(fields=["-publish_at", "-id"], name="posts_by_time"),
        ),
    ]
