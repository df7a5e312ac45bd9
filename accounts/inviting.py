"""Invitations: links that let people register with a role, or raise the role of an account.

Owners invite people to every role, editors to the roles below their own. A link stops working when
its inviter may no longer give its role. No link works while registration is closed.
"""

import secrets
from datetime import datetime
from hashlib import sha256

from django.db import models, transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.granting import apply_role, roles_to_grant
from accounts.limits import give_back, keys_of, spend
from accounts.models import Invitation, User
from accounts.profiles import show_changes
from accounts.roles import RANKS, Role, is_at_least, rank_of
from identity import current
from identity.models import Site

# Explanations of each role, for the person who is invited.
RIGHTS = {
    Role.OWNER: _("As an owner, you can change everything on this blog."),
    Role.EDITOR: _("As an editor, you edit all posts, moderate comments and invite people."),
    Role.AUTHOR: _("As an author, you write and publish posts."),
    Role.CONTRIBUTOR: _("As a contributor, you write posts, and an editor publishes them."),
    Role.READER: _("As a reader, you like posts and comment on them."),
}


class State(models.TextChoices):
    OPEN = "open", _("Open")
    USED = "used", _("Used")
    REVOKED = "revoked", _("Revoked")
    EXPIRED = "expired", _("Expired")
    VOID = "void", _("The inviter may no longer give this role")


class InvitationIsGone(Exception):  # noqa: N818  a state, not a mistake
    """The invitation no longer works, for example because someone else has just used it."""


def is_closed() -> bool:
    """Return whether the owner's settings allow no new accounts, not even with an invitation."""
    return current.site().registration == Site.Registration.CLOSED


def may_invite(user: User | None, role: str) -> bool:
    """Return whether `user` may invite people to `role`, and revoke such invitations."""
    is_inviter = user is not None and user.is_active and is_at_least(user, Role.EDITOR)
    return is_inviter and role in roles_to_grant(user)


def state_of(invitation: Invitation, now: datetime) -> State:
    if invitation.revoked_at:
        return State.REVOKED
    if invitation.use_count >= invitation.use_limit:
        return State.USED
    if invitation.expires_at <= now:
        return State.EXPIRED
    return State.OPEN if may_invite(invitation.inviter, invitation.role) else State.VOID


def invite(invitation: Invitation, inviter: User, *, now: datetime) -> str:
    """Save the new invitation, and return the token for its link, which is shown only now."""
    # The logs leave out texts of this form (`blogsite.redaction`).
    token = f"inv-{secrets.token_hex(16)}"
    invitation.digest = digest_of(token)
    invitation.inviter = inviter
    invitation.created_at = now
    invitation.save()
    return token


def digest_of(token: str) -> str:
    """Return the digest that is stored. A token is random, so it needs no slow hash."""
    return sha256(token.encode()).hexdigest()


def find_open(request: HttpRequest, token: str) -> Invitation | None:
    """Return the open invitation with this token. Other tokens count as guesses."""
    keys = keys_of(request, "link")
    # Counted first, so that someone who has reached the limit learns nothing from a right guess.
    spend("link", keys)
    found = Invitation.objects.filter(digest=digest_of(token)).select_related("inviter").first()
    if found is None or state_of(found, timezone.now()) != State.OPEN:
        return None
    give_back("link", keys)
    return found


def use(invitation: Invitation, user: User, *, now: datetime) -> None:
    """Count one use by `user`, in a transaction. Raise InvitationIsGone if it is not open."""
    invitations = Invitation.objects.select_related("inviter").select_for_update(of=("self",))
    locked = invitations.filter(pk=invitation.pk).first()
    if locked is None or state_of(locked, now) != State.OPEN:
        raise InvitationIsGone
    locked.use_count += 1
    locked.save(update_fields=["use_count"])
    locked.people.add(user)


@transaction.atomic
def accept(invitation: Invitation, user: User, *, now: datetime) -> bool:
    """Give `user` the role of the invitation. Return False, and use nothing, if it is not higher.

    Raise InvitationIsGone if it is not open.
    """
    locked = User.objects.select_for_update().get(pk=user.pk)
    if not is_promotion(invitation, locked):
        return False
    use(invitation, locked, now=now)
    locked.role = invitation.role
    apply_role(locked)
    show_changes(locked, ["role"])
    return True


def is_promotion(invitation: Invitation, user: User) -> bool:
    return RANKS[invitation.role] > rank_of(user)


def revoke(invitation: Invitation, *, now: datetime) -> None:
    Invitation.objects.filter(pk=invitation.pk, revoked_at=None).update(revoked_at=now)
