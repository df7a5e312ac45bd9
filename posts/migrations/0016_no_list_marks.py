"""Remove `ListMark` from the code. Its table stays until the next version.

The previous version serves visitors while `prepare` migrates, and writes to this table with each
post. It may show a page by number with a post of the next page, if a worker of the new version
publishes before it stops.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("posts", "0015_edit_session"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(state_operations=[migrations.DeleteModel("ListMark")]),
    ]
