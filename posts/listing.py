"""Lists of posts in pages that cost the same at any length.

A page goes on from a key, the time and id of the last post shown, so a walk neither repeats nor
skips a post while new ones arrive. A page asked for by number is found from marks: about every
STEP posts, counted from the oldest, a row says how many posts lie below it. Counted from there, a
new post moves no mark; a back-dated one moves those above it in one statement. Scheduled posts
stand at the newest end and are subtracted by their number, so one that comes due makes nothing
wrong.
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

# Raise it whenever counters or marks change their meaning. `prepare` then counts all again.
COUNT_VERSION: int = 1
STEP = 500
# Counters that one statement saves.
BATCH = 1_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
KEY = re.compile(r"(-?[0-9]{1,17})-([0-9]{1,18})")
NUMBER = re.compile(r"[0-9]{1,9}")

# The position of a post in every list: when it is published, and its id.
Position = tuple[datetime, int]


@dataclass(frozen=True, slots=True)
class PostPage:
    """One page of a list, newest first: ids of posts, and the keys from which to go on."""

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
    # What its posts have in common, or their ties to a tag.
    filters: dict[str, int]
    model: type[Post] | type[Tagging] = Post

    @property
    def rows(self) -> QuerySet:
        """Published posts, or their ties to a tag, the scheduled among them."""
        rows = self.model.objects.filter(**self.filters).filter(is_published())
        return rows.select_related(None).order_by()

    @property
    def post_field(self) -> str:
        return "pk" if self.model is Post else "post_id"

    @property
    def counter(self) -> QuerySet:
        """The row that counts the list, in `published_count`."""
        if self.model is Tagging:
            return Tag.objects.filter(pk=self.filters["tag"])
        return ListCount.objects.filter(scope=self.scope)

    def count(self, now: datetime) -> int:
        """Return how many posts everyone may see at `now`."""

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
        """Return the page that `query` asks for by `page`, and by a key in `after` or `before`.

        Raises Http404 for what is no number or no key, and for a page beyond the end.
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
            # Where all that was newer has gone, a walk back ends on the first page.
            number = 1 if "before" in query else number
            shown = self.positions_of_page(number, size, total, now)
            has_newer = number > 1
            has_older = number < last
        if not shown and (total or number > 1 or "after" in query):
            raise Http404
        # Posts may have come or gone since the link was made.
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
        """Return the positions on page `number`, skipping no more rows than lie between marks."""
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
        """Return what is listed at `now` and lies below a position."""
        last = f"{self.post_field}__{'lte' if or_equal else 'lt'}"
        tie = Q(publish_at=than[0], **{last: than[1]})
        # One end, not two: SQLite begins at the first that it is told, were it the newest post.
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
    """Return the person with a page at `now`, the same object for everyone; 404 without one."""
    key = username_key(username)

    def make(keys: list[str]) -> dict[str, User]:
        return {key: get_object_or_404(people_to_read(now), username_key=key)}

    return fragments.until_next_change("author", [key], make, now=now)[key]


def posts_tagged(tag: Tag) -> PostListing:
    return PostListing(f"tag:{tag.pk}", {"tag": tag.pk}, Tagging)


def position_key(position: Position) -> str:
    """Return a position as it stands in a link: microseconds since 1970, and the post's id."""
    return f"{(position[0] - EPOCH) // timedelta(microseconds=1)}-{position[1]}"


def parse_key(text: str) -> Position:
    """Return the position that a link names; raise Http404 for what is none."""
    match = KEY.fullmatch(text)
    if not match:
        raise Http404
    try:
        return EPOCH + timedelta(microseconds=int(match[1])), int(match[2])
    except OverflowError as error:  # before the year 1
        raise Http404 from error


def parse_number(text: str) -> int:
    """Return the number of a page, from 1; raise Http404 for what is none."""
    if not NUMBER.fullmatch(text) or int(text) < 1:
        raise Http404
    return int(text)


# Keeping counts and marks, in the transaction that saves a post -----------------------------------


def listings_of(post: Post, tags: list[Tag]) -> list[PostListing]:
    """Return the lists that hold `post`: none while it is not published."""
    if not post.is_published:
        return []
    return [all_posts(), posts_by(post.author_id), *map(posts_tagged, tags)]


def add(post: Post, tags: list[Tag]) -> None:
    """Count `post` into its lists, after it and its ties to `tags`, which are locked, are saved."""
    listings = listings_of(post, tags)
    position = (post.publish_at, post.pk)
    if not listings:
        return
    numbers = count(listings, 1)
    # As they were when they were locked.
    numbers |= {posts_tagged(tag).scope: tag.published_count + 1 for tag in tags}
    shift_marks(listings, position, 1)
    for listing in listings:
        # On average every STEP posts, wherever in the list they come.
        if numbers[listing.scope] % STEP == 0:
            add_mark(listing, position)


