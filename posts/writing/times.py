"""Times that people enter, in the time zone of the form."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from content.time_zones import moments

FIRST_YEAR = 1900
LAST_YEAR = 9000


def check_year(at: datetime | None) -> datetime | None:
    """Return `at`. Raise ValidationError for a time that doesn't exist in some time zone."""
    if at and not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise ValidationError(_("Choose a year from 1900 to 9000."), code="year")
    return at


class OwnTimeField(forms.DateTimeField):
    """A time to the second, in the zone in which the form was shown, or else the visitor's own.

    In the fall, clocks show one hour twice, and `fold` chooses one of the two. An unchanged value
    keeps the original time.
    """

    shown: datetime | None = None
    zone: ZoneInfo | None = None
    fold: int | None = None
    # The button publishes now, whatever the time says.
    is_ignored = False

    def clean(self, value: str | None) -> datetime | None:
        return None if self.is_ignored else super().clean(value)

    def to_python(self, value: str | None) -> datetime | None:
        with timezone.override(self.zone or timezone.get_current_timezone()):
            if self.shown and self.is_unchanged(value):
                return self.shown
            try:
                return super().to_python(value)
            except ValidationError as error:
                if error.code != "ambiguous_timezone":
                    raise
                return self.choose_moment(check_year(error.params["datetime"]))

    def is_unchanged(self, value: str | None) -> bool:
        is_same_text = value == self.widget.format_value(self.prepare_value(self.shown))
        return is_same_text and self.fold in (None, timezone.localtime(self.shown).fold)

    def choose_moment(self, local: datetime) -> datetime:
        """Return the moment at which clocks show `local`, which they skip or show twice."""
        zone = timezone.get_current_timezone()
        found = moments(local, zone)
        if not found:
            text = _("Clocks in %(zone)s skip this time. Choose an earlier or a later one.")
            raise ValidationError(text % {"zone": zone}, code="skipped")
        if self.fold is None:
            text = _("Clocks in %(zone)s show this time twice. Choose one of the two.")
            raise ValidationError(text % {"zone": zone}, code="repeated")
        return found[self.fold]


def fold_of(at: datetime | None) -> str:
    """Return which of two times with the same text `at` is: "0", "1", or "" if there is one."""
    local = at and timezone.localtime(at)
    is_repeated = at and len(moments(local.replace(tzinfo=None), local.tzinfo)) == 2
    return str(local.fold) if is_repeated else ""
