"""Formats of BLOG_LANGUAGE that Django uses for an English interface.

Dates that Django formats itself, such as those in the admin's lists, are numeric. Otherwise,
English month names would appear in the order of another language. `content.language` writes dates
with the blog's own month names.
"""

from django.conf import settings
from django.utils.formats import FORMAT_SETTINGS, get_format

IN_DIGITS = {"DATE_FORMAT": "SHORT_DATE_FORMAT", "DATETIME_FORMAT": "SHORT_DATETIME_FORMAT"}


def __getattr__(name: str) -> object:
    if name not in FORMAT_SETTINGS:
        raise AttributeError(name)
    return get_format(IN_DIGITS.get(name, name), settings.BLOG_LANGUAGE)
