from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.contrib.admin.widgets import AdminSplitDateTime
from django.contrib.auth import admin as auth_admin
from django.contrib.auth.forms import (
    ReadOnlyPasswordHashField,
    ReadOnlyPasswordHashWidget,
    UserChangeForm,
)
from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.db import DataError, models
from django.forms import SplitDateTimeField
from django.http import HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.usernames import username_key

SEARCH_WORDS_MAX = 10
# A list shows no more of them; filters and the search lead to others.
ROWS_MAX = 2_000


class FirstRows(Paginator):
    """Pages of the first ROWS_MAX rows, so that no list counts or skips more of them."""

    @cached_property
    def count(self) -> int:
        return self.object_list.order_by().values("pk")[:ROWS_MAX].count()

    @property
    def is_cut(self) -> bool:
        return self.count == ROWS_MAX


class OfferedOrder(ChangeList):
    """Rows in no other order than those that can be clicked, whatever an address asks for."""

    def get_ordering_field(self, field_name: str) -> str | None:
        return super().get_ordering_field(field_name) if field_name in self.sortable_by else None


class NamedSplitDateTime(AdminSplitDateTime):
    """Django's own, with a name for each of the two fields instead of a text beside it alone."""

    def get_context(self, *args) -> dict:
        context = super().get_context(*args)
        date, time = context["widget"]["subwidgets"]
        date["attrs"]["aria-label"] = context["date_label"]
        time["attrs"]["aria-label"] = context["time_label"]
        return context


class GuardedAdmin(admin.ModelAdmin):
    """An admin that takes what its pages offer, and answers 400 to addresses nobody clicks.

    Django lets staff query every column with any operator, and passes numbers and dates on that
    no database holds.
    """

    formfield_overrides = {
        models.DateTimeField: {"form_class": SplitDateTimeField, "widget": NamedSplitDateTime}
    }
    offered_lookups: tuple[str, ...] = ()
    paginator = FirstRows
    show_full_result_count = False
    # By what no index holds, all rows would be sorted for each page.
    sortable_by: tuple[str, ...] = ()

    def get_changelist(self, request: HttpRequest, **kwargs) -> type[ChangeList]:
        return OfferedOrder

    def lookup_allowed(self, lookup: str, value, request: HttpRequest | None = None) -> bool:
        return lookup in self.offered_lookups

    def get_search_results(self, request: HttpRequest, queryset, search_term: str) -> tuple:
        words = search_term.split()[:SEARCH_WORDS_MAX]
        return super().get_search_results(request, queryset, " ".join(words))

    def changelist_view(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        return _in_bounds(super().changelist_view, request, *args, **kwargs)

    def changeform_view(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        return _in_bounds(super().changeform_view, request, *args, **kwargs)


def _in_bounds(view, *args, **kwargs) -> HttpResponse:
    """Return the page of an admin view; raise BadRequest for values that no database holds."""
    try:
        response = view(*args, **kwargs)
        # Now, while its queries can still be answered for.
        return response.render() if hasattr(response, "render") else response
    except (OverflowError, ValueError, DataError) as error:
        raise BadRequest("A value that no database holds") from error


class PasswordHashWidget(ReadOnlyPasswordHashWidget):
    """Django's own, without `disabled` on its <div>, where HTML forbids it."""

    def get_context(self, *args) -> dict:
        context = super().get_context(*args)
        context["widget"]["attrs"].pop("disabled", None)
        return context


class UserForm(UserChangeForm):
    password = ReadOnlyPasswordHashField(
        label=UserChangeForm.base_fields["password"].label,
        help_text=UserChangeForm.base_fields["password"].help_text,
        widget=PasswordHashWidget,
    )


@admin.register(User)
class UserAdmin(GuardedAdmin, auth_admin.UserAdmin):
    """Django's own, without a filter or a count that reads every row."""

    form = UserForm
    list_display = ("username", "email", "is_active", "is_staff", "date_joined")
    list_filter = ("is_active", "is_staff")
    sortable_by = ("username", "date_joined")
    offered_lookups = ("is_active__exact", "is_staff__exact")
    search_fields = ("username_key__begins", "email__begins")
    search_help_text = _("The beginning of a username or of an email address")

    def get_search_results(self, request: HttpRequest, queryset, search_term: str) -> tuple:
        # An email address is found as it was typed when it is typed so.
        return super().get_search_results(request, queryset, username_key(search_term))
