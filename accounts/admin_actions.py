"""Admin actions: the rows they change, and a limit on their time."""

from collections.abc import Iterator, Sequence
from time import monotonic

from django.contrib import admin, messages
from django.contrib.admin import actions
from django.contrib.admin.utils import model_ngettext
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

# Proxies give up after 60 seconds, so this leaves time for the row in progress.
ACTION_SECONDS = 10


def until_time_runs_out(request: HttpRequest, rows: Sequence) -> Iterator[Model]:
    """Yield `rows` until an action runs out of time, and report how many it handled."""
    until = monotonic() + ACTION_SECONDS
    total = len(rows)
    for done, row in enumerate(rows, 1):
        yield row
        if done < total and monotonic() >= until:
            text = _(
                "Time ran out after %(done)d of %(total)d rows. Select the same rows and run the "
                "action again to continue."
            )
            messages.warning(request, text % {"done": done, "total": total})
            return


@admin.action(
    permissions=["delete"],
    description=gettext_lazy("Delete selected %(verbose_name_plural)s"),
)
def delete_selected(
    modeladmin: admin.ModelAdmin, request: HttpRequest, queryset: QuerySet
) -> HttpResponse | None:
    """Ask for confirmation, like Django's action, then delete row by row until time runs out."""
    queryset = modeladmin.deletable(queryset)
    if not request.POST.get("post"):
        return actions.delete_selected(modeladmin, request, queryset)
    done = 0
    kept = []
    for row in until_time_runs_out(request, queryset):
        _named, _counts, perms_needed, protected = modeladmin.get_deleted_objects([row], request)
        if perms_needed:
            raise PermissionDenied
        if protected or row == request.user:
            kept.append(str(row))
        else:
            done += delete_row(modeladmin, request, row)
    show_result(modeladmin, request, done, kept)
    return None


# The admin starts no transaction for actions.
@transaction.atomic
def delete_row(modeladmin: admin.ModelAdmin, request: HttpRequest, row: Model) -> bool:
    """Delete `row` and add an entry to the admin's log; return False if it was deleted already."""
    # Log first, because the entry needs the row's id.
    modeladmin.log_deletions(request, [row])
    is_deleted = modeladmin.delete_model(request, row) is not False
    if not is_deleted:
        transaction.set_rollback(True)
    return is_deleted


def show_result(
    modeladmin: admin.ModelAdmin, request: HttpRequest, done: int, kept: list[str]
) -> None:
    text = ngettext("%(count)d %(items)s was deleted.", "%(count)d %(items)s were deleted.", done)
    names = {"count": done, "items": model_ngettext(modeladmin.opts, done)}
    messages.success(request, text % names)
    if kept:
        text = _(
            "Not deleted: %(names)s. You can't delete your own account or anything that other "
            "content depends on."
        )
        messages.warning(request, text % {"names": ", ".join(kept)})
