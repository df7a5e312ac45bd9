"""Review: a person who may not publish asks, and an editor publishes or returns the post."""

from dataclasses import replace
from datetime import datetime

from django.utils import timezone

from accounts.models import User
from accounts.roles import Role, is_at_least
from posts import tagging
from posts.models import Post, may_publish
from posts.writing import publishing
from posts.writing.edit import Edit


def ask_review(post: Post, edit: Edit) -> Post:
    """Save `post` for its readers as before, and add it to the posts that editors review."""
    return save_in_review(post, replace(edit, review=Post.Review.ASKED))


def return_post(post: Post, edit: Edit) -> Post:
    """Save `post` for its readers as before, and give it back to its author."""
    return save_in_review(post, replace(edit, review=Post.Review.RETURNED))


def withdraw(post: Post, edit: Edit) -> Post:
    """Save `post` for its readers as before, and end its review."""
    return save_in_review(post, replace(edit, review=""))


def save_in_review(post: Post, edit: Edit) -> Post:
    if post.pk is None or post.is_draft:
        return publishing.save_draft(post, edit)
    return publishing.save_private_version(post, replace(edit, is_autosave=True))


def unschedule_posts(user: User) -> None:
    """Make drafts of the scheduled posts of a user who may no longer publish.

    The drafts of a contributor wait for review. They keep their time, so that an editor can
    schedule them again with one click.
    """
    now = timezone.now()
    for post in Post.objects.filter(author=user).scheduled(now):
        if not may_publish(user, post):
            unschedule(post, at=now, is_to_review=is_at_least(user, Role.CONTRIBUTOR))


@tagging.retry_if_tags_moved
def unschedule(post: Post, *, at: datetime, is_to_review: bool) -> None:
    before = publishing.lock(post)
    if before is None or not before.is_scheduled(at):
        return
    publishing.move_row(post, before, Post.Status.DRAFT)
    if is_to_review:
        Post.objects.filter(pk=post.pk).update(review=Post.Review.ASKED, review_at=at)
