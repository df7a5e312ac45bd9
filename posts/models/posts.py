"""Posts, and the rules for their visibility."""

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from content.prepared import Parameter
from content.reading import reading_minutes
from content.slugs import SLUG_MAX_LENGTH, slugify
from posts.models.columns import CARD_COLUMNS
from posts.models.permissions import is_editor, is_moderator
from posts.models.reviews import IS_ASKED, Reviewed
from posts.models.texts import TEXT_COLUMNS, PostText

TITLE_MAX_LENGTH = 200
BODY_MAX_LENGTH = 200_000
EXCERPT_MAX_LENGTH = 300
DESCRIPTION_MAX_LENGTH = 300
EDIT_SESSION_MAX_LENGTH = 36
# The position of a post in every list: its publication time and id.
Position = tuple[datetime, int]
# After this time, `manage.py empty_trash` may delete a post permanently.
KEPT_IN_TRASH = timedelta(days=30)


def is_listed(now: datetime | Parameter, via: str = "") -> models.Q:
    """The single visibility rule: the posts that an anonymous visitor may see at `now`.

    `via` is the path to the columns from another model, or to their copies in a Tagging.
    """
    return is_published(via) & models.Q(**{f"{via}publish_at__lte": now})


def is_scheduled(now: datetime, via: str = "") -> models.Q:
    """Posts that will be published automatically after `now`."""
    return is_published(via) & models.Q(**{f"{via}publish_at__gt": now})


def is_published(via: str = "") -> models.Q:
    """Posts that are published or scheduled. Lists count both."""
    return models.Q(**{f"{via}status": Post.Status.PUBLISHED})


def is_older(than: Position, now: datetime, pk: str = "pk") -> models.Q:
    """Posts listed at `now` below a position. `pk` is the column with the id of the post."""
    tie = models.Q(publish_at=than[0], **{f"{pk}__lt": than[1]})
    # One upper bound, not two: SQLite starts its scan at the first one, even if that is the newest
    # post.
    return is_listed(min(now, than[0])) & (models.Q(publish_at__lt=than[0]) | tie)


def is_newer(than: Position, now: datetime, pk: str = "pk") -> models.Q:
    """Posts listed at `now` above a position. `pk` is the column with the id of the post."""
    tie = models.Q(publish_at=than[0], **{f"{pk}__gt": than[1]})
    newer = models.Q(publish_at__gt=than[0]) | tie
    return is_listed(now) & newer & models.Q(publish_at__gte=than[0])


def is_not_in_trash() -> models.Q:
    """Posts that are not in the trash."""
    return ~models.Q(status=Post.Status.TRASH)


def is_own(user: User | int | Parameter) -> models.Q:
    """Posts by `user` that are not in the trash."""
    return is_not_in_trash() & models.Q(author=user)


def is_open_to(user_pk: int | Parameter, now: datetime | Parameter) -> models.Q:
    """Posts whose page a person who is no moderator may open. 0 means anonymous."""
    return is_listed(now) | is_own(user_pk)


