"""Pictures in templates."""

from django import template
from django.conf import settings

from content.images import Picture, picture_from_url

register = template.Library()


@register.filter
def picture(name: str) -> Picture | None:
    """Return what an <img> of the picture called `name` says; None where there is none."""
    return picture_from_url(f"{settings.MEDIA_URL}{name}") if name else None
