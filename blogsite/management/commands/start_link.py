"""`manage.py start_link`: show the link that makes someone the owner of a new blog."""

from django.conf import settings
from django.core.management import CommandError
from django.core.management.base import BaseCommand
from django.utils.module_loading import import_string

from blogsite import environment


class Command(BaseCommand):
    help = "Shows the link with which the first owner of a new blog begins."

    def handle(self, **options) -> None:
        path = import_string(settings.FIND_START_LINK)()
        if not path:
            raise CommandError("This blog has an owner. Owners change roles in the admin.")
        self.stdout.write(f"{settings.SITE_URL or local_address()}{path}")


def local_address() -> str:
    address = environment.bind_address()
    return "" if address.startswith("unix:") else f"http://{address}"
