from django.contrib import admin
from django.contrib.auth import admin as auth_admin
from django.core.exceptions import BadRequest
from django.db import DataError
from django.http import HttpRequest, HttpResponse

from accounts.models import User

SEARCH_WORDS_MAX = 10


class GuardedAdmin(admin.ModelAdmin):
    """An admin that takes what its pages offer, and answers 400 to addresses nobody clicks.

    Django lets staff query every column with any operator, and passes numbers and dates on that
    no database holds.
    """

    offered_lookups: tuple[str, ...] = ()

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


@admin.register(User)
class UserAdmin(GuardedAdmin, auth_admin.UserAdmin):
    """Django's own, without a filter or a count that reads every row."""

    list_display = ("username", "email", "is_active", "is_staff", "date_joined")
    list_filter = ("is_active", "is_staff", "is_superuser", "date_joined")
    offered_lookups = (
        "is_active__exact",
        "is_staff__exact",
        "is_superuser__exact",
        "date_joined__gte",
        "date_joined__lt",
    )
    search_fields = ("username", "username_key", "email")
    show_full_result_count = False
