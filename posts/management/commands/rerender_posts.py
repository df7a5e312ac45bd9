"""`manage.py rerender_posts`: render all texts again after the renderer has changed."""

from collections.abc import Callable
from dataclasses import dataclass

from django.core.management.base import BaseCommand
from django.db import transaction
from django.db.models import QuerySet
from tqdm import tqdm

from accounts.models import User
from caching import takedown
from content.markup import RENDERER_VERSION, render_comment
from posts.discussion.commenting import render_comment_body
from posts.models import Comment, Post
from posts.writing.publishing import RENDERED_FIELDS, render_body

BATCH = 200


@dataclass(frozen=True, slots=True)
class Kind:
    """Rows to render, with the rendering function and the derived columns.

    `changing` is a column that changes when someone saves the text.
    """

    rows: QuerySet
    name: str
    render: Callable
    changing: str
    fields: list[str]


def render_biography(user: User) -> None:
    user.biography_html = render_comment(user.biography)


RENDERED = [
    Kind(
        Post.objects.exclude(rendered_by=RENDERER_VERSION),
        "posts",
        render_body,
        # The language may change without the text.
        "version",
        RENDERED_FIELDS,
    ),
    Kind(
        Comment.objects.exclude(rendered_by=RENDERER_VERSION),
        "comments",
        render_comment_body,
        "body",
        ["body_html", "rendered_by"],
    ),
    # Biographies are short and few, so they have no column for the renderer version.
    Kind(
        User.objects.exclude(biography=""),
        "biographies",
        render_biography,
        "biography",
        ["biography_html"],
    ),
]


class Command(BaseCommand):
    help = (
        "Renders all biographies again, and the posts and comments that an older renderer made. "
        "You can stop and restart it at any time."
    )

    def handle(self, **options) -> None:
        for kind in RENDERED:
            done = 0
            last_pk = 0
            with tqdm(total=kind.rows.count(), unit=f" {kind.name}", disable=None) as progress:
                while pks := rerender(next_batch(kind.rows, last_pk), kind):
                    done += len(pks)
                    last_pk = pks[-1]
                    progress.update(len(pks))
            self.stdout.write(f"Rendered {done:,} {kind.name} again.")


def next_batch(rows: QuerySet, last_pk: int) -> QuerySet:
    return rows.filter(pk__gt=last_pk).order_by("pk")[:BATCH]


def rerender(rows: QuerySet, kind: Kind) -> list[int]:
    """Render `rows` again and return their ids.

    It renders before the transaction, because other writers wait during a transaction. If a text is
    saved in the meantime, that save has already rendered it.
    """
    batch = list(rows)
    for row in batch:
        kind.render(row)
    with transaction.atomic():
        save_unchanged(batch, kind)
    return [row.pk for row in batch]


def save_unchanged(batch: list, kind: Kind) -> None:
    """Save the rendered columns of the rows that no one has saved in the meantime."""
    model = kind.rows.model
    locked = model.objects.filter(pk__in=[row.pk for row in batch]).order_by("pk")
    found = dict(locked.select_for_update().values_list("pk", kind.changing))
    unchanged = [row for row in batch if found.get(row.pk) == getattr(row, kind.changing)]
    model.objects.bulk_update(unchanged, kind.fields)
    takedown.announce()
