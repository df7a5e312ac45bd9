"""Remove `left_at` from the code. Its columns stay until the next version.

The previous version serves visitors while `prepare` migrates, and reads and writes these columns.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("posts", "0016_no_list_marks"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveField("listcount", "left_at"),
                migrations.RemoveField("tag", "left_at"),
            ]
        ),
    ]
