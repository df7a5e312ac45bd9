"""Machine-readable times."""

from datetime import datetime

from django import template

register = template.Library()


@register.filter(expects_localtime=True)
def iso(at: datetime) -> str:
    """Return `at` for a `datetime` attribute, which allows three decimals of a second at most."""
    return at.isoformat(timespec="seconds")
