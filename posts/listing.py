"""Paginated lists of posts whose pages cost the same at any length.

A page continues from a key, the time and id of the last post shown. So readers who page through a
list see each post once while new ones arrive. A page requested by number is found from marks: about
every STEP posts, a row has the number of older posts below it. Because marks count from the oldest
post, a new post changes none of them. A backdated post changes those above it in one query.
Scheduled posts are at the newest end and are subtracted by their number, so nothing is wrong when
one is published.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

from django.db import transaction
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone

from accounts.models import User
from accounts.usernames import username_key
from caching import fragments
from posts.models import ListCount, ListMark, Post, Tag, Tagging, people_to_read
from posts.models.posts import is_listed, is_published, is_scheduled

# Increase it if counters or marks change their meaning. `prepare` then counts everything again.
COUNT_VERSION: int = 1
STEP = 500
# The number of counters that one query saves.
BATCH = 1_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
KEY = re.compile(r"(-?[0-9]{1,17})-([0-9]{1,18})")
NUMBER = re.compile(r"[0-9]{1,9}")

# The position of a post in every list: its publication time and id.
Position = tuple[datetime, int]


@dataclass(frozen=True, slots=True)
class PostPage:
    """One page of a list, newest first: post ids, and the keys of the adjacent pages."""

    ids: list[int]
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

        def make(keys: list[str]) -> dict[str, int]:
            return {self.scope: self.query_count(now)}

        return fragments.until_next_change("count", [self.scope], make, now=now)[self.scope]

    def query_count(self, now: datetime) -> int:
        scheduled = self.rows.filter(is_scheduled(now)).order_by().values("status")
        number = scheduled.annotate(number=Count("pk")).values("number")
        counter = self.counter.annotate(scheduled=Subquery(number))
        counted = counter.values_list("published_count", "scheduled").first()
        return counted[0] - (counted[1] or 0) if counted else 0

    def page(self, query: dict, *, size: int, now: datetime) -> PostPage:
        """Return the page for the number in `page` and the key in `after` or `before`.

        Raise Http404 for an invalid number or key, and for a page after the last one.
        """
        asked = (self.scope, size, *map(query.get, ("page", "after", "before")))

        def make(keys: list) -> dict:
            return {asked: self.build_page(query, size=size, now=now)}

        return fragments.until_next_change("page", [asked], make, now=now)[asked]

    def build_page(self, query: dict, *, size: int, now: datetime) -> PostPage:
        number = parse_number(query.get("page", "1"))
        total = self.count(now)
        last = max(1, -(-total // size))
        if "after" in query:
            older = self.older(parse_key(query["after"]), now=now)
            found = self.positions(older, size + 1)
            shown = found[:size]
            has_newer = True
            has_older = len(found) > size
        elif "before" in query and (
            found := self.positions(
                self.newer(self.rows.filter(is_listed(now)), parse_key(query["before"])), size + 1
            )
        ):
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
            ids=[pk for _, pk in shown],
            number=min(number, last) if has_newer and has_older else at_end,
            last_number=last,
            newer_key=position_key(shown[0]) if has_newer else "",
            older_key=position_key(shown[-1]) if shown and has_older else "",
        )

    def positions_of_page(
        self, number: int, size: int, total: int, now: datetime
    ) -> list[Position]:
        """Return the positions on page `number`, skipping at most the rows between two marks."""
        skip = (number - 1) * size
        below = total - 1 - skip
        if below < 0:
            return []
        marks = ListMark.objects.filter(scope=self.scope, below__gte=below, below__lt=total)
        mark = marks.order_by("below").first() if skip > STEP else None
        if mark is None:
            return self.positions(self.rows.filter(is_listed(now)), size, skip=skip)
        older = self.older((mark.publish_at, mark.post_id), now=now, or_equal=True)
        return self.positions(older, size, skip=mark.below - below)

    def positions(self, rows: QuerySet, size: int, *, skip: int = 0) -> list[Position]:
        if not rows.query.order_by:
            rows = rows.order_by("-publish_at", f"-{self.post_field}")
        return list(rows.values_list("publish_at", self.post_field)[skip : skip + size])

    def older(self, than: Position, *, now: datetime, or_equal: bool = False) -> QuerySet:
        """Return the rows listed at `now` below a position."""
        last = f"{self.post_field}__{'lte' if or_equal else 'lt'}"
        tie = Q(publish_at=than[0], **{last: than[1]})
        # One upper bound, not two: SQLite starts its scan at the first one, even if that is the
        # newest post.
        listed = self.rows.filter(is_listed(min(now, than[0])))
        return listed.filter(Q(publish_at__lt=than[0]) | tie)

    def newer(self, rows: QuerySet, than: Position) -> QuerySet:
        tie = Q(publish_at=than[0], **{f"{self.post_field}__gt": than[1]})
        newer = rows.filter(Q(publish_at__gt=than[0]) | tie, publish_at__gte=than[0])
        return newer.order_by("publish_at", self.post_field)


def all_posts() -> PostListing:
    return PostListing("all", {})


def posts_by(author_pk: int) -> PostListing:
    return PostListing(f"author:{author_pk}", {"author": author_pk})


def find_author(username: str, now: datetime) -> User:
    """Return the person with an author page at `now`, one object for all, or raise Http404."""
    key = username_key(username)

    def make(keys: list[str]) -> dict[str, User]:
        return {key: get_object_or_404(people_to_read(now), username_key=key)}

    return fragments.until_next_change("author", [key], make, now=now)[key]


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


# Updating counts and marks in the transaction that saves a post -----------------------------------


def listings_of(post: Post, tags: list[Tag]) -> list[PostListing]:
    """Return the lists that contain `post`: none unless it is published or scheduled."""
    if not post.is_published:
        return []
    return [all_posts(), posts_by(post.author_id), *map(posts_tagged, tags)]


def add(post: Post, tags: list[Tag]) -> None:
    """Add `post` to its lists, after it and its locked `tags` are saved."""
    listings = listings_of(post, tags)
    position = (post.publish_at, post.pk)
    if not listings:
        return
    numbers = count(listings, 1)
    # The counts of tags from the time when they were locked.
    numbers |= {posts_tagged(tag).scope: tag.published_count + 1 for tag in tags}
    shift_marks(listings, position, 1)
    for listing in listings:
        # On average every STEP posts, anywhere in the list.
        if numbers[listing.scope] % STEP == 0:
            add_mark(listing, position)


def remove(post: Post) -> None:
    """Remove `post`, whose tags are locked, from its lists before its taggings change."""
    if not post.is_published:
        return
    listings = listings_of(post, post.tag_list)
    position = (post.publish_at, post.pk)
    count(listings, -1)
    shift_marks(listings, position, -1)
    pass_marks_to_newer(listings, position)


def count(listings: list[PostListing], change: int) -> dict[str, int]:
    """Add `change` to the counter of each list. Return the new counts by scope, without tags.

    Call it before moving marks: from here to the end of the transaction, other writers wait. The
    counters of tags are already locked (`tagging.find_and_lock_tags`).
    """
    scopes = [listing.scope for listing in listings if not listing.scope.startswith("tag:")]
    counters = ListCount.objects.filter(scope__in=scopes)
    tag_pks = [int(listing.scope[4:]) for listing in listings if listing.scope.startswith("tag:")]
    tags = Tag.objects.filter(pk__in=tag_pks)
    # Always locked in the same order, because otherwise two writers could wait for each other.
    locked = counters.select_for_update().order_by("scope").values_list("scope", "published_count")
    numbers = dict(locked)
    missing = [ListCount(scope=scope) for scope in scopes if scope not in numbers]
    if missing:
        ListCount.objects.bulk_create(missing, ignore_conflicts=True)
        numbers = dict(locked.all())
    left = {"left_at": timezone.now()} if change < 0 else {}
    for table in (counters, tags):
        table.update(published_count=F("published_count") + change, **left)
    return {scope: number + change for scope, number in numbers.items()}


def shift_marks(listings: list[PostListing], position: Position, change: int) -> None:
    """Add `change` to the marks above `position`, because a post was added or removed there."""
    tie = Q(publish_at=position[0], post_id__gt=position[1])
    above = (Q(publish_at__gt=position[0]) | tie) & Q(publish_at__gte=position[0])
    marks = ListMark.objects.filter(above, scope__in=[listing.scope for listing in listings])
    marks.update(below=F("below") + change)


def pass_marks_to_newer(listings: list[PostListing], position: Position) -> None:
    """Move the marks of a removed post, at `position`, to the next newer post."""
    by_scope = {listing.scope: listing for listing in listings}
    marks = ListMark.objects.filter(scope__in=by_scope, publish_at=position[0], post_id=position[1])
    for old in marks:
        old.delete()
        listing = by_scope[old.scope]
        others = listing.rows.exclude(**{listing.post_field: position[1]})
        newer = listing.positions(listing.newer(others, position), 1)
        # If that post already has a mark, it keeps it.
        ListMark.objects.bulk_create(
            [new_mark(listing, at, old.below) for at in newer], ignore_conflicts=True
        )


def add_mark(listing: PostListing, position: Position) -> None:
    """Add a mark at `position` with the number of posts below, counted from the mark below."""
    tie = Q(publish_at=position[0], post_id__lt=position[1])
    lower = ListMark.objects.filter(Q(publish_at__lt=position[0]) | tie, scope=listing.scope)
    base = lower.order_by("-publish_at", "-post_id").first()
    rows = listing.older(position, now=position[0])
    below = 0
    if base:
        rows = listing.newer(rows, (base.publish_at, base.post_id))
        below = base.below + 1
    new_mark(listing, position, below + rows.count()).save()


def new_mark(listing: PostListing, position: Position, below: int) -> ListMark:
    return ListMark(scope=listing.scope, publish_at=position[0], post_id=position[1], below=below)


@transaction.atomic
def rebuild_all() -> None:
    """Count and mark all lists again, after rows were written in bulk."""
    # Tags before the counter, as in a save of a post, because otherwise the two could wait for each
    # other. Tags created meanwhile start at zero, which is correct.
    in_order = Tag.objects.select_for_update(no_key=True).order_by("pk")
    locked = list(in_order.values_list("pk", flat=True))
    # Other writers wait for this counter. They look for its row, so it must stay.
    count([all_posts()], 0)
    authors = count_authors()
    counted = {posts_by(pk).scope: number for pk, number in authors.items()}
    save_counts(counted | {all_posts().scope: sum(authors.values())})
    count_tags(locked)
    ListMark.objects.all().delete()
    long = [posts_by(pk) for pk, number in authors.items() if number >= STEP]
    long += [posts_tagged(tag) for tag in Tag.objects.filter(published_count__gte=STEP)]
    for listing in [all_posts(), *long]:
        add_marks(listing)


def count_tags(pks: list[int]) -> None:
    """Count the locked tags again. A transaction that waits for these may have locked others."""
    own = Tagging.objects.filter(is_published(), tag=OuterRef("pk")).select_related(None)
    number = own.order_by().values("tag").annotate(number=Count("pk")).values("number")
    for start in range(0, len(pks), BATCH):
        tags = Tag.objects.filter(pk__in=pks[start : start + BATCH])
        tags.update(published_count=Coalesce(Subquery(number), 0))


def count_authors() -> dict[int, int]:
    """Return the number of published posts by author id.

    It counts every state, in the order of the index. Filtered by state, SQLite reads row by row.
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


def rebuild(listing: PostListing, number: int) -> None:
    """Count and mark a list again that has a counter and `number` published posts."""
    ListMark.objects.filter(scope=listing.scope).delete()
    listing.counter.update(published_count=number)
    if number >= STEP:
        add_marks(listing)


def add_marks(listing: PostListing) -> None:
    """Add all marks to a list without marks."""
    rows = listing.rows.order_by("publish_at", listing.post_field)
    positions = rows.values_list("publish_at", listing.post_field).iterator()
    marked = islice(enumerate(positions), STEP - 1, None, STEP)
    ListMark.objects.bulk_create([new_mark(listing, position, below) for below, position in marked])
