"""What a username may be, and when two of them are one."""

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

USERNAME_MAX_LENGTH = 30
# Casefolding writes some letters out: ΐ becomes three.
USERNAME_KEY_MAX_LENGTH = USERNAME_MAX_LENGTH * 3
PUNCTUATION = "-_."
# Letters and marks that Unicode lets a font leave out: with them a name could look like another's.
INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0]")


def username_key(username: str) -> str:
    """Return the form in which two usernames that read alike are one: NFKC, casefolded."""
    folded = unicodedata.normalize("NFKC", username).casefold()
    # Casefolding can leave a text that NFKC would change again.
    return unicodedata.normalize("NFKC", folded)


def validate_username(username: str) -> None:
    """Raise ValidationError where `username` would not make a working, readable address."""
    kinds = [unicodedata.category(character)[0] for character in username]
    if kinds and kinds[0] not in "LN":
        raise ValidationError(_("Start with a letter or a digit."), code="username_start")
    allowed = all(
        kind in "LNM" or character in PUNCTUATION
        for kind, character in zip(kinds, username, strict=True)
    )
    if not allowed or INVISIBLE.search(username):
        message = _("Use letters, digits, hyphens, underscores and full stops alone.")
        raise ValidationError(message, code="username_characters")
