"""What is written, and who may see it."""

import uuid
from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models.functions import Left
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from content.slugs import SLUG_MAX_LENGTH, slugify

TITLE_MAX_LENGTH = 200
BODY_MAX_LENGTH = 200_000
# What a card shows of a post; the whole body of a long one would be read and thrown away.
OPENING_LENGTH = 400


class PostQuerySet(models.QuerySet):
    def listed(self, now: datetime) -> "PostQuerySet":
        """Posts that an anonymous visitor may see at `now`: the one visibility rule.

        Lists use it for everyone, whoever asks.
        """
        return self.filter(status=Post.Status.PUBLISHED, publish_at__lte=now)

    def visible_to(self, user: User | AnonymousUser) -> "PostQuerySet":
        """Posts whose address `user` may open: the listed, their own, and all for moderators."""
        if is_moderator(user):
            return self.all()
        listed = self.listed(timezone.now())
        return listed | self.filter(author=user) if user.is_authenticated else listed

    def newest_first(self) -> "PostQuerySet":
        return self.order_by("-publish_at", "-pk")

    def for_list(self) -> "PostQuerySet":
        """Posts with all that a card shows: the author, and the opening in place of the body."""
        return (
            self.select_related("author")
            .defer("body")
            .annotate(opening=Left("body", OPENING_LENGTH))
        )

    def for_detail(self) -> "PostQuerySet":
        return self.select_related("author")


def is_moderator(user: User | AnonymousUser) -> bool:
    """Tell whether `user` may see every post; costs no query for those who are no staff."""
    return user.is_staff and user.has_perm("posts.view_post")


class Post(models.Model):
    class Status(models.TextChoices):
        DRAFT = "draft", _("draft")
        PUBLISHED = "published", _("published")

    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        # Deleting a person is no way to delete what was written; deactivate the account instead.
        on_delete=models.PROTECT,
        related_name="posts",
        verbose_name=_("author"),
    )
    title = models.CharField(_("title"), max_length=TITLE_MAX_LENGTH)
    slug = models.CharField(_("slug"), max_length=SLUG_MAX_LENGTH, editable=False)
    body = models.TextField(_("body"), blank=True)
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.DRAFT
    )
    publish_at = models.DateTimeField(_("publish at"), null=True, blank=True)
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    # Moved by `publishing` when the words change, not by every save.
    updated_at = models.DateTimeField(_("updated at"), default=timezone.now, editable=False)

    objects = PostQuerySet.as_manager()

    class Meta:
        verbose_name = _("post")
        verbose_name_plural = _("posts")
        constraints = [
            models.CheckConstraint(
                name="posts_published_has_time",
                condition=~models.Q(status="published") | models.Q(publish_at__isnull=False),
                violation_error_message=_("A published post needs a time."),
            ),
        ]
        indexes = [
            models.Index(fields=["status", "-publish_at", "-id"], name="posts_listed"),
            models.Index(fields=["author", "status", "-publish_at", "-id"], name="posts_by_author"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_draft(self) -> bool:
        return self.status == self.Status.DRAFT

    def get_absolute_url(self) -> str:
        """Return the public path; raise NoReverseMatch for an unsaved post."""
        return reverse("posts:post_detail", kwargs={"pk": self.pk, "slug": self.slug})

    def save(self, *args, **kwargs) -> None:
        """Save, with the slug derived from the title."""
        self.slug = slugify(self.title)
        update_fields = kwargs.get("update_fields")
        if update_fields is not None and "title" in update_fields:
            kwargs["update_fields"] = {*update_fields, "slug"}
        super().save(*args, **kwargs)
