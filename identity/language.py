"""The language of the blog's content: its dates, numbers and `lang` attributes.

The owner chooses it. The interface stays English until it is translated, so this module formats the
dates and numbers of the blog.
"""

from datetime import datetime
from unicodedata import normalize

from django import template
from django.conf import settings
from django.template import defaultfilters
from django.utils import formats
from django.utils.html import format_html
from django.utils.translation import get_language_info, override

from identity import current

register = template.Library()


def language_choices() -> list[tuple[str, str]]:
    """Return the languages by their English names, each with its own name."""
    infos = [(code, get_language_info(code)) for code, _name in settings.LANGUAGES]
    return [(code, name_of(info["name"], info["name_local"])) for code, info in infos]


def name_of(name: str, own_name: str) -> str:
    # Django spells Vietnamese with separate accents, which some fonts put beside the letter.
    own_name = normalize("NFC", own_name)
    return name if name == own_name else f"{name} ({own_name})"


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
def content_lang(language: str = "") -> str:
    """Return the `lang` attribute of a text if the interface is in another language.

    `language` is that of the text. If it is empty, the text is in the blog's language.
    """
    site = current.site()
    written_in = language or site.language
    return "" if written_in == site.interface_language else lang(written_in)


@register.simple_tag
def interface_lang(language: str = "") -> str:
    """Return the `lang` attribute of buttons and labels within a text in this language."""
    return content_lang(language) and lang(current.site().interface_language)


def lang(code: str) -> str:
    return format_html(' lang="{}"', code)
