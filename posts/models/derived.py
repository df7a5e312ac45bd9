"""The versions of the code that made the data derived from posts."""

from django.db import models


class DerivedVersion(models.Model):
    """The version of the code that brought one kind of derived data up to date."""

    # `rendered`, `indexed` or `counted`
    name = models.CharField(max_length=20, primary_key=True)
    version = models.CharField(max_length=20)
    # The id of the last finished post during a pass; null after the pass.
    up_to = models.BigIntegerField(null=True)

    def __str__(self) -> str:
        return f"{self.name} {self.version}"
