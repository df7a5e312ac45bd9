"""Images in templates."""

import re

from django import template
from django.conf import settings

from content.images import ImageTag, image_from_url

register = template.Library()

# Text holds no bare `<`, and no attribute a bare `>`.
FIRST_LAZY = re.compile(r'(<img [^>]*)loading="lazy"')


@register.filter
def image(name: str) -> ImageTag | None:
    """Return what an <img> of the image called `name` says; None where there is none."""
    return image_from_url(f"{settings.MEDIA_URL}{name}") if name else None


@register.filter(is_safe=True)
def prioritize_first_image(html: str) -> str:
    """Return `html` with its first lazy image loaded ahead of all else; the others wait.

    Here, not where images are rendered: a stored body does not know what stands above it.
    """
    return FIRST_LAZY.sub(r'\1fetchpriority="high"', html, count=1)
