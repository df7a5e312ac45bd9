"""Revisions of a post, and links for reading it before publication."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from posts.models.posts import (
    DESCRIPTION_MAX_LENGTH,
    EDIT_SESSION_MAX_LENGTH,
    TITLE_MAX_LENGTH,
    Post,
)
from posts.models.reviews import REVIEW_NOTE_MAX_LENGTH
from posts.models.texts import PostText

# A note about a change may be one for an editor.
WHY_MAX_LENGTH = REVIEW_NOTE_MAX_LENGTH


class Revision(models.Model):
    """The text of a post as one person saved it.

    The autosaves of one edit session become one revision. A session lasts as long as an editor is
    open. If the newest revision of a post that isn't a draft is an autosave, readers do not see
    those edits yet.
    """

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=TITLE_MAX_LENGTH, blank=True)
    body = models.TextField(blank=True)
    # As in the form, separated by commas.
    tags = models.TextField(blank=True)
    cover_alt = models.CharField(max_length=300, blank=True)
    description = models.CharField(
        max_length=DESCRIPTION_MAX_LENGTH, blank=True, db_default="", default=""
    )
    saved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="revisions"
    )
    saved_at = models.DateTimeField()
    reason = models.CharField(max_length=WHY_MAX_LENGTH, blank=True)
    is_autosave = models.BooleanField(default=False)
    edit_session = models.CharField(
        max_length=EDIT_SESSION_MAX_LENGTH, blank=True, db_column="sitting"
    )

    class Meta:
        verbose_name = _("revision")
        verbose_name_plural = _("revisions")
        ordering = ("-number",)
        constraints = [
            models.UniqueConstraint(fields=["post", "number"], name="posts_revision_numbered_once"),
        ]

    def __str__(self) -> str:
        return f"{self.number} of {self.post_id}"

    @property
    def text(self) -> PostText:
        return PostText(**{name: getattr(self, name) for name in PostText._fields})

    def set_text(self, text: PostText) -> None:
        for name, value in text._asdict().items():
            setattr(self, name, value)


class PreviewLinkQuerySet(models.QuerySet):
    def valid(self, now: datetime) -> "PreviewLinkQuerySet":
        return self.filter(expires_at__gt=now)


class PreviewLink(models.Model):
    """Access to one post before publication, for anyone with a link that has the signed `key`."""

    post = models.OneToOneField(Post, on_delete=models.CASCADE, related_name="preview_link")
    key = models.CharField(max_length=32, unique=True)
    expires_at = models.DateTimeField()

    objects = PreviewLinkQuerySet.as_manager()

    def __str__(self) -> str:
        return f"preview of {self.post_id}"
