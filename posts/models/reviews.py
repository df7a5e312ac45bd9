"""The review of posts by editors: its states and the columns of a post for it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

REVIEW_NOTE_MAX_LENGTH = 200
IS_ASKED = models.Q(review="asked")


class Reviewed(models.Model):
    """The columns of a post for its review: its state, since when, and a note for the other side.

    A post waits for review as a draft, or because of the edits that are saved beside its text.
    """

    class Review(models.TextChoices):
        ASKED = "asked", _("waiting for review")
        RETURNED = "returned", _("returned by an editor")

    # One of Review, or empty.
    review = models.CharField(max_length=10, blank=True, editable=False, default="", db_default="")
    review_at = models.DateTimeField(null=True, editable=False)
    review_note = models.CharField(
        max_length=REVIEW_NOTE_MAX_LENGTH, blank=True, editable=False, default="", db_default=""
    )

    class Meta:
        abstract = True

    @property
    def is_waiting_for_review(self) -> bool:
        return self.review == self.Review.ASKED

    @property
    def is_returned(self) -> bool:
        return self.review == self.Review.RETURNED
