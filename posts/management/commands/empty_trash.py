"""`manage.py empty_trash`: permanently delete posts that have long been in the trash."""

from datetime import timedelta

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from posts.models import KEPT_IN_TRASH, Post
from posts.writing import publishing


class Command(BaseCommand):
    help = (
        "Lists posts that have been in the trash for over 30 days; --delete removes them for good."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--delete", action="store_true", help="remove them")
        days = KEPT_IN_TRASH.days
        parser.add_argument(
            "--days", type=int, default=days, help=f"days in the trash (default {days})"
        )

    def handle(self, *, delete: bool, days: int, **options) -> None:
        if not 0 <= days <= 36_500:
            raise CommandError("--days must be a number from 0 to 36500.")
        old = Post.objects.trashed_before(timezone.now() - timedelta(days=days))
        old = old.order_by("pk").select_related("author")
        number = 0
        for post in old.only("title", "trashed_at", "author__username"):
            day = post.trashed_at.date().isoformat()
            line = f"{post.pk} by {post.author}, in the trash since {day}: {post}"
            # Someone may restore the post at this very moment.
            if not delete or publishing.delete_from_trash(post):
                number += 1
                self.stdout.write(line)
        done = "Removed" if delete else "Found (--delete removes them)"
        self.stdout.write(f"{done}: {number} posts.")
