"""Rules for changing the role or the account of someone else.

An owner may do everything, except leave the blog without an owner. Others act only on accounts
below their own role.
"""

from collections.abc import Callable

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import GROUPS, Role, is_at_least, rank_of

# Its members enter the admin, whatever their role is.
MODERATORS = "Moderators"
LAST_OWNER = _("This is the last owner. Make someone else an owner first.")
NOT_ALLOWED = _("Your role doesn't allow this change. It may have changed in the meantime.")
# Functions of higher apps. They run in the transaction that changes the role.
effects: list[Callable[[User], None]] = []


def register_effect(effect: Callable[[User], None]) -> None:
    """Register `effect` to be called with each user whose role has changed."""
    effects.append(effect)


def may_manage(by: User, user: User) -> bool:
    """Return whether `by` may edit or close the account of `user`."""
    return by.role == Role.OWNER or rank_of(user) < rank_of(by)


def roles_to_grant(by: User) -> list[str]:
    """Return the roles that `by` may give to others."""
    return [role for role in Role.values if may_manage(by, User(role=role))]


def check_change(by: User, user: User, *, role: str, is_active: bool) -> None:
    """Raise ValidationError unless `by` may give `user` this role, or close their account.

    Call it inside a transaction. It locks the accounts of owners, so that two of them can't demote
    each other at the same time.
    """
    involved = User.objects.filter(Q(role=Role.OWNER) | Q(pk__in=[by.pk, user.pk]))
    locked = {found.pk: found for found in involved.order_by("pk").select_for_update()}
    now, before = (locked.get(account.pk) for account in (by, user))
    if not now or not before or not may_manage(now, before) or role not in roles_to_grant(now):
        raise ValidationError(NOT_ALLOWED, code="not_allowed")
    owners = [found.pk for found in locked.values() if found.role == Role.OWNER and found.is_active]
    if owners == [user.pk] and not (role == Role.OWNER and is_active):
        raise ValidationError(LAST_OWNER, code="last_owner")


def may_delete(by: User, user: User) -> bool:
    """Return whether `by` may delete the account of `user`. Locks only before deleting owners."""
    if user.role != Role.OWNER:
        return may_manage(by, user)
    try:
        with transaction.atomic():
            check_change(by, user, role=Role.READER, is_active=False)
    except ValidationError:
        return False
    return True


@transaction.atomic
def apply_role(user: User) -> None:
    """Give `user` the access to the admin that follows from their saved role and groups."""
    own = GROUPS.get(user.role)
    user.groups.remove(*Group.objects.filter(name__in=set(GROUPS.values()) - {own}))
    is_moderator = user.groups.filter(name=MODERATORS).exists()
    user.is_staff = is_at_least(user, Role.EDITOR) or is_moderator
    user.save(update_fields=["role", "is_staff"])
    for effect in effects:
        effect(user)
