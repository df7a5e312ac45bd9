"""`manage.py recount_posts`: count and mark the lists of posts anew."""

from django.core.management.base import BaseCommand

from posts import listing, page_cache


class Command(BaseCommand):
    help = "Counts the lists of posts anew, should a number ever be wrong. Changes no post."

    def handle(self, **options) -> None:
        listing.rebuild_all()
        page_cache.changed()
        self.stdout.write("Counted the lists of posts anew.")
