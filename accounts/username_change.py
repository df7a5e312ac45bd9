"""The page where people change their username."""

from django import forms
from django.contrib import messages
from django.contrib.auth.forms import UsernameField
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import UpdateView

from accounts import names
from accounts.forms import OwnPasswordRules, UsernameRules, own_password_field
from accounts.limits import count_use
from accounts.mixins import KeepsTextMixin, OwnAccountMixin, OwnPasswordMixin
from accounts.models import User
from accounts.profiles import rename
from content.methods import FORM_METHODS


class UsernameForm(UsernameRules, OwnPasswordRules, forms.ModelForm):
    password = own_password_field()

    class Meta:
        model = User
        fields = ("username",)
        field_classes = {"username": UsernameField}

    def clean_username(self) -> str:
        """Refuse reserved names too, except from staff, and the name that the person has."""
        username = super().clean_username()
        if username == self.request.user.username:
            raise ValidationError(_("This is already your username."), code="unchanged")
        if not self.request.user.is_staff:
            names.refuse_reserved(username)
        return username

    def save_unless_taken(self) -> bool:
        """Rename the account. Add an error and return False if the name was just taken."""
        try:
            rename(self.instance, self.cleaned_data["username"])
        except IntegrityError:
            self.report_taken()
            return False
        return True


@method_decorator(sensitive_post_parameters(), name="dispatch")
class UsernameChange(KeepsTextMixin, OwnAccountMixin, OwnPasswordMixin, UpdateView):
    http_method_names = FORM_METHODS
    form_class = UsernameForm
    template_name = "accounts/username_change.html"
    text_fields = ("username",)

    def form_valid(self, form: UsernameForm) -> HttpResponse:
        count_use(self.request, "rename")
        if not form.save_unless_taken():
            return self.form_invalid(form)
        text = _("Your username is now %(username)s.")
        messages.success(self.request, text % {"username": form.instance.username})
        return redirect("accounts:account")
