"""Machine-readable times."""

from datetime import datetime

from django import template

register = template.Library()


@register.filter(expects_localtime=True)
def iso(at: datetime) -> str:
    """Return `at` for a `datetime` attribute, which allows at most three decimals of a second."""
    return at.isoformat(timespec="seconds")
