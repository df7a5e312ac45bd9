"""Tags, with which authors name the topics of a post."""

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
# Folding expands most letters to at most three characters. A form refuses a name that takes more.
TAG_KEY_MAX_LENGTH = TAG_MAX_LENGTH * 3
# Decomposed, a Hangul syllable has three characters and a Greek vowel four.
LONGEST_TYPED = TAG_MAX_LENGTH * 4
# Variation selectors. They change the appearance of a character, not its identity.
SELECTORS = range(0xFE00, 0xFE10)


def tag_key(name: str) -> str:
    """Return the key that equal tags share: case and accents folded, spaces collapsed.

    Symbols stay, so C, C++ and C# are three tags. Only Latin and Greek letters lose their accents,
    because in other scripts an accent makes a different letter, such as й. Invisible characters are
    removed. A text too long for a tag is returned unchanged, because NFKD needs quadratic time to
    sort its marks.
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
        """Tags of posts that are listed at `now`, with the number of posts as `listed_count`."""
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
    # Published and scheduled posts with this tag, updated with each write.
    published_count = models.PositiveIntegerField(default=0, editable=False)

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
        # A Tagging is always read for its tag, and prefetching both takes one query.
        return super().get_queryset().select_related("tag")


class Tagging(models.Model):
    """A tag of a post, with the columns by which a tag's page sorts and filters."""

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
    """The old address of a renamed or merged tag, before version 0.2.

    `identity.Redirect` has replaced it. The previous version still reads this table during an
    update, so a later version can drop it.
    """

    slug = models.CharField(max_length=TAG_KEY_MAX_LENGTH, unique=True)
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="redirects")

    class Meta:
        verbose_name = _("tag redirect")
        verbose_name_plural = _("tag redirects")

    def __str__(self) -> str:
        return self.slug
