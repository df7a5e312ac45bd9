"""Images in templates."""

import re

from django import template
from django.conf import settings

from content.image_names import ImageTag, image_from_url

register = template.Library()

# Text contains no bare `<`, and attributes contain no bare `>`.
FIRST_LAZY = re.compile(r'(<img [^>]*)loading="lazy"')


@register.filter
def image(name: str) -> ImageTag | None:
    """Return the attributes of an <img> for the image `name`, or None without a name."""
    return image_from_url(f"{settings.MEDIA_URL}{name}") if name else None


@register.filter(is_safe=True)
def prioritize_first_image(html: str) -> str:
    """Return `html` with a high priority for its first lazy image. The others stay lazy.

    This is done here, because when the body is rendered, nothing is known about the page above it.
    """
    return FIRST_LAZY.sub(r'\1fetchpriority="high"', html, count=1)