def remove(post: Post) -> None:
    """Count `post`, whose tags are locked, out of its lists, before its ties are changed."""
    if not post.is_published:
        return
    listings = listings_of(post, post.tag_list)
    position = (post.publish_at, post.pk)
    count(listings, -1)
    shift_marks(listings, position, -1)
    pass_marks_to_newer(listings, position)


def count(listings: list[PostListing], change: int) -> dict[str, int]:
    """Add `change` to the counter of each list; return what those of no tag hold, by scope.

    Before marks are moved: from here to the end of the transaction, others who write wait. For
    those of tags they do already (`tagging.find_and_lock_tags`).
    """
    scopes = [listing.scope for listing in listings if not listing.scope.startswith("tag:")]
    counters = ListCount.objects.filter(scope__in=scopes)
    tag_pks = [int(listing.scope[4:]) for listing in listings if listing.scope.startswith("tag:")]
    tags = Tag.objects.filter(pk__in=tag_pks)
    # Locked in one order, or two who write could wait for each other.
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
    """Correct the marks above `position` for one post more or less below them."""
    tie = Q(publish_at=position[0], post_id__gt=position[1])
    above = (Q(publish_at__gt=position[0]) | tie) & Q(publish_at__gte=position[0])
    marks = ListMark.objects.filter(above, scope__in=[listing.scope for listing in listings])
    marks.update(below=F("below") + change)


def pass_marks_to_newer(listings: list[PostListing], position: Position) -> None:
    """Move the marks of a post that leaves its lists, at `position`, to the next newer post."""
    by_scope = {listing.scope: listing for listing in listings}
    marks = ListMark.objects.filter(scope__in=by_scope, publish_at=position[0], post_id=position[1])
    for old in marks:
        old.delete()
        listing = by_scope[old.scope]
        others = listing.rows.exclude(**{listing.post_field: position[1]})
        newer = listing.positions(listing.newer(others, position), 1)
        # One that has a mark already keeps it.
        ListMark.objects.bulk_create(
            [new_mark(listing, at, old.below) for at in newer], ignore_conflicts=True
        )


def add_mark(listing: PostListing, position: Position) -> None:
    """Add a mark at `position`, with the number of posts below it, counted from the mark below."""
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
    # Tags before the counter, as whoever saves a post does, or the two could wait for each other.
    # Those that are made meanwhile count from nothing, and so rightly.
    in_order = Tag.objects.select_for_update(no_key=True).order_by("pk")
    locked = list(in_order.values_list("pk", flat=True))
    # Whoever writes meanwhile waits for this counter; its row stays, for they look for it.
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
    """Count locked tags again. Others may be locked by a transaction that waits for these."""
    own = Tagging.objects.filter(is_published(), tag=OuterRef("pk")).select_related(None)
    number = own.order_by().values("tag").annotate(number=Count("pk")).values("number")
    for start in range(0, len(pks), BATCH):
        tags = Tag.objects.filter(pk__in=pks[start : start + BATCH])
        tags.update(published_count=Coalesce(Subquery(number), 0))


def count_authors() -> dict[int, int]:
    """Return how many published posts there are by the id of each author.

    Counted by state, as the index goes: asked for the published alone, SQLite reads row by row.
    """
    counted = Post.objects.values_list("author", "status").annotate(number=Count("pk"))
    return {pk: number for pk, status, number in counted if status == Post.Status.PUBLISHED}


def save_counts(numbers: dict[str, int]) -> None:
    """Save the number of posts of each list by its scope; others hold none."""
    ListCount.objects.exclude(published_count=0).update(published_count=0)
    counts = (ListCount(scope=scope, published_count=number) for scope, number in numbers.items())
    update = {"unique_fields": ["scope"], "update_fields": ["published_count"]}
    while batch := list(islice(counts, BATCH)):
        ListCount.objects.bulk_create(batch, update_conflicts=True, **update)


def rebuild(listing: PostListing, number: int) -> None:
    """Count and mark one list again, which has a counter and `number` published posts."""
    ListMark.objects.filter(scope=listing.scope).delete()
    listing.counter.update(published_count=number)
    if number >= STEP:
        add_marks(listing)


def add_marks(listing: PostListing) -> None:
    """Mark a list that has no marks yet."""
    rows = listing.rows.order_by("publish_at", listing.post_field)
    positions = rows.values_list("publish_at", listing.post_field).iterator()
    marked = islice(enumerate(positions), STEP - 1, None, STEP)
    ListMark.objects.bulk_create([new_mark(listing, position, below) for below, position in marked])
