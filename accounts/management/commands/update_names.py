"""`manage.py update_names`: compute the skeletons of names that an older version saved."""

from django.core.management.base import BaseCommand
from django.db import transaction

from accounts.lookalikes import skeleton
from accounts.models import FormerUsername, User

# Small, because other writers wait for each batch.
BATCH = 500


class Command(BaseCommand):
    help = (
        "Updates the data that finds similar names, for accounts that an older version saved. "
        "You can stop and restart it at any time, and the site keeps running."
    )

    def handle(self, **options) -> None:
        updated = 0
        last = 0
        while users := update_batch(after=last):
            updated += len(users)
            last = users[-1].pk
        if updated:
            self.stdout.write(f"Updated the names of {updated:,} accounts.")
        for former in FormerUsername.objects.filter(username_skeleton=""):
            former.username_skeleton = skeleton(former.username_key)
            former.save(update_fields=["username_skeleton"])


@transaction.atomic
def update_batch(*, after: int) -> list[User]:
    """Update and return some accounts with ids above `after`."""
    late = User.objects.filter(username_skeleton="", pk__gt=after).order_by("pk")
    users = list(late.select_for_update().only("username", "display_name")[:BATCH])
    for user in users:
        user.username_skeleton = skeleton(user.username)
        user.display_name_skeleton = skeleton(user.display_name)
    User.objects.bulk_update(users, ["username_skeleton", "display_name_skeleton"])
    return users
