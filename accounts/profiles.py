"""Changes to an account that readers see."""

from collections.abc import Callable, Iterable

from accounts.models import User
from caching import takedown

NAMES = {"username", "display_name"}
# Functions of higher apps. They run in the transaction that saves the account.
updates_of_names: list[Callable[[User], None]] = []


def register_update_of_names(update: Callable[[User], None]) -> None:
    """Register `update` to be called with each user whose name has changed."""
    updates_of_names.append(update)


def show_changes(user: User, changed: Iterable[str]) -> None:
    """Make changes to a saved account visible; `changed` contains the names of its fields."""
    if not NAMES.isdisjoint(changed):
        for update in updates_of_names:
            update(user)
    takedown.announce()
