"""`manage.py rerender_posts`: bring what is written up to date after the renderer changed."""

from collections.abc import Callable

from django.core.management.base import BaseCommand
from django.db import transaction
from django.db.models import QuerySet
from tqdm import tqdm

from accounts.models import User
from content.markup import RENDERER_VERSION, render_comment
from posts import page_cache
from posts.discussion import render_words
from posts.models import Comment, Post
from posts.publishing import RENDERED_FIELDS, render_body

BATCH = 200


def render_biography(user: User) -> None:
    user.biography_html = render_comment(user.biography)


RENDERED = [
    (Post.objects.exclude(rendered_by=RENDERER_VERSION), "posts", render_body, RENDERED_FIELDS),
    (
        Comment.objects.exclude(rendered_by=RENDERER_VERSION),
        "comments",
        render_words,
        ["body_html", "rendered_by"],
    ),
    # Short, and few: they do not say what rendered them.
    (User.objects.exclude(biography=""), "biographies", render_biography, ["biography_html"]),
]


class Command(BaseCommand):
    help = (
        "Renders posts and comments that an older renderer made, and all biographies. "
        "May be stopped and run again."
    )

    def handle(self, **options) -> None:
        for old, name, render, fields in RENDERED:
            done, last_pk = 0, 0
            with tqdm(total=old.count(), unit=f" {name}", disable=None) as progress:
                while pks := rerender(next_batch(old, last_pk), render, fields):
                    done, last_pk = done + len(pks), pks[-1]
                    progress.update(len(pks))
            self.stdout.write(f"Rendered {done:,} {name} anew.")


def next_batch(rows: QuerySet, last_pk: int) -> QuerySet:
    return rows.filter(pk__gt=last_pk).order_by("pk")[:BATCH]


@transaction.atomic
def rerender(rows: QuerySet, render: Callable, fields: list[str]) -> list[int]:
    """Render `rows` anew and return their ids; who edits one of them meanwhile waits."""
    batch = list(rows.select_for_update())
    for row in batch:
        render(row)
    rows.model.objects.bulk_update(batch, fields)
    page_cache.changed()
    return [row.pk for row in batch]
