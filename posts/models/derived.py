"""Which version of the code made what is derived from posts."""

from django.db import models


class DerivedVersion(models.Model):
    """Says of one kind of derived data which version of the code brought all of it up to date."""

    # `rendered`, `indexed` or `counted`
    name = models.CharField(max_length=20, primary_key=True)
    version = models.CharField(max_length=20)
    # The id of the last post that is done, while a pass is under way; null after the last one.
    up_to = models.BigIntegerField(null=True)

    def __str__(self) -> str:
        return f"{self.name} {self.version}"