class PostQuerySet(models.QuerySet):
    def listed(self, now: datetime) -> "PostQuerySet":
        """Posts that everyone may see at `now`. Lists show only these, even to authors."""
        return self.filter(is_listed(now))

    def listed_rows(self, now: datetime) -> list["Post"]:
        """Return the posts among these few that everyone may see at `now`.

        It checks each row in Python, because with a condition SQLite would scan all listed posts.
        """
        return [post for post in self if post.is_listed(now)]

    def tagged(self, tag: models.Model, now: datetime) -> "PostQuerySet":
        """Posts listed at `now` with `tag`, newest first.

        It only uses columns of Tagging, so that a tag with half a million posts costs the same.
        """
        posts = self.filter(is_listed(now, via="taggings__"), taggings__tag=tag)
        return posts.order_by("-taggings__publish_at", "-taggings__post")

    def visible_to(self, user: User | AnonymousUser) -> "PostQuerySet":
        """Posts whose page `user` may open: listed posts, their own, and all for `is_moderator`.

        Posts in the trash are excluded for everyone. Authors are loaded, because each page names
        its author.
        """
        posts = self.select_related("author")
        if is_moderator(user):
            return posts.not_in_trash()
        return posts.filter(is_open_to(user.pk or 0, timezone.now()))

    def own(self, user: User) -> "PostQuerySet":
        """Posts by `user` that are not in the trash."""
        return self.filter(is_own(user))

    def in_reach_of(self, user: User) -> "PostQuerySet":
        """Posts that `user` may have written in: their own, and all for editors."""
        return self.not_in_trash() if is_editor(user) else self.own(user)

    def to_review(self) -> "PostQuerySet":
        """Posts that wait for an editor, the longest wait first."""
        return self.filter(IS_ASKED, is_not_in_trash()).order_by("review_at", "pk")

    def scheduled(self, now: datetime) -> "PostQuerySet":
        """Posts that will be published automatically after `now`."""
        return self.filter(is_scheduled(now))

    def next_publication(self, now: datetime) -> datetime | None:
        """Return when the next scheduled post will be published, or None."""
        scheduled = self.scheduled(now).order_by("publish_at")
        return scheduled.values_list("publish_at", flat=True).first()

    def not_in_trash(self) -> "PostQuerySet":
        """Posts that are not in the trash."""
        return self.filter(is_not_in_trash())

    def in_trash(self) -> "PostQuerySet":
        return self.filter(status=Post.Status.TRASH)

    def trashed_before(self, then: datetime) -> "PostQuerySet":
        return self.in_trash().filter(trashed_at__lt=then)

    def older_than(self, post: "Post", now: datetime) -> "PostQuerySet":
        """Posts listed at `now` that are older than `post`, the closest one first."""
        return self.filter(is_older(post.position, now)).newest_first()

    def newer_than(self, post: "Post", now: datetime) -> "PostQuerySet":
        """Posts listed at `now` that are newer than `post`, the closest one first."""
        return self.filter(is_newer(post.position, now)).order_by("publish_at", "pk")

    def newest_first(self) -> "PostQuerySet":
        return self.order_by("-publish_at", "-pk")

    def for_list(self) -> "PostQuerySet":
        """Posts with only the columns, author and tags that a card shows."""
        cards = self.select_related("author").only(*CARD_COLUMNS)
        return cards.prefetch_related("taggings")

    def batches_of_ids(self, size: int) -> Iterator[list[int]]:
        """Yield all ids in batches of `size`. Each query starts after the last id."""
        ids = self.order_by("pk").values_list("pk", flat=True)
        last = 0
        while batch := list(ids.filter(pk__gt=last)[:size]):
            yield batch
            last = batch[-1]

    def for_reading(self) -> "PostQuerySet":
        """Posts with everything that their pages and feeds show."""
        return self.select_related("author").prefetch_related("taggings").defer("body")


def people_to_read(now: datetime) -> models.QuerySet:
    """People who have an author page at `now`, to which the names on their posts link.

    A person with a closed account has one only if they have listed posts.
    """
    written = Post.objects.filter(author=models.OuterRef("pk")).listed(now)
    return User.objects.filter(models.Q(is_active=True) | models.Exists(written))


