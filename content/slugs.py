"""Slugs: the readable parts of addresses, in any script."""

import re
import unicodedata

SLUG_MAX_LENGTH = 100
EMPTY_SLUG = "post"
# Signs that distinguish one topic from another, and their names in addresses.
SIGN_WORDS = (
    (re.compile(r"(?<=\w)\+\+"), "pp"),
    (re.compile(r"(?<=\w)[#♯]"), "sharp"),
    (re.compile(r"(?<!\w)\.(?=\w)"), "dot"),
    (re.compile(r"\+"), " plus "),
    (re.compile(r"\*"), " star "),
    (re.compile("&"), " and "),
    (re.compile("@"), " at "),
    (re.compile("%"), " percent "),
)


def slugify(text: str, *, empty: str = EMPTY_SLUG) -> str:
    """Return `text` as a slug: lowercase letters, marks and digits of any script, and hyphens.

    Never longer than SLUG_MAX_LENGTH; text without a letter or digit gives `empty`. Django's own
    slugify drops the vowel signs of Indic scripts and other marks, because Python's `\\w` does not
    match them.
    """
    # An apostrophe belongs to its word: don't becomes dont.
    lowered = re.sub("['’]", "", unicodedata.normalize("NFKC", text).lower())
    slug = ""
    # Normalize again: lowercasing and removing apostrophes can leave letters and marks apart.
    for character in unicodedata.normalize("NFKC", lowered):
        kind = unicodedata.category(character)[0]
        follows_letter = slug[-1:] not in ("", "-")
        # A mark without its letter, such as one left over from an emoji, would attach to the hyphen
        # before it.
        if kind in "LN" or (kind == "M" and follows_letter):
            slug += character
        elif kind != "M" and follows_letter:
            slug += "-"
    return _shorten(slug.rstrip("-")) or empty


def tag_slug(name: str) -> str:
    """Return the slug of a tag, whose signs matter: C gives c, C++ cpp, C# csharp and .NET dotnet.

    A name without a letter or digit, such as an emoji, gives the Unicode names of its signs.
    """
    named = unicodedata.normalize("NFKC", name)
    for sign, word in SIGN_WORDS:
        named = sign.sub(word, named)
    return slugify(named, empty="") or slugify(_names_of_signs(named), empty="tag")


def _names_of_signs(text: str) -> str:
    """Return the Unicode names of the signs in `text`, without those of joiners and selectors."""
    return " ".join(unicodedata.name(c, "") for c in text if unicodedata.category(c)[0] in "PS")


def _shorten(slug: str) -> str:
    """Cut a long slug at its last hyphen, or within the word if it has none."""
    if len(slug) <= SLUG_MAX_LENGTH:
        return slug
    cut = slug[: SLUG_MAX_LENGTH + 1]
    return cut.rpartition("-")[0] or cut[:SLUG_MAX_LENGTH]
