"""Lists of posts in pages that cost the same at any length.

A page goes on from a key, the time and id of the last post shown, so a walk neither repeats nor
skips a post while new ones arrive. A page asked for by number is found from marks: about every
STEP posts, counted from the oldest, a row says how many posts lie below it. Counted from there, a
new post moves no mark; a back-dated one moves those above it in one statement. Scheduled posts
stand at the newest end and are subtracted by their number, so one that comes due makes nothing
wrong.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet, Subquery
from django.http import Http404

from accounts.models import User
from posts.models import ListCount, ListMark, Post, Tag, Tagging
from posts.models.posts import is_listed, is_published

STEP = 500
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
KEY = re.compile(r"(-?[0-9]{1,17})-([0-9]{1,18})")
NUMBER = re.compile(r"[0-9]{1,9}")

# When a post is published, and its id: its place in every list.
Position = tuple[datetime, int]


@dataclass(frozen=True, slots=True)
class PostPage:
    """One page of a list, newest first, and the keys from which to go on."""

    posts: list[Post]
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
    # The row that counts the list, in `published_count`.
    counter: QuerySet
    # Published posts, or their ties to a tag, the scheduled among them.
    rows: QuerySet
    post_field: str = "pk"

    def count(self, now: datetime) -> int:
        """Return how many posts everyone may see at `now`."""
        scheduled = self.rows.filter(publish_at__gt=now).order_by().values("status")
        number = scheduled.annotate(number=Count("pk")).values("number")
        counter = self.counter.annotate(scheduled=Subquery(number))
        counted = counter.values_list("published_count", "scheduled").first()
        return counted[0] - (counted[1] or 0) if counted else 0

    def page(self, query: dict, *, size: int, now: datetime) -> PostPage:
        """Return the page that `query` asks for by `page`, and by a key in `after` or `before`.

        Raises Http404 for what is no number or no key, and for a page beyond the end.
        """
        number = parse_number(query.get("page", "1"))
        total = self.count(now)
        last = max(1, -(-total // size))
        listed = self.rows.filter(is_listed(now))
        if "after" in query:
            found = self.positions(self.older(listed, parse_key(query["after"])), size + 1)
            shown, has_newer, has_older = found[:size], True, len(found) > size
        elif "before" in query and (
            found := self.positions(self.newer(listed, parse_key(query["before"])), size + 1)
        ):
            shown, has_newer, has_older = found[:size][::-1], len(found) > size, True
        else:
            # Where all that was newer has gone, a walk back ends on the first page.
            number = 1 if "before" in query else number
            shown = self.by_number(listed, number, size, total)
            has_newer, has_older = number > 1, number < last
        if not shown and (total or number > 1 or "after" in query):
            raise Http404
        return PostPage(
            posts=read_posts(shown),
            # Posts may have gone since the link was made.
            number=min(number, last),
            last_number=last,
            newer_key=key_of(shown[0]) if has_newer else "",
            older_key=key_of(shown[-1]) if shown and has_older else "",
        )

    def by_number(self, listed: QuerySet, number: int, size: int, total: int) -> list[Position]:
        """Return the positions on page `number`, skipping no more rows than lie between marks."""
        skip = (number - 1) * size
        below = total - 1 - skip
        if below < 0:
            return []
        marks = ListMark.objects.filter(scope=self.scope, below__gte=below, below__lt=total)
        mark = marks.order_by("below").first() if skip > STEP else None
        if mark:
            listed = self.older(listed, (mark.publish_at, mark.post_id), or_equal=True)
            skip = mark.below - below
        return self.positions(listed, size, skip=skip)

    def positions(self, rows: QuerySet, size: int, *, skip: int = 0) -> list[Position]:
        if not rows.query.order_by:
            rows = rows.order_by("-publish_at", f"-{self.post_field}")
        return list(rows.values_list("publish_at", self.post_field)[skip : skip + size])

    def older(self, rows: QuerySet, than: Position, *, or_equal: bool = False) -> QuerySet:
        last = f"{self.post_field}__{'lte' if or_equal else 'lt'}"
        tie = Q(publish_at=than[0], **{last: than[1]})
        return rows.filter(Q(publish_at__lt=than[0]) | tie, publish_at__lte=than[0])

    def newer(self, rows: QuerySet, than: Position) -> QuerySet:
        tie = Q(publish_at=than[0], **{f"{self.post_field}__gt": than[1]})
        newer = rows.filter(Q(publish_at__gt=than[0]) | tie, publish_at__gte=than[0])
        return newer.order_by("publish_at", self.post_field)


def all_posts() -> PostListing:
    return of_posts("all", Post.objects.all())


def posts_by(author: User) -> PostListing:
    return of_posts(f"author:{author.pk}", Post.objects.filter(author=author))


def of_posts(scope: str, posts: QuerySet) -> PostListing:
    published = posts.filter(is_published())
    return PostListing(scope, ListCount.objects.filter(scope=scope), published)


def posts_tagged(tag: Tag) -> PostListing:
    ties = tag.taggings.filter(is_published()).order_by().select_related(None)
    return PostListing(f"tag:{tag.pk}", Tag.objects.filter(pk=tag.pk), ties, "post_id")


def read_posts(positions: list[Position]) -> list[Post]:
    """Return the posts at `positions`, in their order, with all that a card shows."""
    posts = Post.objects.for_list().in_bulk([pk for _, pk in positions])
    return [posts[pk] for _, pk in positions if pk in posts]


def key_of(position: Position) -> str:
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


def listings_of(post: Post) -> list[PostListing]:
    """Return the lists that hold `post`: none while it is not published."""
    if post.status != Post.Status.PUBLISHED:
        return []
    tags = [posts_tagged(tagging.tag) for tagging in post.taggings.all()]
    return [all_posts(), posts_by(post.author), *tags]


def add(post: Post) -> None:
    """Count `post` into its lists, after it and its ties are saved."""
    listings, place = listings_of(post), (post.publish_at, post.pk)
    if not listings:
        return
    numbers = count(listings, 1)
    move_marks(listings, place, 1)
    for listing in listings:
        # On average every STEP posts, wherever in the list they come.
        if numbers[listing.scope] % STEP == 0:
            mark(listing, place)


def remove(post: Post) -> None:
    """Count `post` out of its lists, before it or its ties are changed."""
    listings, place = listings_of(post), (post.publish_at, post.pk)
    if not listings:
        return
    count(listings, -1)
    move_marks(listings, place, -1)
    hand_on_marks(listings, place)


def count(listings: list[PostListing], change: int) -> dict[str, int]:
    """Add `change` to the counter of each list; return what they hold by scope.

    Before marks are moved: from here to the end of the transaction, others who write wait.
    """
    scopes = [listing.scope for listing in listings]
    counters = ListCount.objects.filter(scope__in=scopes)
    tags = Tag.objects.filter(pk__in=[scope[4:] for scope in scopes if scope.startswith("tag:")])
    missing = [ListCount(scope=scope) for scope in scopes if not scope.startswith("tag:")]
    ListCount.objects.bulk_create(missing, ignore_conflicts=True)
    # Locked in one order, or two who write could wait for each other.
    locked = counters.select_for_update().order_by("scope").values_list("scope", "published_count")
    numbers = dict(locked)
    locked = tags.select_for_update(no_key=True).order_by("pk").values_list("pk", "published_count")
    numbers |= {f"tag:{pk}": number for pk, number in locked}
    for table in (counters, tags):
        table.update(published_count=F("published_count") + change)
    return {scope: number + change for scope, number in numbers.items()}


def move_marks(listings: list[PostListing], place: Position, change: int) -> None:
    """Correct the marks above `place` for one post more or less below them."""
    tie = Q(publish_at=place[0], post_id__gt=place[1])
    above = (Q(publish_at__gt=place[0]) | tie) & Q(publish_at__gte=place[0])
    marks = ListMark.objects.filter(above, scope__in=[listing.scope for listing in listings])
    marks.update(below=F("below") + change)


def hand_on_marks(listings: list[PostListing], place: Position) -> None:
    """Move the marks at `place`, whose post leaves the lists, to the next newer post in each."""
    by_scope = {listing.scope: listing for listing in listings}
    marks = ListMark.objects.filter(scope__in=by_scope, publish_at=place[0], post_id=place[1])
    for old in marks:
        old.delete()
        listing = by_scope[old.scope]
        others = listing.rows.exclude(**{listing.post_field: place[1]})
        heirs = listing.positions(listing.newer(others, place), 1)
        # One that has a mark already keeps it.
        ListMark.objects.bulk_create(
            [new_mark(listing, heir, old.below) for heir in heirs], ignore_conflicts=True
        )


def mark(listing: PostListing, place: Position) -> None:
    """Set a mark at `place`, with the number of posts below it counted from the next mark down."""
    tie = Q(publish_at=place[0], post_id__lt=place[1])
    lower = ListMark.objects.filter(Q(publish_at__lt=place[0]) | tie, scope=listing.scope)
    base = lower.order_by("-publish_at", "-post_id").first()
    rows, below = listing.older(listing.rows, place), 0
    if base:
        rows, below = listing.newer(rows, (base.publish_at, base.post_id)), base.below + 1
    new_mark(listing, place, below + rows.count()).save()


def new_mark(listing: PostListing, place: Position, below: int) -> ListMark:
    return ListMark(scope=listing.scope, publish_at=place[0], post_id=place[1], below=below)


@transaction.atomic
def rebuild_all() -> None:
    """Count and mark all lists anew, after rows were written in bulk."""
    # Whoever writes meanwhile waits for this counter; its row stays, for they look for it.
    count([all_posts()], 0)
    ListMark.objects.all().delete()
    ListCount.objects.update(published_count=0)
    Tag.objects.update(published_count=0)
    rebuild(all_posts(), all_posts().rows.count())
    for author, number in sizes(all_posts().rows, "author"):
        rebuild(posts_by(User(pk=author)), number)
    ties = Tagging.objects.filter(is_published())
    for tag, number in sizes(ties, "tag"):
        rebuild(posts_tagged(Tag(pk=tag)), number)


def sizes(rows: QuerySet, group: str) -> Iterator[tuple[int, int]]:
    """Yield the ids in a column and how many rows have each."""
    grouped = rows.select_related(None).order_by().values_list(group)
    yield from list(grouped.annotate(number=Count("pk")))


def rebuild(listing: PostListing, number: int) -> None:
    """Count and mark one list anew, which holds `number` published posts."""
    ListMark.objects.filter(scope=listing.scope).delete()
    if not listing.counter.update(published_count=number):
        ListCount.objects.create(scope=listing.scope, published_count=number)
    if number >= STEP:
        rows = listing.rows.order_by("publish_at", listing.post_field)
        places = rows.values_list("publish_at", listing.post_field).iterator()
        marked = islice(enumerate(places), STEP - 1, None, STEP)
        marks = [new_mark(listing, place, below) for below, place in marked]
        ListMark.objects.bulk_create(marks)
