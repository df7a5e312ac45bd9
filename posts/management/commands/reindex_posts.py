"""`manage.py reindex_posts`: write the search documents of all posts again."""

from django.core.management.base import BaseCommand, CommandParser
from django.db import connection, transaction
from tqdm import tqdm

from caching import pages
from posts import search
from posts.models import Post, SearchDocument
from posts.search.documents import COLUMNS, lock_documents, make_documents, write_documents
from posts.search.results import BACKENDS

# Small, because other writers wait during each batch.
BATCH = 100


class Command(BaseCommand):
    help = (
        "Writes the search documents that are missing or out of date. You can stop and restart it "
        "at any time, and the site keeps running."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--rebuild",
            action="store_true",
            help="also rebuild the database's own index; no one can save anything during that time",
        )
        parser.add_argument(
            "--names",
            action="store_true",
            help="only update the names of authors, without reading any text",
        )

    def handle(self, *, rebuild: bool, names: bool, **options) -> None:
        # Rebuild first, because documents can't be written to a broken index.
        if rebuild:
            BACKENDS[connection.vendor].rebuild()
        written = search.index_names() if names else index_all()
        pages.changed()
        self.stdout.write(f"Wrote {written:,} search documents.")


def index_all() -> int:
    """Write all missing or outdated documents, and return their number."""
    written = 0
    with tqdm(total=Post.objects.count(), unit=" posts", disable=None) as progress:
        for ids in Post.objects.batches_of_ids(BATCH):
            written += index_changed(ids)
            progress.update(len(ids))
    return written


@transaction.atomic
def index_changed(ids: list[int]) -> int:
    """Write the documents of posts that differ from the saved ones, and return their number.

    It runs in one transaction, so that no one saves a post between reading it and writing its
    document.
    """
    found = Post.objects.filter(pk__in=ids).select_related("author").order_by("pk")
    posts = list(found.select_for_update(of=["self"]))
    lock_documents(ids)
    there = SearchDocument.objects.in_bulk(ids)
    changed = [
        document
        for document in make_documents(posts)
        if columns_of(document) != columns_of(there.get(document.pk))
    ]
    write_documents(changed)
    return len(changed)


def columns_of(document: SearchDocument | None) -> list[str]:
    return [getattr(document, name) for name in COLUMNS] if document else []
