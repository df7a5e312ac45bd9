"""Redirects in the admin, for owners."""

from django.contrib import admin
from django.http import HttpRequest

from accounts.admin import GuardedAdmin
from identity.models import Redirect
from identity.redirect_form import RedirectForm


@admin.register(Redirect)
class RedirectAdmin(GuardedAdmin):
    form = RedirectForm
    list_display = ("old_path", "target")
    sortable_by = ("old_path",)
    search_fields = ("old_path__begins",)
    ordering = ("old_path",)

    def get_form(self, request: HttpRequest, *args, **kwargs) -> type[RedirectForm]:
        form = super().get_form(request, *args, **kwargs)
        form.own_host = request.get_host()
        return form

    def get_readonly_fields(self, request: HttpRequest, obj: Redirect | None = None) -> tuple:
        return ("old_path",) if obj else ()
