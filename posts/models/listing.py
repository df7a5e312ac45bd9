"""How long the lists of posts are, and marks in them, so that no page counts or skips rows."""

from django.db import models


class ListCount(models.Model):
    """How many posts a list holds: the published, the scheduled among them."""

    # `all`, `author:7` or `tag:7`
    scope = models.CharField(max_length=30, primary_key=True)
    published_count = models.PositiveIntegerField(default=0)
    # When a post left the list: no date of those that stay tells that.
    left_at = models.DateTimeField(null=True, editable=False)

    def __str__(self) -> str:
        return self.scope


class ListMark(models.Model):
    """Says of one post in a list how many older ones stand below it."""

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
