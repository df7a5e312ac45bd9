"""Readable parts of addresses, in any script."""

import re
import unicodedata

SLUG_MAX_LENGTH = 100
EMPTY_SLUG = "post"


def slugify(text: str) -> str:
    """Return `text` as a slug: lowercase letters, marks and digits of any script, and hyphens.

    Never empty and never longer than SLUG_MAX_LENGTH; text without a letter or digit gives `post`.
    Django's own slugify drops the vowel signs of Indic scripts and the marks of others, because
    they are no `\\w` to Python.
    """
    folded = unicodedata.normalize("NFKC", text).lower()
    # An apostrophe belongs to its word: don't becomes dont.
    spelled = "".join(_slug_character(c) for c in folded if c not in "'’")
    slug = re.sub("-+", "-", spelled).strip("-")
    # Marks alone would hang on the hyphen before them.
    return _shorten(slug) if any(_is_base(c) for c in slug) else EMPTY_SLUG


def _slug_character(character: str) -> str:
    return character if unicodedata.category(character)[0] in "LNM" else "-"


def _is_base(character: str) -> bool:
    return unicodedata.category(character)[0] in "LN"


def _shorten(slug: str) -> str:
    """Cut a long slug at a hyphen, or in the middle of a word where it has none."""
    if len(slug) <= SLUG_MAX_LENGTH:
        return slug
    cut = slug[: SLUG_MAX_LENGTH + 1]
    return cut.rpartition("-")[0] or cut[:SLUG_MAX_LENGTH]
