"""`manage.py prune_mail`: delete old emails of a site without EMAIL_URL."""

from datetime import UTC, datetime

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from accounts.mail import KEPT, folder


class Command(BaseCommand):
    help = (
        "Lists emails that a site without EMAIL_URL wrote to files more than 7 days ago; --delete "
        "removes them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--delete", action="store_true", help="remove them")

    def handle(self, *, delete: bool, **options) -> None:
        oldest = timezone.now() - KEPT
        number = 0
        for path in sorted(folder().glob("*.eml")):
            if datetime.fromtimestamp(path.stat().st_mtime, UTC) < oldest:
                number += 1
                self.stdout.write(path.name)
                if delete:
                    path.unlink()
        done = "Removed" if delete else "Found (--delete removes them)"
        self.stdout.write(f"{done}: {number} emails.")
