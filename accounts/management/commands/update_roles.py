"""`manage.py update_roles`: make owners of superusers from an older version, and say so."""

from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand
from django.db import transaction
from django.db.models import Q

from accounts.granting import MODERATORS
from accounts.models import User
from accounts.roles import GROUPS, Role


class Command(BaseCommand):
    help = "Makes owners of superusers that an older version created."

    @transaction.atomic
    def handle(self, **options) -> None:
        # A new owner joins this group when the account is saved.
        group = Group.objects.filter(name=GROUPS[Role.OWNER]).first()
        late = User.objects.filter(Q(is_superuser=True) | Q(role=Role.OWNER), is_staff=True)
        owners = list((late.exclude(groups=group) if group else late).order_by("username"))
        for user in owners:
            user.role = Role.OWNER
            user.save(update_fields=["role"])
        if owners:
            self.explain(", ".join(user.username for user in owners))

    def explain(self, names: str) -> None:
        self.stdout.write(
            f"Each account now has a role. Owners: {names}. All others are authors, who publish "
            "their own posts, and new accounts become authors too."
        )
        moderators = User.objects.filter(groups__name=MODERATORS).count()
        if moderators:
            self.stdout.write(f"Members of {MODERATORS} ({moderators:,}) keep their rights.")
        self.stdout.write("You can change roles at /admin/accounts/user/.")
