"""Likes, comments and reports by readers, and the log of moderation."""

from typing import NoReturn

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models.functions import Concat
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from content.prepared import Parameter
from posts.models.permissions import may_moderate
from posts.models.posts import Post

# Deeper replies are shown beside their parent comment, so that they fit on a phone.
COMMENT_MAX_DEPTH = 4
PATH_STEP = 12
COMMENT_MAX_LENGTH = 10_000
REASON_MAX_LENGTH = 500


class Like(models.Model):
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="likes")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="likes"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("like")
        verbose_name_plural = _("likes")
        constraints = [
            models.UniqueConstraint(fields=["post", "user"], name="posts_like_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} likes {self.post_id}"


def is_liked_by(user: Parameter) -> models.Exists:
    """Return an annotation of posts: whether `user` likes them, without a separate query."""
    return models.Exists(Like.objects.filter(post=models.OuterRef("pk"), user=user))


def has_private_comments() -> models.Exists:
    """Return an annotation of posts: whether they have comments that not everyone may see."""
    return models.Exists(Comment.objects.private().filter(post=models.OuterRef("pk")))


# The columns that a page shows.
COMMENT_COLUMNS = (
    "author__username",
    "author__display_name",
    "author__is_active",
    "author__is_staff",
    "parent_id",
    "path",
    "body_html",
    "status",
    "waiting_because",
    "created_at",
    "edited_at",
)


def is_visible_to(user: User | AnonymousUser, post: Post) -> models.Q:
    """Return the condition of `visible_to` for comments on `post`."""
    if may_moderate(user, post):
        return models.Q(post=post)
    return is_public() | models.Q(author=user.pk or 0)


def is_public() -> models.Q:
    """Match comments that everyone may see, including placeholders of deleted comments."""
    return models.Q(status__in=Comment.PUBLIC)


def has_replies(post: Post) -> models.Q:
    """Match comments on `post` with an approved reply, directly or further down the thread."""
    path = models.OuterRef("path")
    end = Concat(path, models.Value("9" * PATH_STEP))
    approved = Comment.objects.approved()
    # Two conditions, each with its own index. A single one would read the whole thread for each
    # row: 11 s for 6,000 hidden comments.
    beside = approved.filter(parent=models.OuterRef("pk"))
    below = approved.filter(post=post, path__gt=path, path__lt=end)
    return models.Exists(beside) | models.Exists(below)


class CommentQuerySet(models.QuerySet):
    def visible_to(self, user: User | AnonymousUser, post: Post) -> "CommentQuerySet":
        """Comments on `post` that `user` may see.

        Everyone sees approved comments, and placeholders of deleted comments with replies. Only the
        writer and the people who may approve it see a waiting or hidden comment.
        """
        return self.filter(is_visible_to(user, post), post=post)

    def in_thread(self, user: User | AnonymousUser, post: Post) -> "CommentQuerySet":
        """Comments on `post` that have a position in the thread as `user` sees it.

        A comment that `user` may not see (`is_shown`) keeps its position if it has replies, which
        would otherwise appear below another comment.
        """
        is_shown = models.ExpressionWrapper(is_visible_to(user, post), models.BooleanField())
        comments = self.filter(post=post).annotate(is_shown=is_shown)
        return comments.filter(models.Q(is_shown=True) | has_replies(post))

    def for_page(self) -> "CommentQuerySet":
        """Comments `in_thread` in order, with the columns that a page shows."""
        comments = self.with_hidden_by().select_related("author")
        return comments.only(*COMMENT_COLUMNS).order_by("path")

    def private(self) -> "CommentQuerySet":
        """Comments that not everyone may see."""
        # Lists these statuses, because excluding the public ones would read the whole thread.
        statuses = [status for status in Comment.Status if status not in Comment.PUBLIC]
        return self.filter(status__in=statuses)

    def approved(self) -> "CommentQuerySet":
        return self.filter(status=Comment.Status.APPROVED)

    def open_to_replies(self, post: Post) -> "CommentQuerySet":
        """Comments on `post` that people may reply to."""
        return self.approved().filter(post=post)

    def reported(self) -> "CommentQuerySet":
        """Comments with a report that no moderator has handled yet."""
        return self.filter(pk__in=CommentReport.objects.unanswered().values("comment"))

    def with_hidden_by(self) -> "CommentQuerySet":
        """Comments, each with the id of the person who last hid it."""
        acts = ModerationEntry.objects.filter(
            comment=models.OuterRef("pk"), action=ModerationEntry.Action.HIDE
        )
        return self.annotate(hidden_by=models.Subquery(acts.order_by("-pk").values("actor")[:1]))


class Comment(models.Model):
    class Status(models.TextChoices):
        APPROVED = "approved", _("approved")
        WAITING = "waiting", _("waiting")
        HIDDEN = "hidden", _("hidden")
        DELETED = "deleted", _("deleted")

    # Everyone may see comments in these states, even if only as a placeholder.
    PUBLIC = (Status.APPROVED, Status.DELETED)

    class Waiting(models.TextChoices):
        """Reasons why a comment waits. Each completes the sentence “it waits, because”."""

        LINKS = "links", _("it has more than two links, and its author has no approved comment yet")
        FIRST = "first", _("its author has no approved comment yet")
        ALL = "all", _("every comment is read before it appears")

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="comments")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="comments"
    )
    parent = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="replies"
    )
    # Ids from the root of the thread down, twelve digits each. Sorting by them gives thread order.
    path = models.CharField(max_length=PATH_STEP * COMMENT_MAX_DEPTH, editable=False)
    body = models.TextField(_("comment"), max_length=COMMENT_MAX_LENGTH)
    body_html = models.TextField(editable=False, default="")
    rendered_by = models.PositiveSmallIntegerField(editable=False, default=0)
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.APPROVED
    )
    # One of Waiting, or empty.
    waiting_because = models.CharField(max_length=200, blank=True, editable=False)
    created_at = models.DateTimeField(_("created at"), editable=False)
    edited_at = models.DateTimeField(_("edited at"), null=True, blank=True, editable=False)

    objects = CommentQuerySet.as_manager()

    class Meta:
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        indexes = [
            models.Index(fields=["post", "path"], name="posts_comment_thread"),
            models.Index(fields=["post", "status"], name="posts_comment_private"),
            models.Index(fields=["status", "-id"], name="posts_comment_status"),
            models.Index(fields=["author", "status"], name="posts_comment_author"),
            models.Index(fields=["rendered_by"], name="posts_comment_renderer"),
        ]

    def __str__(self) -> str:
        return gettext("Comment %(number)s") % {"number": self.pk}

    @property
    def depth(self) -> int:
        """The depth in the thread, from 0 for a comment on the post to COMMENT_MAX_DEPTH - 1."""
        return len(self.path) // PATH_STEP - 1

    @property
    def is_deleted(self) -> bool:
        return self.status == self.Status.DELETED

    @property
    def is_waiting(self) -> bool:
        return self.status == self.Status.WAITING

    @property
    def is_hidden(self) -> bool:
        return self.status == self.Status.HIDDEN

    @property
    def is_approved(self) -> bool:
        return self.status == self.Status.APPROVED

    @property
    def waiting_reason(self) -> str:
        return self.Waiting(self.waiting_because).label if self.waiting_because else ""

    @property
    def is_beside_its_parent(self) -> bool:
        """Return whether the comment is shown beside its parent, which is at the greatest depth."""
        above = self.path[:-PATH_STEP]
        return self.parent_id is not None and not above.endswith(f"{self.parent_id:0{PATH_STEP}}")

    def get_absolute_url(self) -> str:
        """Return the address that redirects to the comment on its page of the thread."""
        return reverse("posts:comment_detail", kwargs={"pk": self.post_id, "comment": self.pk})


