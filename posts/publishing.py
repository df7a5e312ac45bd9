"""The one write path of posts: web form, admin and commands save through here."""

from datetime import datetime

from posts.models import Post


def save_post(post: Post, *, now: datetime) -> Post:
    """Save `post`, new or changed, as updated at `now`; its status and time stay as they are."""
    if post.pk is None:
        post.created_at = now
    post.updated_at = now
    post.save()
    return post


def publish(post: Post, *, now: datetime) -> Post:
    """Save `post` and let everyone read it from `now` on; a post already out keeps its time."""
    if post.status != Post.Status.PUBLISHED:
        post.status = Post.Status.PUBLISHED
        post.publish_at = now
    return save_post(post, now=now)


def delete_post(post: Post) -> None:
    """Remove `post` for good."""
    post.delete()
