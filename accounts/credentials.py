"""Changes to how a person logs in: the password and the email address.

The person gets an email about it, at the address that was confirmed before the change.
"""

from contextlib import suppress

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.email_links import is_valid
from accounts.emails import email_key
from accounts.mail import can_send
from accounts.models import User

EMAIL_FIELDS = ("email", "new_email", "email_confirmed_at", "confirmed_email")


class LinkHasEnded(Exception):  # noqa: N818  a state, not a mistake
    """The link was used or has expired, or the account has changed since."""


class AddressIsTaken(Exception):  # noqa: N818  a state, not a mistake
    """The address is confirmed for another account."""


@transaction.atomic
def save_password(user: User, *, by_mail: bool = False, instead_of: str = "") -> None:
    """Save the password that was set on `user`, and cancel a change of address.

    Someone else may have asked for that change. `by_mail` means that the person followed a link
    sent to the account's address, which confirms it. Raise LinkHasEnded if the account's hash is no
    longer `instead_of`.
    """
    # Locked, because the link may be used twice at once.
    current = User.objects.select_for_update().only("password").get(pk=user.pk)
    if instead_of and current.password != instead_of:
        raise LinkHasEnded
    user.new_email = ""
    user.save(update_fields=["password", "new_email"])
    if by_mail and can_send() and not user.has_confirmed_email:
        with suppress(AddressIsTaken):
            save_confirmed(user, user.email)
    tell(user, "password_changed")


@transaction.atomic
def change_email(user: User, address: str) -> None:
    """Let `address` wait until it is confirmed. If it is empty or mail is off, set it at once."""
    user = User.objects.select_for_update().get(pk=user.pk)
    if address and can_send():
        user.new_email = address
    else:
        replace_email(user, address)
    user.save(update_fields=EMAIL_FIELDS)


def cancel_change(user: User) -> None:
    User.objects.filter(pk=user.pk).update(new_email="")


def replace_email(user: User, address: str) -> None:
    """Set an unconfirmed address on `user`, which the caller saves."""
    tell(user, "email_changed")
    user.email = address
    user.new_email = ""
    user.email_confirmed_at = None
    user.confirmed_email = None


@transaction.atomic
def confirm_email(pk: int, token: str) -> User:
    """Confirm the address that a link was sent to, and return its account.

    Raise LinkHasEnded or AddressIsTaken.
    """
    # Locked, because the link may be used twice at once.
    user = User.objects.select_for_update().filter(pk=pk).first()
    if user is None or not is_valid(user, token):
        raise LinkHasEnded
    if email_key(user.email) != email_key(user.email_to_confirm):
        tell(user, "email_changed")
    save_confirmed(user, user.email_to_confirm)
    return user


def save_confirmed(user: User, address: str) -> None:
    """Save `address` as confirmed. If it is taken, change nothing and raise AddressIsTaken."""
    user.email = address
    user.new_email = ""
    user.email_confirmed_at = timezone.now()
    user.confirmed_email = email_key(address)
    try:
        with transaction.atomic():
            user.save(update_fields=EMAIL_FIELDS)
    except IntegrityError:
        user.refresh_from_db(fields=EMAIL_FIELDS)
        raise AddressIsTaken from None


def tell(user: User, event: str) -> None:
    """Tell the person about `event`, if the account has a confirmed address."""
    from accounts.tasks import send_notice  # slow to import: 30 ms of each command

    if user.has_confirmed_email:
        send_notice.enqueue(event, user.email, user.username)
