"""Unsaved texts: typed into forms that had expired, and kept only for the accounts they belong to.

Each form contains a signed field with the account it was shown to and a form id, which is new each
time a form is shown. If the form comes back without its session or its token, its text is kept for
that account until the person saves or discards it. Without a valid signature nothing is kept.
"""

import secrets
from datetime import timedelta
from typing import NamedTuple

from django.core import signing
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import UnsavedText, User

# The name of the hidden field.
WRITER = "writer"
SIGNED_FOR = timedelta(days=14)
KEPT_FOR = timedelta(days=7)
# In characters: 300,000 for a text (1.5 times the limit of a post) and the rest for other fields.
LENGTH_MAX = 310_000
TEXTS_MAX = 10
# An earlier name of this module. A new salt would lose the text of forms opened before an update.
SALT = "accounts.held"


class Writer(NamedTuple):
    user_pk: int
    form_id: str


def sign(writer: Writer) -> str:
    return signing.dumps(list(writer), salt=SALT)


def new_form_id() -> str:
    return secrets.token_urlsafe(8)


def writer_of(request: HttpRequest) -> Writer | None:
    """Return the account and form id of the submitted form, or None without a valid signature."""
    try:
        return Writer(*signing.loads(request.POST.get(WRITER, ""), salt=SALT, max_age=SIGNED_FOR))
    except signing.BadSignature:
        return None


@transaction.atomic
def keep(text: UnsavedText) -> bool:
    """Keep `text` for its user. Return False if it is too long or the account is closed.

    It replaces an earlier text from the same form. A user has at most TEXTS_MAX texts; older ones
    are deleted.
    """
    length = sum(map(len, [*text.texts.values(), *text.hidden.values()]))
    users = User.objects.filter(pk=text.user_id, is_active=True)
    if length > LENGTH_MAX or not users.exists():
        return False
    UnsavedText.objects.filter(kept_at__lt=text.kept_at - KEPT_FOR).delete()
    save(text)
    newest = UnsavedText.objects.filter(user=text.user_id).order_by("-kept_at", "-pk")
    UnsavedText.objects.filter(pk__in=[each.pk for each in newest.only("pk")[TEXTS_MAX:]]).delete()
    return True


def save(text: UnsavedText) -> None:
    """Save `text` in place of an earlier one from the same form."""
    values = {
        "path": text.path,
        "texts": _without_nul(text.texts),
        "hidden": _without_nul(text.hidden),
        "has_files": text.has_files,
        "kept_at": text.kept_at,
    }
    form = {"user_id": text.user_id, "form_id": text.form_id}
    UnsavedText.objects.update_or_create(**form, defaults=values)


def _without_nul(texts: dict[str, str]) -> dict[str, str]:
    """Replace NUL with a visible character; PostgreSQL can't store it, and no form accepts it."""
    return {name: text.replace("\0", "\ufffd") for name, text in texts.items()}


def unsaved_texts_of(user: User) -> QuerySet[UnsavedText]:
    """Return the unsaved texts of `user`, the newest first."""
    texts = UnsavedText.objects.filter(user=user.pk, kept_at__gte=timezone.now() - KEPT_FOR)
    return texts.order_by("-kept_at", "-pk")


def forget(writer: Writer) -> None:
    """Delete the unsaved text of a form that has just been saved."""
    texts = UnsavedText.objects.filter(user=writer.user_pk, form_id=writer.form_id)
    # Read first: usually there is no text, and reading does not wait for writers.
    if texts.exists():
        texts.delete()