class Post(Reviewed):
    class Status(models.TextChoices):
        DRAFT = "draft", _("draft")
        PUBLISHED = "published", _("published")
        HIDDEN = "hidden", _("hidden by a moderator")
        TRASH = "trash", _("in the trash")

    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        # Deleting an account must not delete its posts. Deactivate the account instead.
        on_delete=models.PROTECT,
        related_name="posts",
        verbose_name=_("author"),
    )
    # Only a draft may have an empty title.
    title = models.CharField(_("title"), max_length=TITLE_MAX_LENGTH, blank=True)
    slug = models.CharField(_("slug"), max_length=SLUG_MAX_LENGTH, editable=False)
    body = models.TextField(_("body"), blank=True)
    # Rendered from the body by `publishing` on each save, and never while reading.
    body_html = models.TextField(editable=False, default="")
    rendered_by = models.PositiveSmallIntegerField(editable=False, default=0)
    excerpt = models.CharField(max_length=EXCERPT_MAX_LENGTH, editable=False, default="")
    # Written by the author, for readers who don't see the text yet.
    description = models.CharField(
        _("description"), max_length=DESCRIPTION_MAX_LENGTH, blank=True, db_default="", default=""
    )
    word_count = models.PositiveIntegerField(editable=False, default=0)
    # The name of an image, which contains its sizes (`content.image_names`).
    cover = models.CharField(max_length=100, blank=True, editable=False)
    cover_alt = models.CharField(_("alternative text"), max_length=300, blank=True)
    # The code of the language, or empty for the blog's.
    language = models.CharField(_("language"), max_length=16, blank=True, default="", db_default="")
    tags = models.ManyToManyField("posts.Tag", through="posts.Tagging", related_name="posts")
    comments_open = models.BooleanField(_("comments are open"), default=True)
    # Updated by the functions that add and remove likes and comments.
    like_count = models.PositiveIntegerField(editable=False, default=0)
    comment_count = models.PositiveIntegerField(editable=False, default=0)
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.DRAFT
    )
    publish_at = models.DateTimeField(_("publish at"), null=True, blank=True)
    # When the post was moved to the trash, and its status before that.
    trashed_at = models.DateTimeField(null=True, editable=False)
    trashed_from = models.CharField(max_length=10, blank=True, editable=False)
    # Increases with each save of the text, because a save based on an older version would overwrite
    # text that it never showed.
    version = models.PositiveIntegerField(default=0, editable=False)
    # The column keeps its old name, which the previous version reads while `prepare` migrates.
    edit_session = models.CharField(
        max_length=EDIT_SESSION_MAX_LENGTH, blank=True, editable=False, db_column="sitting"
    )
    # This also identifies a form that is sent twice.
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    # Set by `publishing` when the text changes, not by every save.
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
            models.CheckConstraint(
                name="posts_published_has_title",
                condition=~models.Q(status="published") | ~models.Q(title=""),
                violation_error_message=_("A published post needs a title."),
            ),
            models.CheckConstraint(
                name="posts_trash_has_time",
                condition=~models.Q(status="trash") | models.Q(trashed_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["status", "-publish_at", "-id"], name="posts_listed"),
            models.Index(fields=["author", "status", "-publish_at", "-id"], name="posts_by_author"),
            # An author has few posts in these states. SQLite doesn't need this index.
            models.Index(
                fields=["author", "status"],
                name="posts_not_published",
                condition=models.Q(status__in=("draft", "hidden", "trash")),
            ),
            models.Index(
                fields=["review", "review_at", "id"], name="posts_to_review", condition=IS_ASKED
            ),
            models.Index(fields=["slug"], name="posts_by_slug"),
            # For the admin, which filters by time in any state.
            models.Index(fields=["-publish_at", "-id"], name="posts_by_time"),
            # For the admin and the trash.
            models.Index(fields=["status", "-id"], name="posts_by_status"),
            # Finds rows from an older renderer without reading the others.
            models.Index(fields=["rendered_by"], name="posts_by_renderer"),
        ]

    def __str__(self) -> str:
        return self.title or gettext("Untitled")

    @property
    def tag_list(self) -> list:
        """The tags in the author's order. Costs no query if they are prefetched."""
        return [tagging.tag for tagging in self.taggings.all()]

    @property
    def summary(self) -> str:
        """The author's description, or else the excerpt."""
        return self.description or self.excerpt

    @property
    def text(self) -> PostText:
        return self.text_with(self.tags_text)

    @property
    def tags_text(self) -> str:
        """The names of the tags, separated by commas, as the form shows them."""
        return ", ".join(tag.name for tag in self.tag_list)

    def text_with(self, tags: str) -> PostText:
        """Return the text with `tags` in place of the saved ones."""
        return PostText(**{name: getattr(self, name) for name in TEXT_COLUMNS}, tags=tags)

    def set_text(self, text: PostText) -> None:
        """Replace the text, except for the tags, which `publishing` writes."""
        for name in TEXT_COLUMNS:
            setattr(self, name, getattr(text, name))

    @property
    def shown_tags(self) -> list:
        """The tags that the post had in the state in which it was read.

        Tags come from a second query, and a save between the two may have added those of a draft.
        """
        state = (self.status, self.publish_at)
        taggings = self.taggings.all()
        return [
            tagging.tag for tagging in taggings if (tagging.status, tagging.publish_at) == state
        ]

    @property
    def position(self) -> Position:
        return self.publish_at, self.pk

    @property
    def reading_minutes(self) -> int:
        return reading_minutes(self.word_count)

    @property
    def is_changed(self) -> bool:
        """Return whether the text changed after readers could see it."""
        return self.publish_at is not None and self.updated_at > self.publish_at

    @property
    def modified_at(self) -> datetime:
        """When the text last changed for readers, or when a scheduled post was published."""
        return max(self.updated_at, self.publish_at or self.updated_at)

    @property
    def is_published(self) -> bool:
        """The rule of the function `is_published` for one row."""
        return self.status == self.Status.PUBLISHED

    def is_listed(self, now: datetime) -> bool:
        """Apply the rule of `is_listed` to one row."""
        return self.is_published and self.publish_at <= now

    @property
    def is_draft(self) -> bool:
        return self.status == self.Status.DRAFT

    @property
    def is_hidden(self) -> bool:
        return self.status == self.Status.HIDDEN

    @property
    def is_in_trash(self) -> bool:
        return self.status == self.Status.TRASH

    @property
    def kept_until(self) -> datetime:
        """The time until which a post in the trash can certainly be restored."""
        return self.trashed_at + KEPT_IN_TRASH

    def is_scheduled(self, now: datetime) -> bool:
        return self.is_published and not self.is_listed(now)

    def get_absolute_url(self) -> str:
        """Return the public path; raise NoReverseMatch for an unsaved post."""
        return reverse("posts:post_detail", kwargs={"pk": self.pk, "slug": self.slug})

    def save(self, *args, **kwargs) -> None:
        """Save the post, with a slug derived from its title."""
        self.slug = slugify(self.title)
        update_fields = kwargs.get("update_fields")
        if update_fields is not None and "title" in update_fields:
            kwargs["update_fields"] = {*update_fields, "slug"}
        super().save(*args, **kwargs)


# The states that the counters of lists don't include.
NOT_PUBLISHED = [status for status in Post.Status if status != Post.Status.PUBLISHED]
