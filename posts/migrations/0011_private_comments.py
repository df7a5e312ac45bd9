from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("posts", "0010_times")]

    operations = [
        migrations.AddIndex(
            model_name="comment",
            index=models.Index(fields=["post", "status"], name="posts_comment_private"),
        ),
    ]
