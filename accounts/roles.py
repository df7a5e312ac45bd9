"""Roles: what each account may do. An account's role is a column, so reading it costs no query."""

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """Roles, from the most rights to the fewest. Each includes the rights of those below it."""

    OWNER = "owner", _("Owner")
    EDITOR = "editor", _("Editor")
    AUTHOR = "author", _("Author")
    CONTRIBUTOR = "contributor", _("Contributor")
    READER = "reader", _("Reader")


# The groups of roles with access to the admin. They contain the permissions that Django checks.
GROUPS = {Role.OWNER: "Owner", Role.EDITOR: "Editor"}
# A higher rank has more rights.
RANKS = {role: rank for rank, role in enumerate(reversed(Role.values))}


def rank_of(user: models.Model | AnonymousUser) -> int:
    """Return the rank of the user's role; -1 for an anonymous visitor."""
    return RANKS[user.role] if user.is_authenticated else -1


def is_at_least(user: models.Model | AnonymousUser, role: str) -> bool:
    """Return whether `user` has the rights of `role`. Costs no query."""
    return rank_of(user) >= RANKS[role]
