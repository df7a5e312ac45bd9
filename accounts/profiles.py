"""Changes to an account that readers see."""

from collections.abc import Callable, Iterable

from django.db import transaction

from accounts.lookalikes import skeleton
from accounts.models import FormerUsername, User
from accounts.usernames import username_key
from caching import takedown

NAMES = {"username", "display_name"}
# Functions of higher apps. They run in the transaction that saves the account.
updates_of_names: list[Callable[[User, str], None]] = []


def register_update_of_names(update: Callable[[User, str], None]) -> None:
    """Register `update`: it is called with each user whose name changed and the former username."""
    updates_of_names.append(update)


def show_changes(user: User, changed: Iterable[str], former: str = "") -> None:
    """Make changes to a saved account visible; `changed` contains the names of its fields.

    `former` is the username before, if it changed.
    """
    if not NAMES.isdisjoint(changed):
        for update in updates_of_names:
            update(user, former or user.username)
    takedown.announce()


@transaction.atomic
def rename(user: User, username: str) -> None:
    """Change a username, and reserve the former one. Raise IntegrityError if it is taken."""
    former = lock_username(user)
    user.username = username
    user.save(update_fields=["username", "has_checked_name"])
    reserve(former, user)
    show_changes(user, ["username"], former)


def lock_username(user: User) -> str:
    """Return the current username, which stays until the transaction ends."""
    names = User.objects.select_for_update().values_list("username", flat=True)
    return names.get(pk=user.pk)


def reserve(former: str, user: User) -> None:
    """Reserve the former username of `user`. Their new one is no longer a former one."""
    FormerUsername.objects.filter(user=user, username_key=user.username_key).delete()
    row = FormerUsername(user=user, username_key=username_key(former))
    row.username_skeleton = skeleton(former)
    if row.username_key != user.username_key:
        # Someone may have got the name by a command meanwhile, and given it up again.
        FormerUsername.objects.bulk_create([row], ignore_conflicts=True)
