"""`manage.py prune_revisions`: thin out the history of posts that are no longer edited."""

from collections.abc import Iterator

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction
from django.utils import timezone

from posts.models import Post
from posts.writing import history, publishing

BATCH = 500


class Command(BaseCommand):
    help = (
        "Lists posts that have several revisions of one day, older than 30 days; --delete keeps "
        "the last one of each day. Saving a post does the same for that post."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--delete", action="store_true", help="remove them")

    def handle(self, *, delete: bool, **options) -> None:
        now = timezone.now()
        total = 0
        for post in posts_with_old_revisions(now):
            with transaction.atomic():
                # This lock prevents a save between counting and deleting.
                publishing.lock(post)
                count = (
                    history.thin_out(post, now) if delete else len(history.superfluous(post, now))
                )
            if count:
                self.stdout.write(f"{post.pk}: {count}")
            total += count
        done = "Removed" if delete else "Found (--delete removes them)"
        self.stdout.write(f"{done}: {total} unneeded revisions.")


def posts_with_old_revisions(now) -> Iterator[Post]:
    """Yield posts with only their ids, read in batches because rows are deleted along the way."""
    then = now - history.ALL_KEPT_FOR
    last = 0
    posts = Post.objects.filter(revisions__saved_at__lt=then).distinct().order_by("pk").only("pk")
    while batch := list(posts.filter(pk__gt=last)[:BATCH]):
        yield from batch
        last = batch[-1].pk
