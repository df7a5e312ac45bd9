"""What a username may be, and when two of them are one."""

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

USERNAME_MAX_LENGTH = 30
# Casefolding writes some letters out: ΐ becomes three.
USERNAME_KEY_MAX_LENGTH = USERNAME_MAX_LENGTH * 3
# Taken apart into its parts, a Hangul syllable is three characters, a Greek vowel four.
LONGEST_TYPED = USERNAME_MAX_LENGTH * 4
PUNCTUATION = "-_."
# Letters and marks that Unicode lets a font leave out: with them a name could look like another's.
INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


def username_key(username: str) -> str:
    """Return the form in which two usernames that read alike are one: NFKC, casefolded.

    A text too long to be anybody's, in whatever form it is typed, is returned as it is: sorting
    its marks takes NFKC quadratic time.
    """
    if len(username) > LONGEST_TYPED:
        return username
    folded = unicodedata.normalize("NFKC", username).casefold()
    # Casefolding can leave a text that NFKC would change again.
    return unicodedata.normalize("NFKC", folded)


def validate_username(username: str) -> None:
    """Raise ValidationError where `username`, as it is stored, makes no readable address."""
    if len(username) > USERNAME_MAX_LENGTH:
        return  # the field says so itself
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
