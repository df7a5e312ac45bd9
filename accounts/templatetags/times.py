"""Times for machines, and for people who want to know how long ago."""

from datetime import datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from identity.language import date_format

register = template.Library()

# After this time, a date says more than a number of weeks.
AGO_MAX = timedelta(days=30)


@register.filter(expects_localtime=True)
def iso(at: datetime) -> str:
    """Return `at` for a `datetime` attribute, which allows at most three decimals of a second."""
    return at.isoformat(timespec="seconds")


@register.filter(expects_localtime=True)
def ago(at: datetime) -> str:
    """Return how long ago `at` was, or its date if that is long ago."""
    age = timezone.now() - at
    if age < timedelta(minutes=1):
        return _("Just now")
    if age > AGO_MAX:
        return date_format(at, "DATE_FORMAT")
    return _("%(time)s ago") % {"time": timesince(at, depth=1)}
