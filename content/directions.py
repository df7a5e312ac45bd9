"""The direction of each block of rendered text."""

import re

from django.utils.safestring import SafeString, mark_safe

# The author may have given a direction in raw HTML.
_START = "(?=[ >])(?![^>]* dir=)"
_BLOCK = re.compile(f"<(blockquote|caption|dd|div|dt|figcaption|h[2-6]|li|p|summary|td|th){_START}")
# A link whose text is an address counts as code, too.
_CODE = re.compile(rf"<(code|kbd|pre|samp|a(?=[^>]*>(?:https?://|www\.)[^\s<]*</a>)){_START}")


def with_directions(html: SafeString) -> SafeString:
    """Return rendered HTML in which each block has the direction of its own text.

    Code and addresses are written from left to right in every language. Neither texts nor
    attributes contain a bare `<` or `>`.
    """
    blocks = _BLOCK.sub(r'<\1 dir="auto"', html)
    return mark_safe(_CODE.sub(r'<\1 dir="ltr"', blocks))  # noqa: S308
