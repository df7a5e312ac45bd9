"""Texts from forms that could not be taken, held for the person who wrote them, and nobody else.

A form that is shown to somebody names them and the sheet they write on (that form, shown once),
signed. When it comes back without its session or its token, the text waits under that name until
they have logged in, saved or discarded it. Without a valid signature nothing is held.
"""

import secrets
from datetime import timedelta
from typing import NamedTuple

from django.core import signing
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import HeldText, User

# The name of the hidden field.
WRITER = "writer"
SIGNED_FOR = timedelta(days=14)
HELD_FOR = timedelta(days=7)
# In characters: a text of 300,000, which is 1.5 times the limit of a post, and its other fields.
LENGTH_MAX = 310_000
TEXTS_MAX = 10
SALT = "accounts.held"


class Writer(NamedTuple):
    user_pk: int
    sheet: str


def sign(writer: Writer) -> str:
    return signing.dumps(list(writer), salt=SALT)


def new_sheet() -> str:
    return secrets.token_urlsafe(8)


def writer_of(request: HttpRequest) -> Writer | None:
    """Return whom the form that was sent was shown to; None where it does not truly say."""
    try:
        return Writer(*signing.loads(request.POST.get(WRITER, ""), salt=SALT, max_age=SIGNED_FOR))
    except signing.BadSignature:
        return None


@transaction.atomic
def hold(text: HeldText) -> bool:
    """Keep an unsaved `text` for its user, or return False if it is too long or nobody's.

    It replaces an earlier text from the same form. A user has at most TEXTS_MAX; older ones go.
    """
    length = sum(map(len, [*text.texts.values(), *text.hidden.values()]))
    users = User.objects.filter(pk=text.user_id, is_active=True)
    if length > LENGTH_MAX or not users.exists():
        return False
    HeldText.objects.filter(held_at__lt=text.held_at - HELD_FOR).delete()
    save(text)
    newest = HeldText.objects.filter(user=text.user_id).order_by("-held_at", "-pk")
    HeldText.objects.filter(pk__in=[each.pk for each in newest.only("pk")[TEXTS_MAX:]]).delete()
    return True


def save(text: HeldText) -> None:
    """Save `text` in place of an earlier one from the same form."""
    values = {
        "path": text.path,
        "texts": _without_nul(text.texts),
        "hidden": _without_nul(text.hidden),
        "has_files": text.has_files,
        "held_at": text.held_at,
    }
    form = {"user_id": text.user_id, "sheet": text.sheet}
    HeldText.objects.update_or_create(**form, defaults=values)


def _without_nul(texts: dict[str, str]) -> dict[str, str]:
    """No form takes NUL, and PostgreSQL keeps none; a sign stands in its place."""
    return {name: text.replace("\0", "\ufffd") for name, text in texts.items()}


def held_for(user: User) -> QuerySet[HeldText]:
    """Return what is held for `user`, the newest first."""
    texts = HeldText.objects.filter(user=user.pk, held_at__gte=timezone.now() - HELD_FOR)
    return texts.order_by("-held_at", "-pk")


def forget(writer: Writer) -> None:
    """Drop what is held from this sheet: it is saved now."""
    texts = HeldText.objects.filter(user=writer.user_pk, sheet=writer.sheet)
    # Mostly there is none, and who only looks waits for nobody who writes.
    if texts.exists():
        texts.delete()
