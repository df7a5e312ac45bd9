"""Formats of the blog's language that Django uses for an English interface.

Dates that Django formats itself, such as those in the admin's lists, are numeric. Otherwise,
English month names would appear in the order of another language. `identity.language` writes dates
with the blog's own month names.
"""

from django.utils.formats import FORMAT_SETTINGS, get_format

from identity import current

IN_DIGITS = {"DATE_FORMAT": "SHORT_DATE_FORMAT", "DATETIME_FORMAT": "SHORT_DATETIME_FORMAT"}


def __getattr__(name: str) -> object:
    site = current.site()
    if name not in FORMAT_SETTINGS or site.language == site.interface_language:
        raise AttributeError(name)
    return get_format(IN_DIGITS.get(name, name), site.language)
