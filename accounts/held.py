"""Texts from forms that could not be taken, held for the person who wrote them, and nobody else.

A form that is shown to somebody names them and the sheet they write on (that form, shown once),
signed. When it comes back without its session or its token, the text waits under that name until
they have logged in, saved or discarded it. Without a valid signature nothing is held.
"""

import secrets
from datetime import datetime, timedelta
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
def hold(
    writer: Writer,
    path: str,
    *,
    texts: dict[str, str],
    hidden: dict[str, str],
    has_files: bool,
    now: datetime,
) -> bool:
    """Hold a text for its writer, whose oldest go beyond TEXTS_MAX; False where it is too long."""
    length = sum(map(len, [*texts.values(), *hidden.values()]))
    users = User.objects.filter(pk=writer.user_pk, is_active=True)
    if length > LENGTH_MAX or not users.exists():
        return False
    HeldText.objects.filter(held_at__lt=now - HELD_FOR).delete()
    values = {"path": path, "texts": _without_nul(texts), "hidden": _without_nul(hidden)}
    HeldText.objects.update_or_create(
        user_id=writer.user_pk,
        sheet=writer.sheet,
        defaults=values | {"has_files": has_files, "held_at": now},
    )
    older = HeldText.objects.filter(user=writer.user_pk).order_by("-held_at", "-pk")
    HeldText.objects.filter(pk__in=[text.pk for text in older.only("pk")[TEXTS_MAX:]]).delete()
    return True


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
