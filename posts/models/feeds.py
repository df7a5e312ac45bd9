"""The dates of feeds."""

from django.db import models


class FeedDate(models.Model):
    """The `Last-Modified` date of a feed in one format, and the digest of its text."""

    # `rss:all`, `atom:author:7` or `json:tag:7`
    feed = models.CharField(max_length=40, primary_key=True)
    digest = models.CharField(max_length=64)
    # Seconds since 1970, because HTTP dates have no fractions.
    modified_at = models.BigIntegerField()

    def __str__(self) -> str:
        return self.feed
