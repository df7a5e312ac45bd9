"""Posts: what is written, and who may see it."""

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
from content.reading import reading_minutes
from content.slugs import SLUG_MAX_LENGTH, slugify
from posts.models.texts import TEXT_COLUMNS, PostText

TITLE_MAX_LENGTH = 200
BODY_MAX_LENGTH = 200_000
EXCERPT_MAX_LENGTH = 300
# Those of a long post would be read and thrown away.
LONG_COLUMNS = ("body", "body_html")
AUTHOR_COLUMNS = ("author__username", "author__display_name")
# What a card shows. Reading all others takes twice as long.
CARD_COLUMNS = (
    "title",
    "slug",
    "excerpt",
    "word_count",
    "cover",
    "status",
    "publish_at",
    *AUTHOR_COLUMNS,
)
# What the page of a post says besides the words.
PAGE_COLUMNS = (
    *AUTHOR_COLUMNS,
    "title",
    "slug",
    "excerpt",
    "status",
    "publish_at",
    "comments_open",
    "like_count",
    "comment_count",
)

EDIT_SESSION_MAX_LENGTH = 36
# After that, `manage.py empty_trash` may remove a post for good.
KEPT_IN_TRASH = timedelta(days=30)


def is_listed(now: datetime, via: str = "") -> models.Q:
    """The one visibility rule: what an anonymous visitor may see at `now`.

    `via` leads to the columns from another model, or to the copies that ties to tags keep.
    """
    return is_published(via) & models.Q(**{f"{via}publish_at__lte": now})


def is_scheduled(now: datetime, via: str = "") -> models.Q:
    """Posts that will be out by themselves, at a time after `now`."""
    return is_published(via) & models.Q(**{f"{via}publish_at__gt": now})


def is_published(via: str = "") -> models.Q:
    """Posts that are out or will be at their time: what lists count, the scheduled among them."""
    return models.Q(**{f"{via}status": Post.Status.PUBLISHED})


def is_kept() -> models.Q:
    """Posts that are not in the trash."""
    return ~models.Q(status=Post.Status.TRASH)


def is_own(user: User) -> models.Q:
    """Posts by `user` that are not in the trash."""
    return is_kept() & models.Q(author=user)


class PostQuerySet(models.QuerySet):
    def listed(self, now: datetime) -> "PostQuerySet":
        """Posts that everyone may see at `now`; lists use it for everyone, whoever asks."""
        return self.filter(is_listed(now))

    def out(self, now: datetime) -> list["Post"]:
        """Those of these few posts that everyone may see at `now`, as they were read.

        Told of each row: asked for the listed among them, SQLite walks all that is listed.
        """
        return [post for post in self if post.is_out(now)]

    def tagged(self, tag: models.Model, now: datetime) -> "PostQuerySet":
        """Posts listed at `now` with `tag`, newest first.

        By the columns of the tie alone, so that a tag with half a million posts costs no more.
        """
        posts = self.filter(is_listed(now, via="taggings__"), taggings__tag=tag)
        return posts.order_by("-taggings__publish_at", "-taggings__post")

    def visible_to(self, user: User | AnonymousUser) -> "PostQuerySet":
        """Posts whose address `user` may open: the listed, their own, and all for moderators.

        None that is in the trash, whoever asks. With their authors, whom each such page names.
        """
        posts = self.select_related("author")
        if is_moderator(user):
            return posts.kept()
        listed = is_listed(timezone.now())
        return posts.filter(listed | is_own(user) if user.is_authenticated else listed)

    def own(self, user: User) -> "PostQuerySet":
        """Posts by `user` that are not in the trash."""
        return self.filter(is_own(user))

    def scheduled(self, now: datetime) -> "PostQuerySet":
        """Posts that everyone may see later than `now`, at their time."""
        return self.filter(is_scheduled(now))

    def next_publication(self, now: datetime) -> datetime | None:
        """Return when the next scheduled post comes out, or None."""
        scheduled = self.scheduled(now).order_by("publish_at")
        return scheduled.values_list("publish_at", flat=True).first()

    def kept(self) -> "PostQuerySet":
        """Posts that are not in the trash."""
        return self.filter(is_kept())

    def in_trash(self) -> "PostQuerySet":
        return self.filter(status=Post.Status.TRASH)

    def trashed_before(self, then: datetime) -> "PostQuerySet":
        return self.in_trash().filter(trashed_at__lt=then)

    def older_than(self, post: "Post", now: datetime) -> "PostQuerySet":
        """Posts listed at `now` before `post` in the order of lists, the next one first."""
        before = models.Q(publish_at__lt=post.publish_at)
        same = models.Q(publish_at=post.publish_at, pk__lt=post.pk)
        # One end, not two: SQLite begins at the first that it is told, were it the newest post.
        return self.listed(min(now, post.publish_at)).filter(before | same).newest_first()

    def newer_than(self, post: "Post", now: datetime) -> "PostQuerySet":
        """Posts listed at `now` after `post` in the order of lists, the next one first."""
        after = models.Q(publish_at__gt=post.publish_at)
        same = models.Q(publish_at=post.publish_at, pk__gt=post.pk)
        newer = self.listed(now).filter(after | same, publish_at__gte=post.publish_at)
        return newer.order_by("publish_at", "pk")

    def newest_first(self) -> "PostQuerySet":
        return self.order_by("-publish_at", "-pk")

    def for_list(self) -> "PostQuerySet":
        """Posts with what a card shows, author and tags, and nothing else."""
        cards = self.select_related("author").only(*CARD_COLUMNS)
        return cards.prefetch_related("taggings")

    def batches_of_ids(self, size: int) -> Iterator[list[int]]:
        """Yield all ids, so many at a time; each batch is asked for where the last one ended."""
        ids = self.order_by("pk").values_list("pk", flat=True)
        last = 0
        while batch := list(ids.filter(pk__gt=last)[:size]):
            yield batch
            last = batch[-1]

    def for_reading(self) -> "PostQuerySet":
        """Posts with everything that their pages and feeds show."""
        return self.select_related("author").prefetch_related("taggings").defer("body")


