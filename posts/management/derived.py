"""Functions that find data that an older version of the code derived, and derive it again."""

from collections.abc import Callable, Iterator

from django.db import transaction
from django.db.models import Q, QuerySet
from tqdm import tqdm

from accounts.models import User
from caching import pages
from content.markup import RENDERER_VERSION
from posts import listing
from posts.discussion import commenting
from posts.management.commands.reindex_posts import index_changed
from posts.management.commands.rerender_posts import RENDERED, rerender
from posts.models import Comment, DerivedVersion, Post
from posts.search.documents import INDEX_VERSION

BATCH = 100
# Small, because other writers wait while these are rendered.
LATE_BATCH = 20
VERSIONS = {
    "rendered": f"{RENDERER_VERSION}",
    # Search documents contain rendered text.
    "indexed": f"{RENDERER_VERSION}.{INDEX_VERSION}",
    "counted": f"{listing.COUNT_VERSION}",
}
# For each pass over all posts, the function that processes a batch of ids.
PASSES: dict[str, Callable[[list[int]], object]] = {
    "indexed": index_changed,
    "counted": commenting.recount,
}


def outdated() -> list[str]:
    """Return the kinds of derived data that come from another version of the code."""
    done = {row.name: row for row in DerivedVersion.objects.all()}

    def is_done(name: str, version: str) -> bool:
        return name in done and done[name].version == version and done[name].up_to is None

    return [name for name, version in VERSIONS.items() if not is_done(name, version)]


def mark_current_if_empty() -> bool:
    """Return whether there is no text yet. If so, record that all data is up to date."""
    if Post.objects.exists() or User.objects.exclude(biography="").exists():
        return False
    for name in VERSIONS:
        record_version(name)
    return True


def record_version(name: str, *, up_to: int | None = None) -> None:
    values = {"version": VERSIONS[name], "up_to": up_to}
    DerivedVersion.objects.update_or_create(name=name, defaults=values)


def run(name: str) -> None:
    """Process all posts in the order of their ids, and continue after an interruption."""
    row = DerivedVersion.objects.filter(name=name, version=VERSIONS[name]).first()
    posts = Post.objects.filter(pk__gt=row.up_to or 0) if row else Post.objects.all()
    with tqdm(total=posts.count(), unit=" posts", disable=None) as progress:
        for ids in posts.batches_of_ids(BATCH):
            PASSES[name](ids)
            record_version(name, up_to=ids[-1])
            progress.update(len(ids))
    if name == "counted":
        listing.recount_all()
    pages.changed()
    record_version(name)


def render_late() -> int:
    """Render and index rows that older workers have saved since, and return their number.

    Each row has the version that rendered it, so this finds the rows no matter when they were
    saved.
    """
    rendered = 0
    for kind in RENDERED:
        model = kind.rows.model
        for ids in late_ids(model) if model in (Post, Comment) else ():
            render_and_index(kind, ids)
            rendered += len(ids)
    return rendered


def late_ids(model: type[Post] | type[Comment]) -> Iterator[list[int]]:
    """Yield the ids of rows from another renderer version, until there are none."""
    while ids := list(stale(model.objects.all()).values_list("pk", flat=True)[:LATE_BATCH]):
        yield sorted(ids)


def stale(rows: QuerySet) -> QuerySet:
    """Return rows rendered by another version. SQLite uses an index for ranges, not for "!="."""
    return rows.filter(Q(rendered_by__lt=RENDERER_VERSION) | Q(rendered_by__gt=RENDERER_VERSION))


@transaction.atomic
def render_and_index(kind, ids: list[int]) -> None:
    rows = kind.rows.model.objects.filter(pk__in=ids).order_by("pk")
    rerender(rows.select_for_update(), kind)
    if rows.model is Post:
        index_changed(ids)
