"""`manage.py recount_posts`: count likes, comments and lists again."""

from django.core.management.base import BaseCommand
from tqdm import tqdm

from caching import pages
from posts import listing
from posts.discussion import commenting
from posts.models import Post

BATCH = 500


class Command(BaseCommand):
    help = (
        "Counts likes, comments and lists of posts again. Run it if a number is wrong. "
        "It changes no text."
    )

    def handle(self, **options) -> None:
        wrong = 0
        with tqdm(total=Post.objects.count(), unit=" posts", disable=None) as progress:
            for ids in Post.objects.batches_of_ids(BATCH):
                wrong += commenting.recount(ids)
                progress.update(len(ids))
        listing.recount_all()
        pages.changed()
        self.stdout.write(f"Counted again. {wrong:,} posts had wrong counts of likes or comments.")