def people_to_read(now: datetime) -> models.QuerySet:
    """People who have a page: names lead there from every post that is listed at `now`.

    Who closed their account keeps one for their posts alone.
    """
    written = Post.objects.filter(author=models.OuterRef("pk")).listed(now)
    return User.objects.filter(models.Q(is_active=True) | models.Exists(written))


def is_moderator(user: User | AnonymousUser) -> bool:
    """Tell whether `user` may see every post; costs no query for those who are no staff."""
    return user.is_staff and user.has_perm("posts.view_post")


class Post(models.Model):
    class Status(models.TextChoices):
        DRAFT = "draft", _("draft")
        PUBLISHED = "published", _("published")
        HIDDEN = "hidden", _("hidden by a moderator")
        TRASH = "trash", _("in the trash")

    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        # Deleting a person is no way to delete what was written; deactivate the account instead.
        on_delete=models.PROTECT,
        related_name="posts",
        verbose_name=_("author"),
    )
    # Empty in a draft alone.
    title = models.CharField(_("title"), max_length=TITLE_MAX_LENGTH, blank=True)
    slug = models.CharField(_("slug"), max_length=SLUG_MAX_LENGTH, editable=False)
    body = models.TextField(_("body"), blank=True)
    # Made of the body when it is saved, by `publishing`, and never while reading.
    body_html = models.TextField(editable=False, default="")
    rendered_by = models.PositiveSmallIntegerField(editable=False, default=0)
    excerpt = models.CharField(max_length=EXCERPT_MAX_LENGTH, editable=False, default="")
    word_count = models.PositiveIntegerField(editable=False, default=0)
    # The name of an image (`content.images`), which says its sizes.
    cover = models.CharField(max_length=100, blank=True, editable=False)
    cover_alt = models.CharField(_("alternative text"), max_length=300, blank=True)
    tags = models.ManyToManyField("posts.Tag", through="posts.Tagging", related_name="posts")
    comments_open = models.BooleanField(_("comments are open"), default=True)
    # Kept by the statements that add and remove what they count.
    like_count = models.PositiveIntegerField(editable=False, default=0)
    comment_count = models.PositiveIntegerField(editable=False, default=0)
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.DRAFT
    )
    publish_at = models.DateTimeField(_("publish at"), null=True, blank=True)
    # When it went to the trash, and the status that it had before.
    trashed_at = models.DateTimeField(null=True, editable=False)
    trashed_from = models.CharField(max_length=10, blank=True, editable=False)
    # Moved by each save of words, by whom from which opened editor: a save that started from an
    # older one would overwrite what it never showed.
    version = models.PositiveIntegerField(default=0, editable=False)
    # The column has its first name, which the running version reads while `prepare` migrates.
    edit_session = models.CharField(
        max_length=EDIT_SESSION_MAX_LENGTH, blank=True, editable=False, db_column="sitting"
    )
    # Also asked for by a form that is sent twice.
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
            # Few, where one's published posts are many; SQLite does without it.
            models.Index(
                fields=["author", "status"],
                name="posts_not_published",
                condition=models.Q(status__in=("draft", "hidden", "trash")),
            ),
            models.Index(fields=["slug"], name="posts_by_slug"),
            # For the admin, which asks for a time in any state.
            models.Index(fields=["-publish_at", "-id"], name="posts_by_time"),
            # For the admin, and for the trash.
            models.Index(fields=["status", "-id"], name="posts_by_status"),
            # Finds rows that an older renderer made, without reading the others.
            models.Index(fields=["rendered_by"], name="posts_by_renderer"),
        ]

    def __str__(self) -> str:
        return self.title or gettext("Untitled")

    @property
    def tag_list(self) -> list:
        """The tags in the author's order; no query where a loading plan has fetched them."""
        return [tagging.tag for tagging in self.taggings.all()]

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

    def take_text(self, text: PostText) -> None:
        """Replace the text, except for the tags, which `publishing` writes."""
        for name in TEXT_COLUMNS:
            setattr(self, name, getattr(text, name))

    @property
    def shown_tags(self) -> list:
        """The tags that the post had in the state that it was read in.

        They come by a second question: a save before that may have given it those of a draft.
        """
        state = (self.status, self.publish_at)
        ties = self.taggings.all()
        return [tie.tag for tie in ties if (tie.status, tie.publish_at) == state]

    @property
    def reading_minutes(self) -> int:
        return reading_minutes(self.word_count)

    @property
    def is_changed(self) -> bool:
        """Tell whether the words changed after readers could see them."""
        return self.publish_at is not None and self.updated_at > self.publish_at

    @property
    def modified_at(self) -> datetime:
        """When readers last got other words; for a scheduled post, when they first got any."""
        return max(self.updated_at, self.publish_at or self.updated_at)

    @property
    def is_published(self) -> bool:
        """Tell of one row what the function `is_published` asks of many."""
        return self.status == self.Status.PUBLISHED

    def is_out(self, now: datetime) -> bool:
        """Tell of one row what `is_listed` asks of many."""
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
        """Until when a post in the trash can be brought back for sure."""
        return self.trashed_at + KEPT_IN_TRASH

    def is_scheduled(self, now: datetime) -> bool:
        return self.is_published and not self.is_out(now)

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


# What the counters of lists leave out.
NOT_PUBLISHED = [status for status in Post.Status if status != Post.Status.PUBLISHED]