class CommentReportQuerySet(models.QuerySet):
    def unanswered(self) -> "CommentReportQuerySet":
        """Reports whose comment has not been moderated since."""
        answers = ModerationEntry.objects.filter(
            comment=models.OuterRef("comment"), created_at__gte=models.OuterRef("created_at")
        )
        return self.filter(~models.Exists(answers))


class CommentReport(models.Model):
    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="reports")
    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="comment_reports"
    )
    reason = models.CharField(_("reason"), max_length=REASON_MAX_LENGTH, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects = CommentReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("report of a comment")
        verbose_name_plural = _("reports of comments")
        constraints = [
            models.UniqueConstraint(fields=["comment", "reporter"], name="posts_report_once"),
        ]

    def __str__(self) -> str:
        return gettext("Report %(number)s") % {"number": self.pk}


class AppendOnlyQuerySet(models.QuerySet):
    def update(self, **values) -> NoReturn:
        raise TypeError("A moderation entry is never changed.")

    def delete(self) -> NoReturn:
        raise TypeError("A moderation entry is never deleted.")


class ModerationEntry(models.Model):
    """A log entry: who moderated which comment or post, when and why. Rows never change."""

    class Action(models.TextChoices):
        APPROVE = "approve", _("approve")
        HIDE = "hide", _("hide")
        RESTORE = "restore", _("restore")
        DELETE = "delete", _("delete")
        CLOSE_COMMENTS = "close", _("close comments")
        OPEN_COMMENTS = "open", _("open comments")

    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="moderation_entries"
    )
    action = models.CharField(_("action"), max_length=10, choices=Action.choices)
    # The comment or post may be deleted later. `target` keeps a description of it.
    comment = models.ForeignKey(Comment, on_delete=models.SET_NULL, null=True, db_constraint=False)
    post = models.ForeignKey(Post, on_delete=models.SET_NULL, null=True, db_constraint=False)
    target = models.CharField(_("target"), max_length=300)
    reason = models.CharField(_("reason"), max_length=REASON_MAX_LENGTH, blank=True)
    created_at = models.DateTimeField(_("created at"))

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = _("moderation entry")
        verbose_name_plural = _("moderation entries")
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.target}"

    def save(self, *args, **kwargs) -> None:
        """Add the entry. Raise TypeError if it already exists."""
        if self.pk is not None:
            raise TypeError("A moderation entry is never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs) -> NoReturn:
        raise TypeError("A moderation entry is never deleted.")
