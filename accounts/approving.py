"""Approval of new accounts, if the owner's settings ask for it.

Until an owner or editor approves it, an account is not active: its owner can't log in, and reads
like any other visitor. People with an invitation don't wait.
"""

from datetime import datetime

from django.db import transaction

from accounts.credentials import tell
from accounts.models import User
from identity import current


def apply_settings(user: User, *, now: datetime) -> None:
    """Set up an unsaved account by the owner's settings for people who register."""
    site = current.site()
    user.role = site.new_role
    if site.approves_accounts:
        user.is_active = False
        user.waiting_since = now


@transaction.atomic
def approve(pk: int) -> User | None:
    """Let the person log in, and say so by mail. Return None if the account is not waiting."""
    user = lock_waiting(pk)
    if user:
        user.is_active = True
        user.waiting_since = None
        user.save(update_fields=["is_active", "waiting_since"])
        tell(user, "account_approved")
    return user


@transaction.atomic
def refuse(pk: int) -> User | None:
    """Delete the account, which has written nothing. Return None if it is not waiting."""
    user = lock_waiting(pk)
    if user:
        user.delete()
    return user


def lock_waiting(pk: int) -> User | None:
    return User.objects.waiting().select_for_update().filter(pk=pk).first()
