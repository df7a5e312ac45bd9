"""Links that confirm an email address.

A link's signature depends on the account's password and addresses. So the link ends when it has
been used, and when one of these changes. Nothing about it is stored.
"""

from datetime import timedelta

from django.core.signing import BadSignature, TimestampSigner
from django.urls import reverse

from accounts.models import User

LINK_AGE = timedelta(days=3)


def signer_for(user: User) -> TimestampSigner:
    state = (user.password, user.email, user.new_email, str(user.email_confirmed_at))
    return TimestampSigner(salt=f"accounts.email_links {state}")


def path_of_link(user: User) -> str:
    """Return the path of a link that confirms `user.email_to_confirm`."""
    token = signer_for(user).sign(user.pk).partition(":")[2]
    return reverse("accounts:email_confirm", args=[user.pk, token])


def is_valid(user: User, token: str) -> bool:
    """Return whether `token` is from a link that still works."""
    try:
        signer_for(user).unsign(f"{user.pk}:{token}", max_age=LINK_AGE)
    except BadSignature:
        return False
    return bool(user.email_to_confirm and (user.is_active or user.is_waiting))
