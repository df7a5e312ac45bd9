"""The page with the owner's settings."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _
from django.views.generic import UpdateView

from accounts.mixins import KeepsTextMixin, OwnerRequiredMixin
from content.methods import FORM_METHODS
from identity.current import SettingsConflict
from identity.forms import SECTIONS, SettingsForm
from identity.models import Site


class Settings(KeepsTextMixin, OwnerRequiredMixin, UpdateView):
    http_method_names = FORM_METHODS
    form_class = SettingsForm
    template_name = "accounts/settings.html"
    success_url = reverse_lazy("accounts:settings")
    text_fields = tuple(name for _title, names in SECTIONS for name in names)
    hidden_fields = ("version",)

    def get_object(self, queryset=None) -> Site:
        # Not the settings in force, because other requests share them.
        return Site.objects.first() or Site()

    def get_initial(self) -> dict:
        return {"version": self.object.version} | super().get_initial()

    def form_valid(self, form: SettingsForm) -> HttpResponse:
        try:
            form.save()
        except SettingsConflict as conflict:
            return self.show_conflict(form, conflict.site)
        messages.success(self.request, _("The settings are saved."))
        return redirect(self.success_url)

    def show_conflict(self, form: SettingsForm, saved: Site) -> HttpResponse:
        """Show the form again, and name the fields that differ from the saved settings."""
        form.data = form.data.copy()
        form.data["version"] = saved.version
        differing = [form[name].label for name in form.changed_data if name in self.text_fields]
        context = self.get_context_data(form=form, differing=differing)
        return self.render_to_response(context, status=409)
