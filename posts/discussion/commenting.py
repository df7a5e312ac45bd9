"""Functions that add, edit, delete, report and count comments.

Each function is one transaction. The database itself adds to the counts (`F`), so they stay correct
however many people comment at once. Rows are always locked in this order: the reply, its parent
comment, the writer, and last the post. So no two requests wait for each other.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import User
from caching import pages, takedown
from content.directions import with_directions
from content.markup import RENDERER_VERSION, render_comment
from identity import current
from posts.models import (
    COMMENT_MAX_DEPTH,
    PATH_STEP,
    Comment,
    CommentReport,
    Like,
    Post,
    may_moderate,
)

EDIT_LIMIT = timedelta(minutes=15)
# Neither hidden nor deleted.
OPEN = (Comment.Status.APPROVED, Comment.Status.WAITING)
# If the same text is sent again within this time, it counts as the same comment: it comes from a
# double click or a form sent twice.
RESENT_WITHIN = timedelta(minutes=1)
# A comment with more links waits if the site's rule is `links`.
LINKS_MAX = 2


class CommentsClosed(Exception):  # noqa: N818  a state, not a mistake
    """The post no longer takes comments: someone closed them or unpublished the post."""


def add_comment(
    post: Post, author: User, body: str, *, parent_pk: int | None = None, now: datetime
) -> Comment:
    """Add a comment or a reply. It waits for approval if the rule requires it.

    If the parent of a reply has been deleted in the meantime, the reply starts a new thread. If the
    same comment was sent a moment ago, return that one and add nothing. Raises CommentsClosed.
    """
    comment = Comment(post=post, author=author, parent_id=parent_pk, body=body, created_at=now)
    # Render before the transaction, because on SQLite an open one makes all other writers wait.
    render_comment_body(comment)
    return _add(comment)


@transaction.atomic
def _add(comment: Comment) -> Comment:
    # The second of two clicks waits here for the first, at the lock of the parent or the writer.
    comment.parent = _lock_parent(comment)
    locked = comment.parent or _lock_writer(comment)
    sent_before = _find_resent(comment)
    if sent_before:
        return sent_before
    _set_status(comment, is_known=locked.is_known)
    comment.save()
    comment.path = _path(comment)
    comment.save(update_fields=["path"])
    _count_new(comment)
    return comment


@transaction.atomic
def edit_comment(comment: Comment, body: str, *, now: datetime) -> bool:
    """Replace the text of a comment and apply the approval rule again.

    Return False if the time limit has passed or the comment is hidden or deleted.
    """
    locked = _with_is_known(Comment.objects.select_for_update(), comment)
    comment = locked.filter(pk=comment.pk).first()
    if comment is None or not is_editable(comment, now):
        return False
    was_approved = comment.is_approved
    comment.body = body
    comment.edited_at = now
    render_comment_body(comment)
    _set_status(comment, is_known=comment.is_known)
    comment.save()
    count_comments(comment.post_id, comment.is_approved - was_approved)
    return True


@transaction.atomic
def delete_comment(comment: Comment) -> None:
    """Delete a comment. If it has replies, keep a placeholder without its text.

    A placeholder is deleted with the last of its replies.
    """
    comment = _lock(comment.pk)
    if comment is None:
        return
    was_approved = comment.is_approved
    post_pk = comment.post_id
    if comment.replies.exists():
        comment.status = Comment.Status.DELETED
        comment.body = comment.body_html = comment.waiting_because = ""
        comment.save()
    else:
        _remove(comment)
    count_comments(post_pk, -int(was_approved))


def report_comment(comment: Comment, reporter: User, *, reason: str = "") -> None:
    """Ask the moderators to look at `comment`, at most once per person."""
    CommentReport.objects.get_or_create(
        comment=comment, reporter=reporter, defaults={"reason": reason}
    )


def render_comment_body(comment: Comment) -> None:
    """Set the HTML of the comment from its body, without saving it."""
    comment.body_html = with_directions(render_comment(comment.body))
    comment.rendered_by = RENDERER_VERSION


def is_editable(comment: Comment, now: datetime) -> bool:
    """Return whether the writer of `comment` may still change its text."""
    return comment.status in OPEN and now - comment.created_at <= EDIT_LIMIT


def count_comments(post_pk: int, change: int) -> None:
    """Add `change` to the post's number of approved comments.

    Every change of a comment calls this, so it invalidates cached pages even if `change` is 0.
    """
    if change > 0:
        pages.changed()
    else:
        takedown.announce()
    if change:
        Post.objects.filter(pk=post_pk).update(comment_count=F("comment_count") + change)


def _count_new(comment: Comment) -> None:
    """Count a new comment, or raise CommentsClosed if its post no longer takes comments."""
    pages.changed()
    post = Post.objects.listed(timezone.now()).filter(pk=comment.post_id, comments_open=True)
    if not post.update(comment_count=F("comment_count") + int(comment.is_approved)):
        raise CommentsClosed


def find_waiting_reason(comment: Comment, *, is_known: bool) -> str:
    """Return why a new or changed comment waits, or an empty string if it doesn't.

    The site's `comment_approval` is the rule. The post's author and moderators never wait. Writers
    with another approved comment (`is_known`) wait only if everyone does.
    """
    rule = current.site().comment_approval
    if rule == "none" or may_moderate(comment.author, comment.post):
        return ""
    if rule == "all":
        return Comment.Waiting.ALL
    links = comment.body_html.count("<a ")
    is_harmless = rule == "links" and links <= LINKS_MAX
    if is_harmless or is_known:
        return ""
    return Comment.Waiting.LINKS if rule == "links" else Comment.Waiting.FIRST


def _lock(pk: int) -> Comment | None:
    """Lock and return the current row of the comment, or None if it was deleted."""
    return Comment.objects.select_for_update().filter(pk=pk).first()


def _lock_parent(comment: Comment) -> Comment | None:
    """Lock and return the comment that this one replies to, or None if it was deleted."""
    if comment.parent_id is None:
        return None
    above = Comment.objects.open_to_replies(comment.post).select_for_update()
    return _with_is_known(above, comment).filter(pk=comment.parent_id).first()


def _lock_writer(comment: Comment) -> User:
    # The key doesn't change, so other transactions may still refer to the row.
    people = User.objects.select_for_update(no_key=True)
    return _with_is_known(people, comment).get(pk=comment.author_id)


def _with_is_known(locked: QuerySet, comment: Comment) -> QuerySet:
    """Add `is_known` to the locked rows: whether the writer has another approved comment."""
    others = Comment.objects.approved().filter(author=comment.author_id).exclude(pk=comment.pk)
    return locked.annotate(is_known=Exists(others))


def _find_resent(comment: Comment) -> Comment | None:
    """Return the comment if the same text was already sent a moment ago."""
    names = ("author", "post", "parent", "body")
    same = Comment.objects.filter(**{name: getattr(comment, name) for name in names})
    return same.filter(status__in=OPEN, created_at__gte=comment.created_at - RESENT_WITHIN).first()


def _set_status(comment: Comment, *, is_known: bool) -> None:
    """Set the status of a rendered comment by the approval rule, without saving it."""
    comment.waiting_because = find_waiting_reason(comment, is_known=is_known)
    waits = bool(comment.waiting_because)
    comment.status = Comment.Status.WAITING if waits else Comment.Status.APPROVED


def _path(comment: Comment) -> str:
    """Return the position in the thread: below the parent, or beside it at the greatest depth."""
    above = comment.parent.path if comment.parent else ""
    return above[: PATH_STEP * (COMMENT_MAX_DEPTH - 1)] + f"{comment.pk:0{PATH_STEP}}"


def _remove(comment: Comment) -> None:
    """Delete a comment without replies, and then the placeholders above it that have none left."""
    comment.delete()
    if comment.parent_id is None:
        return
    parent = _lock(comment.parent_id)
    if parent and parent.is_deleted and not parent.replies.exists():
        _remove(parent)


@transaction.atomic
def recount(post_pks: list[int]) -> int:
    """Count likes and comments of these posts again, and return the number of wrong counts."""
    # Lock the posts before counting. A new like or comment changes the post's count last, so it is
    # either counted here or waits.
    locked = Post.objects.filter(pk__in=post_pks).select_for_update(no_key=True).order_by("pk")
    likes = Like.objects.all()
    comments = Comment.objects.approved()
    numbers = {"like_count": count_subquery(likes), "comment_count": count_subquery(comments)}
    wrong = Post.objects.filter(pk__in=[post.pk for post in locked.only("pk")])
    return wrong.exclude(**numbers).update(**numbers)


def count_subquery(rows: QuerySet) -> Coalesce:
    own = rows.filter(post=OuterRef("pk")).order_by().values("post")
    return Coalesce(Subquery(own.annotate(number=Count("pk")).values("number")), 0)
