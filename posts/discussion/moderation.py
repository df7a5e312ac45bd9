"""Acts of moderation: approve, hide and restore comments, and close or open a discussion.

Each act is one transaction that also adds a ModerationEntry: who did what, when and why. If someone
else was faster and nothing is left to change, it returns False and adds no entry.
"""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from caching import pages
from posts.discussion.commenting import OPEN, count_comments
from posts.models import REASON_MAX_LENGTH, Comment, ModerationEntry, Post
from posts.writing import publishing

Action = ModerationEntry.Action
TARGET_MAX_LENGTH = ModerationEntry._meta.get_field("target").max_length


@transaction.atomic
def approve(comment: Comment, actor: User, *, reason: str = "", now: datetime) -> bool:
    """Publish a waiting comment, or mark a reported one as acceptable."""
    is_moved = _move(comment, Comment.Status.WAITING, to=Comment.Status.APPROVED)
    is_cleared = Comment.objects.approved().reported().filter(pk=comment.pk).exists()
    if is_moved or is_cleared:
        _record(Action.APPROVE, comment, actor, reason, now)
    return is_moved or is_cleared


@transaction.atomic
def hide(comment: Comment, actor: User, *, reason: str = "", now: datetime) -> bool:
    """Hide an approved or waiting comment from readers."""
    is_moved = _move(comment, *OPEN, to=Comment.Status.HIDDEN)
    if is_moved:
        _record(Action.HIDE, comment, actor, reason, now)
    return is_moved


@transaction.atomic
def restore(comment: Comment, actor: User, *, reason: str = "", now: datetime) -> bool:
    """Show a hidden comment to everyone again."""
    is_moved = _move(comment, Comment.Status.HIDDEN, to=Comment.Status.APPROVED)
    if is_moved:
        _record(Action.RESTORE, comment, actor, reason, now)
    return is_moved


@transaction.atomic
def close_comments(post: Post, actor: User, *, reason: str = "", now: datetime) -> bool:
    """Close `post` to new comments and keep the existing ones."""
    is_changed = _set_comments_open(post, False)
    if is_changed:
        _record(Action.CLOSE_COMMENTS, post, actor, reason, now)
    return is_changed


@transaction.atomic
def open_comments(post: Post, actor: User, *, reason: str = "", now: datetime) -> bool:
    is_changed = _set_comments_open(post, True)
    if is_changed:
        _record(Action.OPEN_COMMENTS, post, actor, reason, now)
    return is_changed


@transaction.atomic
def hide_post(post: Post, actor: User, *, reason: str = "", now: datetime) -> bool:
    """Hide a published or scheduled post from everyone but its author and moderators."""
    is_moved = publishing.change_status(post, Post.Status.PUBLISHED, to=Post.Status.HIDDEN)
    if is_moved:
        _record(Action.HIDE, post, actor, reason, now)
    return is_moved


@transaction.atomic
def trash_and_record(post: Post, actor: User, *, reason: str = "", now: datetime) -> bool:
    """Move a post to the trash. Hide another person's post first, so restoring leaves it hidden."""
    if post.author_id != actor.pk:
        publishing.change_status(post, Post.Status.PUBLISHED, to=Post.Status.HIDDEN)
    is_moved = publishing.trash_post(post, now=now)
    if is_moved:
        _record(Action.DELETE, post, actor, reason, now)
    return is_moved


@transaction.atomic
def restore_post(post: Post, actor: User, *, reason: str = "", now: datetime) -> bool:
    """Restore a post from the trash, and show a hidden post again with its original time."""
    is_back = publishing.restore_from_trash(post, now=now)
    is_shown = publishing.change_status(post, Post.Status.HIDDEN, to=Post.Status.PUBLISHED)
    is_moved = is_back or is_shown
    if is_moved:
        _record(Action.RESTORE, post, actor, reason, now)
    return is_moved


def _set_comments_open(post: Post, is_open: bool) -> bool:
    others = Post.objects.filter(pk=post.pk, comments_open=not is_open)
    is_changed = bool(others.update(comments_open=is_open))
    if is_changed:
        pages.changed()
    return is_changed


def _move(comment: Comment, *statuses: str, to: str) -> bool:
    """Change the status from one of `statuses` to `to`, and update the count."""
    found = Comment.objects.filter(pk=comment.pk, status__in=statuses)
    locked = found.select_for_update().first()
    if locked is None:
        return False
    found.update(status=to, waiting_because="")
    count_comments(comment.post_id, (to == Comment.Status.APPROVED) - locked.is_approved)
    comment.status = to
    comment.waiting_because = ""
    return True


def _record(action: str, target: Comment | Post, actor: User, reason: str, now: datetime) -> None:
    is_comment = isinstance(target, Comment)
    name = _name_comment(target) if is_comment else _name_post(target)
    ModerationEntry.objects.create(
        actor=actor,
        action=action,
        comment=target if is_comment else None,
        post=target.post if is_comment else target,
        target=name[:TARGET_MAX_LENGTH],
        reason=reason[:REASON_MAX_LENGTH],
        created_at=now,
    )


def _name_comment(comment: Comment) -> str:
    """Describe a comment, for log entries that outlive it. Its text comes last and may be cut."""
    where = f"comment {comment.pk} by {comment.author.username} on post {comment.post_id}"
    return f"{where}: {' '.join(comment.body.split())}"


def _name_post(post: Post) -> str:
    return f"post {post.pk} by {post.author.username}: {post.title}"
