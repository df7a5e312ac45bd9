"""Usernames: which ones are allowed, and which ones count as the same."""

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

USERNAME_MAX_LENGTH = 30
# Casefolding makes some letters longer: ΐ becomes three characters.
USERNAME_KEY_MAX_LENGTH = USERNAME_MAX_LENGTH * 3
# Decomposed, a Hangul syllable has three characters and a Greek vowel four.
LONGEST_TYPED = USERNAME_MAX_LENGTH * 4
PUNCTUATION = "-_."
# Letters and marks that Unicode lets a font omit. With them, one name could look like another.
INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


def username_key(username: str) -> str:
    """Return the key that two usernames share if they look the same: NFKC, casefolded.

    A text that is too long to be a username in any form is returned unchanged, because NFKC takes
    quadratic time to sort its marks.
    """
    if len(username) > LONGEST_TYPED:
        return username
    folded = unicodedata.normalize("NFKC", username).casefold()
    # Casefolding can produce text that NFKC changes again.
    return unicodedata.normalize("NFKC", folded)


def validate_username(username: str) -> None:
    """Raise ValidationError if `username`, as stored, can't be part of a readable URL."""
    if len(username) > USERNAME_MAX_LENGTH:
        return  # the field itself reports this
    stored = unicodedata.normalize("NFKC", username)
    if len(stored) > USERNAME_MAX_LENGTH:
        raise ValidationError(
            _("This username is too long. Use at most 30 characters."), code="long"
        )
    kinds = [unicodedata.category(character)[0] for character in stored]
    if kinds and kinds[0] not in "LN":
        raise ValidationError(_("Start with a letter or a digit."), code="username_start")
    allowed = all(
        kind in "LNM" or character in PUNCTUATION
        for kind, character in zip(kinds, stored, strict=True)
    )
    if not allowed or INVISIBLE.search(stored):
        message = _("Use only letters, digits, hyphens, underscores and periods.")
        raise ValidationError(message, code="username_characters")
