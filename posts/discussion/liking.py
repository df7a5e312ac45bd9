"""Likes of posts.

Each function is one transaction. The count moves in the statement of the database (`F`), so that
any number of people at once leave the right one.
"""

from contextlib import suppress

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from caching import pages, takedown
from posts.models import Like, Post, PostQuerySet


def like(post: Post, user: User) -> None:
    """Count `user` among those who like `post`; a second time changes nothing.

    Nor does it where somebody took the post back meanwhile.
    """
    # Not all that `user` may open: a draft takes no likes from its author either.
    post_as_listed = Post.objects.listed(timezone.now()).filter(pk=post.pk)
    not_liked = post_as_listed.exclude(likes__user=user)
    # Two who come at the same instant both count; the row of the later one undoes all of that.
    with suppress(IntegrityError), transaction.atomic(savepoint=False):
        if count_likes(not_liked, 1):
            Like.objects.create(post=post, user=user)


@transaction.atomic
def unlike(post: Post, user: User) -> None:
    """Take back the like of `user`; where there is none, nothing changes."""
    gone, _ = Like.objects.filter(post=post, user=user).delete()
    if gone:
        count_likes(Post.objects.filter(pk=post.pk), -1)


def count_likes(posts: PostQuerySet, change: int) -> int:
    """Add `change` to the likes of `posts`, and return how many those are."""
    counted = posts.update(like_count=F("like_count") + change)
    if counted:
        pages.changed()
    return counted


@transaction.atomic
def take_back_likes(user: User) -> None:
    """Take back every like of `user`, whose account goes in the same transaction, with pages that
    name it.
    """
    takedown.announce()
    # Locked before the posts, as `unlike` does. Whoever locks the account keeps new likes out, too.
    User.objects.select_for_update().get(pk=user.pk)
    list(user.likes.select_for_update().values_list("pk"))
    liked = Post.objects.filter(pk__in=user.likes.values("post"))
    liked.update(like_count=F("like_count") - 1)
    user.likes.all().delete()
