"""Tags: what a post is about, in its author's words."""

import unicodedata
from datetime import datetime

from django.db import models
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from content.reading import EMPTY_SIGNS
from posts.models.posts import Post, is_scheduled

TAG_MAX_LENGTH = 50
TAGS_MAX = 10
# Folding writes most letters out as three at most; a form refuses a name that takes more.
TAG_KEY_MAX_LENGTH = TAG_MAX_LENGTH * 3
# Taken apart into its parts, a Hangul syllable is three characters, a Greek vowel four.
LONGEST_TYPED = TAG_MAX_LENGTH * 4
# They choose an image for a character, not another character.
SELECTORS = range(0xFE00, 0xFE10)


def tag_key(name: str) -> str:
    """Return the form in which two tags are one: case and accents folded, spaces collapsed.

    Signs stay, so C, C++ and C# are three; accents go from Latin and Greek letters alone, because
    in other scripts they make other letters, as й. What shows nothing goes as well. A text too long
    to be a tag is returned as it is: sorting its marks takes NFKD quadratic time.
    """
    if len(name) > LONGEST_TYPED:
        return name
    kept = []
    base = ""
    for character in unicodedata.normalize("NFKD", " ".join(name.split())):
        kind = unicodedata.category(character)
        if kind in ("Cc", "Cf") or ord(character) in SELECTORS or character in EMPTY_SIGNS:
            continue
        if kind[0] != "M":
            base = character
        elif base < "\u0400":
            continue
        kept.append(character)
    folded = unicodedata.normalize("NFKC", "".join(kept).casefold())
    return " ".join(folded.split())


class TagQuerySet(models.QuerySet):
    def in_use(self, now: datetime) -> "TagQuerySet":
        """Tags of posts that are listed at `now`, each with their number as `listed_count`."""
        scheduled = Tagging.objects.filter(is_scheduled(now), tag=models.OuterRef("pk"))
        count = scheduled.order_by().values("tag").annotate(count=models.Count("pk"))
        scheduled_count = Coalesce(models.Subquery(count.values("count")), 0)
        return (
            self.filter(published_count__gt=0)
            .annotate(listed_count=models.F("published_count") - scheduled_count)
            .filter(listed_count__gt=0)
        )


class Tag(models.Model):
    name = models.CharField(_("name"), max_length=TAG_MAX_LENGTH)
    key = models.CharField(max_length=TAG_KEY_MAX_LENGTH, unique=True, editable=False)
    slug = models.CharField(_("slug"), max_length=TAG_KEY_MAX_LENGTH, unique=True, editable=False)
    # Published posts with this tag, the scheduled among them; kept with each write.
    published_count = models.PositiveIntegerField(default=0, editable=False)
    # When one of them lost it, or was taken back.
    left_at = models.DateTimeField(null=True, editable=False)

    objects = TagQuerySet.as_manager()

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("posts:tag_detail", kwargs={"slug": self.slug})


class TaggingManager(models.Manager):
    def get_queryset(self) -> models.QuerySet:
        # A tie is asked for to name its tag; prefetching then takes one query for both.
        return super().get_queryset().select_related("tag")


class Tagging(models.Model):
    """Ties a post to a tag, with the columns that a tag's page sorts and filters by."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="taggings")
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="taggings")
    position = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=10, choices=Post.Status.choices)
    publish_at = models.DateTimeField(null=True)

    objects = TaggingManager()

    class Meta:
        ordering = ("position",)
        constraints = [models.UniqueConstraint(fields=["post", "tag"], name="posts_tagged_once")]
        indexes = [
            models.Index(
                fields=["tag", "status", "-publish_at", "-post"], name="posts_tagged_listed"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tag_id} on {self.post_id}"


class TagRedirect(models.Model):
    """An old address of a tag that was renamed or merged."""

    slug = models.CharField(max_length=TAG_KEY_MAX_LENGTH, unique=True)
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="redirects")

    class Meta:
        verbose_name = _("tag redirect")
        verbose_name_plural = _("tag redirects")

    def __str__(self) -> str:
        return self.slug
