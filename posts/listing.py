"""Paginated lists of posts.

A page continues from a key, the time and id of the last post shown. So readers who page through a
list see each post once while new ones arrive, and every page costs the same. A page requested by
number is counted from the nearer end of the list, in an index that contains all that is read. So
the first and the last page cost the same at any length, and only a page in the middle of a long
list, to which no page links by number alone, skips many rows (docs/decisions/0010-list-pages.md).
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice

from django.db import transaction
from django.db.models import Count, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404
from django.shortcuts import get_object_or_404

from accounts.models import User
from accounts.usernames import username_key
from caching import fragments
from posts.models import ListCount, Post, Tag, Tagging, people_to_read
from posts.models.posts import Position, is_listed, is_newer, is_older, is_published, is_scheduled

# Increase it if counters change their meaning. `prepare` then counts everything again.
COUNT_VERSION: int = 1
# The number of counters that one query saves.
BATCH = 1_000
# A page found by number skips at most as many posts. SQLite takes 5 ms for them.
SKIPPED_MAX = 50_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
KEY = re.compile(r"(-?[0-9]{1,17})-([0-9]{1,18})")
NUMBER = re.compile(r"[0-9]{1,9}")
ALL = "all"


@dataclass(frozen=True, slots=True)
class PostPage:
    """One page of a list, newest first: post ids, and the keys of the adjacent pages."""

    ids: tuple[int, ...]
    number: int
    last_number: int
    newer_key: str
    older_key: str

    @property
    def newer_number(self) -> int:
        return max(1, self.number - 1)

    @property
    def older_number(self) -> int:
        return self.number + 1


@dataclass(frozen=True, slots=True)
class PostListing:
    """A list of posts: all of them, an author's or a tag's."""

    scope: str
    # The condition for its posts, or for their taggings.
    filters: dict[str, int]
    model: type[Post] | type[Tagging] = Post

    @property
    def rows(self) -> QuerySet:
        """The published and scheduled posts, or their taggings."""
        rows = self.model.objects.filter(**self.filters).filter(is_published())
        return rows.select_related(None).order_by()

    @property
    def post_field(self) -> str:
        return "pk" if self.model is Post else "post_id"

    @property
    def counter(self) -> QuerySet:
        """The row with the list's counter, `published_count`."""
        if self.model is Tagging:
            return Tag.objects.filter(pk=self.filters["tag"])
        return ListCount.objects.filter(scope=self.scope)

    def count(self, now: datetime) -> int:
        """Return the number of posts that everyone may see at `now`."""
        make = partial(self.query_count, now)
        return fragments.until_next_change("count", self.scope, make, now=now)

    def query_count(self, now: datetime) -> int:
        scheduled = self.rows.filter(is_scheduled(now)).values("status")
        number = scheduled.annotate(number=Count("pk")).values("number")
        listed = F("published_count") - Coalesce(Subquery(number), 0)
        return self.counter.values_list(listed, flat=True).first() or 0

    def page(self, query: dict, *, size: int, now: datetime) -> PostPage:
        """Return the page for the number in `page` and the key in `after` or `before`.

        Raise Http404 for an invalid number or key, and for a page after the last one.
        """
        asked = (self.scope, size, *map(query.get, ("page", "after", "before")))
        make = partial(self.build_page, query, size=size, now=now)
        return fragments.until_next_change("page", asked, make, now=now)

    def build_page(self, query: dict, *, size: int, now: datetime) -> PostPage:
        number = parse_number(query.get("page", "1"))
        total = self.count(now)
        last = max(1, -(-total // size))
        if "after" in query:
            found = self.older(parse_key(query["after"]), size + 1, now)
            shown = found[:size]
            has_newer = True
            has_older = len(found) > size
        elif "before" in query and (found := self.newer(parse_key(query["before"]), size + 1, now)):
            shown = found[:size][::-1]
            has_newer = len(found) > size
            has_older = True
        else:
            # If all newer posts have been removed, "newer" leads to the first page.
            number = 1 if "before" in query else number
            shown = self.positions_of_page(number, size, total, now)
            has_newer = number > 1
            has_older = number < last
        if not shown and (total or number > 1 or "after" in query):
            raise Http404
        # Posts may have been added or removed since the link was made.
        at_end = last if has_newer else 1
        return PostPage(
            ids=tuple(pk for _, pk in shown),
            number=min(number, last) if has_newer and has_older else at_end,
            last_number=last,
            newer_key=position_key(shown[0]) if has_newer else "",
            older_key=position_key(shown[-1]) if shown and has_older else "",
        )

    def positions_of_page(
        self, number: int, size: int, total: int, now: datetime
    ) -> list[Position]:
        """Return the positions on page `number`, counted from the nearer end of the list.

        Return none if that skips too many posts, because anyone may ask for any number.
        """
        newer = (number - 1) * size
        end = max(0, total - newer)
        older = max(0, end - size)
        if min(newer, older) > SKIPPED_MAX:
            return []
        listed = self.rows.filter(is_listed(now))
        if newer <= older:
            return list(self.newest_first(listed)[newer : newer + size])
        return list(self.oldest_first(listed)[older:end])[::-1]

    def older(self, than: Position, number: int, now: datetime) -> list[Position]:
        """Return the next `number` positions listed at `now` below `than`, newest first."""
        rows = self.rows.filter(is_older(than, now, pk=self.post_field))
        return list(self.newest_first(rows)[:number])

    def newer(self, than: Position, number: int, now: datetime) -> list[Position]:
        """Return the next `number` positions listed at `now` above `than`, oldest first."""
        rows = self.rows.filter(is_newer(than, now, pk=self.post_field))
        return list(self.oldest_first(rows)[:number])

    def newest_first(self, rows: QuerySet) -> QuerySet:
        return self.oldest_first(rows).reverse()

    def oldest_first(self, rows: QuerySet) -> QuerySet:
        position = ("publish_at", self.post_field)
        return rows.order_by(*position).values_list(*position)


def all_posts() -> PostListing:
    return PostListing(ALL, {})


def posts_by(author_pk: int) -> PostListing:
    return PostListing(f"author:{author_pk}", {"author": author_pk})


def find_author(username: str, now: datetime) -> User:
    """Return the author, shared by all visitors. Raise Http404 if they have no page at `now`."""
    key = username_key(username)
    make = partial(get_object_or_404, people_to_read(now), username_key=key)
    return fragments.until_next_change("author", key, make, now=now)


def posts_tagged(tag: Tag) -> PostListing:
    return PostListing(f"tag:{tag.pk}", {"tag": tag.pk}, Tagging)


def position_key(position: Position) -> str:
    """Return a position as it appears in a link: microseconds since 1970, and the post's id."""
    return f"{(position[0] - EPOCH) // timedelta(microseconds=1)}-{position[1]}"


def parse_key(text: str) -> Position:
    """Return the position in a link. Raise Http404 if it is invalid."""
    match = KEY.fullmatch(text)
    if not match:
        raise Http404
    try:
        return EPOCH + timedelta(microseconds=int(match[1])), int(match[2])
    except OverflowError as error:  # before the year 1
        raise Http404 from error


def parse_number(text: str) -> int:
    """Return a page number of at least 1. Raise Http404 if it is invalid."""
    if not NUMBER.fullmatch(text) or int(text) < 1:
        raise Http404
    return int(text)


# Counting, in the transaction that saves a post ---------------------------------------------------


def add(post: Post, tags: list[Tag]) -> None:
    """Count `post` in its lists, with its locked `tags`."""
    if post.is_published:
        change_counts(post, tags, 1)


def remove(post: Post) -> None:
    """Subtract `post` from the counters of its lists. Its tags are already locked and loaded."""
    if post.is_published:
        change_counts(post, post.tag_list, -1)


def change_counts(post: Post, tags: list[Tag], change: int) -> None:
    """Add `change` to the counters of the lists with `post`. The tags are already locked.

    The counter of all posts comes first. Other writers wait for it until this transaction ends, so
    two of them never wait for each other at the next counters.
    """
    count = F("published_count") + change
    for listing in (all_posts(), posts_by(post.author_id)):
        if not listing.counter.update(published_count=count):
            ListCount.objects.bulk_create([ListCount(scope=listing.scope)], ignore_conflicts=True)
            listing.counter.update(published_count=count)
    if tags:
        Tag.objects.filter(pk__in=[tag.pk for tag in tags]).update(published_count=count)


@transaction.atomic
def recount_all() -> None:
    """Count all lists again, after rows were written in bulk."""
    # Tags before the counter, as in a save of a post, because otherwise the two could wait for each
    # other. Tags created meanwhile start at zero, which is correct.
    in_order = Tag.objects.select_for_update(no_key=True).order_by("pk")
    locked = list(in_order.values_list("pk", flat=True))
    # Other writers wait for this counter. They look for its row, so it must stay.
    ListCount.objects.bulk_create([ListCount(scope=ALL)], ignore_conflicts=True)
    ListCount.objects.select_for_update().get(scope=ALL)
    authors = count_authors()
    counted = {posts_by(pk).scope: number for pk, number in authors.items()}
    save_counts(counted | {ALL: sum(authors.values())})
    count_tags(locked)


def count_tags(pks: list[int]) -> None:
    """Count the locked tags again. A transaction that waits for these may have locked others."""
    own = Tagging.objects.filter(is_published(), tag=OuterRef("pk")).select_related(None)
    number = own.order_by().values("tag").annotate(number=Count("pk")).values("number")
    for start in range(0, len(pks), BATCH):
        tags = Tag.objects.filter(pk__in=pks[start : start + BATCH])
        tags.update(published_count=Coalesce(Subquery(number), 0))


def count_authors() -> dict[int, int]:
    """Return the number of published posts by author id.

    It counts all states, in the order of the index. With a filter by state, SQLite would read row
    by row.
    """
    counted = Post.objects.values_list("author", "status").annotate(number=Count("pk"))
    return {pk: number for pk, status, number in counted if status == Post.Status.PUBLISHED}


def save_counts(numbers: dict[str, int]) -> None:
    """Save the number of posts for each scope, and zero for all other lists."""
    ListCount.objects.exclude(published_count=0).update(published_count=0)
    counts = (ListCount(scope=scope, published_count=number) for scope, number in numbers.items())
    update = {"unique_fields": ["scope"], "update_fields": ["published_count"]}
    while batch := list(islice(counts, BATCH)):
        ListCount.objects.bulk_create(batch, update_conflicts=True, **update)
