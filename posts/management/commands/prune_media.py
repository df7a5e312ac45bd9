"""`manage.py prune_media`: delete unused images."""

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from posts.writing.uploads import delete_image, unused_images


class Command(BaseCommand):
    help = "Lists images that are older than a day and not used anywhere; --delete removes them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--delete", action="store_true", help="remove them")

    def handle(self, *, delete: bool, **options) -> None:
        unused = unused_images(timezone.now())
        for name in unused:
            self.stdout.write(name)
            if delete:
                delete_image(name)
        done = "Removed" if delete else "Found (--delete removes them)"
        self.stdout.write(f"{done}: {len(unused)} unused images.")
