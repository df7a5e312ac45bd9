"""Pictures in templates."""

import re

from django import template
from django.conf import settings

from content.images import Picture, picture_from_url

register = template.Library()

# Text holds no bare `<`, and no attribute a bare `>`.
FIRST_LAZY = re.compile(r'(<img [^>]*)loading="lazy"')


@register.filter
def picture(name: str) -> Picture | None:
    """Return what an <img> of the picture called `name` says; None where there is none."""
    return picture_from_url(f"{settings.MEDIA_URL}{name}") if name else None


@register.filter(is_safe=True)
def first_picture_at_once(html: str) -> str:
    """Return `html` with its first lazy picture loaded ahead of all else; the others wait.

    Here, not where pictures are rendered: a stored body does not know what stands above it.
    """
    return FIRST_LAZY.sub(r'\1fetchpriority="high"', html, count=1)
