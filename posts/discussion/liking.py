"""Likes of posts.

Each function is one transaction. The database itself adds to the count (`F`), so it stays correct
however many people like a post at once.
"""

from contextlib import suppress

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from caching import pages, takedown
from posts.models import Like, Post, PostQuerySet


def like(post: Post, user: User) -> None:
    """Add the like of `user`, unless it exists or `post` has been unpublished in the meantime."""
    # Use `listed`, not `visible_to`, because not even its author can like a draft.
    post_as_listed = Post.objects.listed(timezone.now()).filter(pk=post.pk)
    not_liked = post_as_listed.exclude(likes__user=user)
    # Two simultaneous requests by one user both raise the count. Inserting the second row then
    # fails, which undoes that.
    with suppress(IntegrityError), transaction.atomic(savepoint=False):
        if count_likes(not_liked, 1):
            Like.objects.create(post=post, user=user)


@transaction.atomic
def unlike(post: Post, user: User) -> None:
    """Remove the like of `user`, if there is one."""
    gone, _ = Like.objects.filter(post=post, user=user).delete()
    if gone:
        count_likes(Post.objects.filter(pk=post.pk), -1)


def count_likes(posts: PostQuerySet, change: int) -> int:
    """Add `change` to the likes of `posts`, and return the number of posts changed."""
    counted = posts.update(like_count=F("like_count") + change)
    if counted:
        pages.changed()
    return counted


@transaction.atomic
def remove_likes(user: User) -> None:
    """Remove all likes of `user`, and invalidate the pages that name them.

    The caller deletes the account in the same transaction.
    """
    takedown.announce()
    # Lock the likes before the posts, as in `unlike`. The lock on the account also prevents new
    # likes.
    User.objects.select_for_update().get(pk=user.pk)
    list(user.likes.select_for_update().values_list("pk"))
    liked = Post.objects.filter(pk__in=user.likes.values("post"))
    liked.update(like_count=F("like_count") - 1)
    user.likes.all().delete()
