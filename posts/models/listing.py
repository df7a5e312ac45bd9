"""Lengths of the lists of posts, and marks in them, so that no page counts or skips rows."""

from django.db import models


class ListCount(models.Model):
    """The number of published posts in a list, including scheduled ones."""

    # `all`, `author:7` or `tag:7`
    scope = models.CharField(max_length=30, primary_key=True)
    published_count = models.PositiveIntegerField(default=0)
    # The time when a post last left the list. The dates of the remaining posts don't show it.
    left_at = models.DateTimeField(null=True, editable=False)

    def __str__(self) -> str:
        return self.scope


class ListMark(models.Model):
    """The number of older posts below one post in a list."""

    scope = models.CharField(max_length=30)
    publish_at = models.DateTimeField()
    post_id = models.BigIntegerField()
    below = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "publish_at", "post_id"], name="posts_list_mark_once"
            ),
        ]
        indexes = [models.Index(fields=["scope", "below"], name="posts_list_mark_below")]

    def __str__(self) -> str:
        return f"{self.scope} {self.below}"
