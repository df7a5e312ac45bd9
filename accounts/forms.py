"""Judging what people send about themselves."""

from django import forms
from django.contrib.auth.forms import AuthenticationForm, BaseUserCreationForm
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User

EMAIL_INPUT = forms.EmailInput(attrs={"autocomplete": "email"})


class RegisterForm(BaseUserCreationForm):
    class Meta(BaseUserCreationForm.Meta):
        model = User
        fields = ("username", "email")
        labels = {"email": _("E-mail")}
        help_texts = {"email": _("Never shown. Without it, a forgotten password can't be reset.")}
        widgets = {"email": EMAIL_INPUT}

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].error_messages["required"] = _("Username is required.")
        self.fields["password1"].error_messages["required"] = _("Password is required.")
        self.fields["password2"].error_messages["required"] = _("Type the password a second time.")
        self.fields["password2"].help_text = ""

    def save_unless_taken(self) -> User | None:
        """Return the new user; None, with an error on the field, if the name went meanwhile."""
        try:
            with transaction.atomic():
                return self.save()
        except IntegrityError:
            self.add_error("username", User._meta.get_field("username").error_messages["unique"])
            return None


class LoginForm(AuthenticationForm):
    # Which of the two was wrong would tell a stranger which names exist.
    error_messages = {
        "invalid_login": _("Incorrect username or password."),
        "inactive": _("Incorrect username or password."),
    }

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].error_messages["required"] = _("Username is required.")
        self.fields["password"].error_messages["required"] = _("Password is required.")


class AccountForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ("email",)
        labels = {"email": _("E-mail")}
        help_texts = {"email": _("Never shown. A forgotten password is reset through it.")}
        widgets = {"email": EMAIL_INPUT}
