"""Versions of the code that created data derived from posts."""

from django.db import models


class DerivedVersion(models.Model):
    """The version of the code that last updated one kind of derived data."""

    # `rendered`, `indexed` or `counted`
    name = models.CharField(max_length=20, primary_key=True)
    version = models.CharField(max_length=20)
    # During a pass, the id of the last finished post. Null after the pass.
    up_to = models.BigIntegerField(null=True)

    def __str__(self) -> str:
        return f"{self.name} {self.version}"
