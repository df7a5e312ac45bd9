"""The language of the blog's content: its dates, numbers and `lang` attributes.

The owner chooses it. The interface stays English until it is translated, so this module formats the
dates and numbers of the blog.
"""

from datetime import datetime

from django import template
from django.template import defaultfilters
from django.utils import formats
from django.utils.html import format_html
from django.utils.translation import override

from identity import current

register = template.Library()


def date_format(value: datetime, name: str = "DATE_FORMAT") -> str:
    """Return a date in one of Django's formats, with month names in the blog's language."""
    with override(current.site().language):
        return formats.date_format(value, name)


@register.filter(expects_localtime=True, is_safe=False)
def date(value: datetime | None, arg: str | None = None) -> str:
    """Return a date in the blog's language. Replaces Django's filter, in the admin too."""
    with override(current.site().language):
        return defaultfilters.date(value, arg)


@register.simple_tag
def content_lang() -> str:
    """Return the `lang` attribute for people's texts if the interface is in another language."""
    site = current.site()
    if site.language == site.interface_language:
        return ""
    return format_html(' lang="{}"', site.language)
