"""Rules for new usernames and display names. They don't apply to existing names."""

import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.lookalikes import has_marked_digit, has_stacked_marks, is_in_one_script, skeleton
from accounts.models import FormerUsername, User
from accounts.usernames import PUNCTUATION, username_key

# Names that seem to speak for the blog. Names of pages, such as `tags`, are allowed, because no
# username is the whole path of a page.
RESERVED = """
    abuse admin administrator administrators admins anonymous blogsite deleted hostmaster mod
    moderation moderator moderators mods noreply null official owner postmaster root security staff
    support sysop system team undefined webmaster
"""
# The characters that join letters in Persian, in Indian scripts and in emojis.
JOINERS = "\u200c\u200d"
STACKED = _("Use at most two accents on each letter.")


def validate_new_username(username: str, user: User) -> None:
    """Raise ValidationError if `username` looks misleading or like another person's name."""
    if has_stacked_marks(username):
        raise ValidationError(STACKED, code="marks")
    if has_marked_digit(username):
        raise ValidationError(_("Use accents on letters only."), code="marks")
    # In a sentence, readers would take the last period for its end.
    if username.endswith(tuple(PUNCTUATION)):
        raise ValidationError(_("End with a letter or a digit."), code="username_end")
    if not is_in_one_script(username):
        message = _("Use letters from one alphabet. Don't mix, for example, Latin and Cyrillic.")
        raise ValidationError(message, code="scripts")
    # The model refuses usernames with the same key, with another message.
    others = User.objects.named_like(username).exclude(username_key=username_key(username))
    if others.exclude(pk=user.pk).exists():
        message = _("This username looks like another person's name. Choose a different one.")
        raise ValidationError(message, code="lookalike")
    if is_anothers_former(username, user):
        message = _("Another person has used this or a similar username. Choose a different one.")
        raise ValidationError(message, code="former")


def validate_new_display_name(name: str, user: User) -> None:
    """Raise ValidationError if `name` looks misleading or like another person's name."""
    if has_stacked_marks(name):
        raise ValidationError(STACKED, code="marks")
    # Such characters can reverse or hide a part of the page.
    if any(unicodedata.category(c) in ("Cc", "Cf") and c not in JOINERS for c in name):
        message = _("This name contains invisible characters. Type it without them.")
        raise ValidationError(message, code="invisible")
    others = User.objects.named_like(name).exclude(pk=user.pk)
    if others.exists() or is_anothers_former(name, user):
        message = _("This looks like another person's name. Choose a different one.")
        raise ValidationError(message, code="lookalike")


def is_anothers_former(name: str, user: User) -> bool:
    """Return whether someone else had a username like this.

    Call this after the current names were compared: a name that is given up in between is found.
    """
    return FormerUsername.objects.like(name).exclude(user=user.pk).exists()


def refuse_reserved(name: str) -> None:
    """Raise ValidationError if `name` looks like one that speaks for the blog."""
    if coarse(name) in map(coarse, RESERVED.split()):
        message = _("This name is reserved. Choose a different one.")
        raise ValidationError(message, code="reserved")


def coarse(name: str) -> str:
    """Return the skeleton without separators, and with one letter for i, l and 1."""
    letters = (c for c in skeleton(name) if c.isalnum())
    return "".join(letters).replace("i", "l")
