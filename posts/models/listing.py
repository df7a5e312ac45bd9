"""Lengths of the lists of posts, so that no page counts rows."""

from django.db import models


class ListCount(models.Model):
    """The number of published posts in a list, including scheduled ones."""

    # `all`, `author:7` or `tag:7`
    scope = models.CharField(max_length=30, primary_key=True)
    published_count = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.scope
