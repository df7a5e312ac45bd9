from collections.abc import Callable
from functools import update_wrapper

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.http import HttpRequest, HttpResponse

from accounts.admin_actions import delete_selected
from accounts.forms import NameOrEmail
from accounts.guessing import remember_device
from accounts.long_bodies import mark_editor_shown
from accounts.mail import KEPT, can_send, folder
from accounts.mixins import return_typed_text
from identity import current


class StaffLoginForm(NameOrEmail, AdminAuthenticationForm):
    pass


class StaffSite(admin.AdminSite):
    """Admin site that gives back the typed text if the session ended in the meantime."""

    login_form = StaffLoginForm

    @property
    def site_header(self) -> str:
        return current.site().name

    site_title = site_header

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self.add_action(delete_selected, "delete_selected")

    def login(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        response = super().login(request, extra_context)
        if request.method == "POST" and request.user.is_authenticated:
            remember_device(response, request.user)
        return response

    def index(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        """Tell superusers if the site can't send email, and where it writes its emails."""
        mail = {}
        if request.user.is_superuser and not can_send():
            mail = {"mail_folder": folder(), "mail_days": KEPT.days}
        return super().index(request, mail | (extra_context or {}))

    def admin_view(self, view: Callable, cacheable: bool = False) -> Callable:
        guarded = super().admin_view(view, cacheable)

        def handing_back(request: HttpRequest, *args, **kwargs) -> HttpResponse:
            typed = {name: request.POST.get(name, "") for name in settings.TYPED_TEXTS}
            # Django redirects to the login page, which leads back to a form without the text.
            if any(typed.values()) and not self.has_permission(request):
                return return_typed_text(request, typed)
            mark_editor_shown(request)
            return guarded(request, *args, **kwargs)

        return update_wrapper(handing_back, guarded)
