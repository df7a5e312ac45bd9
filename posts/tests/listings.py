"""The expected contents of lists, computed the plain and slow way."""

from datetime import datetime

from accounts.models import User
from posts import listing
from posts.models import ListCount, Post, Tag

SIZE = 5


def all_listings() -> list[listing.PostListing]:
    authors = map(listing.posts_by, User.objects.values_list("pk", flat=True))
    return [listing.all_posts(), *authors, *map(listing.posts_tagged, Tag.objects.all())]


def plain_slices(each: listing.PostListing, now: datetime) -> list[list[Post]]:
    """Slice all posts of a list into pages. A list without posts has one empty page."""
    posts = [post for post in published(each.scope) if post.publish_at <= now]
    return [posts[start : start + SIZE] for start in range(0, max(1, len(posts)), SIZE)]


def by_number(each: listing.PostListing, now: datetime) -> list[list[Post]]:
    """Return all pages of a list, each requested by its number."""
    last = each.page({}, size=SIZE, now=now).last_number
    pages = [each.page({"page": str(n + 1)}, size=SIZE, now=now) for n in range(last)]
    assert {page.last_number for page in pages} == {last}
    return [[Post.objects.get(pk=pk) for pk in page.ids] for page in pages]


def published(scope: str) -> list[Post]:
    """Return a list's posts, newest first, scheduled ones included, from the Post rows alone."""
    posts = Post.objects.filter(status=Post.Status.PUBLISHED)
    kind, _, pk = scope.partition(":")
    if kind == "author":
        posts = posts.filter(author=pk)
    elif kind == "tag":
        posts = posts.filter(tags=pk)
    return sorted(posts, key=lambda post: (post.publish_at, post.pk), reverse=True)


def counters() -> dict[str, int]:
    tags = {f"tag:{pk}": n for pk, n in Tag.objects.values_list("pk", "published_count")}
    return dict(ListCount.objects.values_list("scope", "published_count")) | tags


def expect_right_numbers() -> None:
    """Fail if a counter is wrong, or if counting again changes one."""
    lengths = {each.scope: len(published(each.scope)) for each in all_listings()}
    counted = counters()
    assert counted == {scope: lengths.get(scope, 0) for scope in counted}
    assert {scope for scope, number in lengths.items() if number} <= counted.keys()
    listing.recount_all()
    assert counters() == counted
