"""Forms for a person's own account: registration, login, password and profile."""

from collections.abc import Callable
from functools import partial

from django import forms
from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.forms import (
    AuthenticationForm,
    BaseUserCreationForm,
    PasswordChangeForm,
    PasswordResetForm,
    SetPasswordForm,
)
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts import names, time_zones
from accounts.credentials import save_password
from accounts.emails import ADDRESS_MAX_LENGTH, validate_new_email
from accounts.mail import can_send
from accounts.models import BIOGRAPHY_MAX_LENGTH, User
from accounts.usernames import INVISIBLE
from content.fields import BodyField, ImageUploadField, WithoutMaxlength
from content.markup import render_comment
from content.storage import delete_files, store_files

EMAIL_INPUT = forms.EmailInput(attrs={"autocomplete": "email"})


class UsernameRules:
    """Mixin for a form with a username. An existing name is only checked if it changes."""

    def clean_username(self) -> str:
        username = self.cleaned_data["username"]
        if "username" in self.changed_data:
            names.validate_new_username(username, self.instance)
            self.instance.has_checked_name = True
        return username

    def report_taken(self) -> None:
        """Add the error for a name that someone else took after it was checked."""
        self.add_error("username", User._meta.get_field("username").error_messages["unique"])


class DisplayNameRules:
    """Mixin for a form with a display name. An existing name is only checked if it changes."""

    def clean_display_name(self) -> str:
        """Return the name, or an empty string if none of it would be visible."""
        name = self.cleaned_data["display_name"]
        if not any(c.isprintable() for c in INVISIBLE.sub("", name)):
            return ""
        if "display_name" in self.changed_data:
            names.validate_new_display_name(name, self.instance)
        return name


class EmailRules:
    """Mixin for a form with an email address. An existing address is only checked if it changes."""

    def clean_email(self) -> str:
        """Return the address with the domain in lowercase."""
        email = User.objects.normalize_email(self.cleaned_data["email"])
        if email and "email" in self.changed_data:
            validate_new_email(email)
        return email


class OwnPasswordRules:
    """Mixin for a form that asks a logged-in person for their password.

    Wrong passwords count like those of the login page, so a stolen session can't guess them.
    """

    def __init__(self, *args, request: HttpRequest, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def clean_password(self) -> str:
        return self.check_own(self.cleaned_data["password"], _("Incorrect password."))

    def check_own(self, password: str, message: str) -> str:
        username = self.request.user.username
        if authenticate(self.request, username=username, password=password) is None:
            raise ValidationError(message, code="password_incorrect")
        return password


def own_password_field() -> forms.CharField:
    """Return the field that `OwnPasswordRules` checks."""
    widget = forms.PasswordInput(attrs={"autocomplete": "current-password"})
    return forms.CharField(label=_("Your password"), strip=False, widget=widget)


class SavesPassword:
    """Mixin for a form that sets a password. The person gets an email about it.

    A form that a link leads to raises LinkHasEnded if someone else was faster.
    """

    # Whether only a link in a mail to the account's address leads to this form.
    is_by_mail = False

    def save(self) -> User:
        before = self.user.password
        # Hash before the transaction starts. SQLite allows one writer, so others would wait for the
        # hash.
        user = super().save(commit=False)
        save_password(user, by_mail=self.is_by_mail, instead_of=before if self.is_by_mail else "")
        return user


class RegisterForm(UsernameRules, EmailRules, BaseUserCreationForm):
    # Programs that fill in every field reveal themselves here: the style sheet hides the field. The
    # attributes ask password managers to skip it.
    topic = forms.CharField(
        label=_("Leave this field empty"),
        required=False,
        widget=forms.TextInput(
            attrs={
                "class": "trap",
                "autocomplete": "off",
                "data-1p-ignore": "",
                "data-bwignore": "",
                "data-lpignore": "true",
            }
        ),
    )

    class Meta(BaseUserCreationForm.Meta):
        model = User
        fields = ("username", "email")
        labels = {"email": _("Email")}
        help_texts = {
            "email": _(
                "Only the people who run the blog see it. Without it, you can't reset a forgotten "
                "password."
            )
        }
        widgets = {"email": EMAIL_INPUT}

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].error_messages["required"] = _("Username is required.")
        self.fields["password1"].error_messages["required"] = _("Password is required.")
        self.fields["password2"].error_messages["required"] = _("Enter the password again.")
        self.fields["password2"].help_text = ""

    def clean_username(self) -> str:
        """Refuse reserved names too. In the admin, staff may use them."""
        username = super().clean_username()
        names.refuse_reserved(username)
        return username

    def clean_topic(self) -> str:
        """Refuse text. The field is then visible, so a person can empty it and loses nothing."""
        if self.cleaned_data["topic"]:
            message = _("Delete this text, enter your password again and send the form.")
            raise ValidationError(message, code="trap")
        return ""

    def save_unless_taken(self, then: Callable[[User], None] = lambda user: None) -> User | None:
        """Return the new user, or add an error and return None if the name was just taken.

        `then` is called with the new user in the same transaction.
        """
        # Hash before the transaction starts. SQLite allows one writer, so others would wait for the
        # hash.
        user = self.save(commit=False)
        try:
            with transaction.atomic():
                user.save()
                then(user)
            return user
        except IntegrityError:
            self.report_taken()
            return None


class NameOrEmail:
    """Mixin for a login form: people type their username or their confirmed email address."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["username"]
        field.label = _("Username or email") if can_send() else _("Username")
        field.max_length = ADDRESS_MAX_LENGTH
        field.widget.attrs["maxlength"] = ADDRESS_MAX_LENGTH

    def get_invalid_login_error(self) -> ValidationError:
        """Say when an address can be used, whether an account has it or not."""
        error = super().get_invalid_login_error()
        if "@" not in self.cleaned_data["username"]:
            return error
        text = _("If you have not confirmed your email address yet, use your username.")
        return ValidationError([error, ValidationError(text, code="unconfirmed")])


class LoginForm(NameOrEmail, AuthenticationForm):
    blamed_fields = ("username", "password")
    # A more specific message would reveal which usernames exist.
    error_messages = {
        "invalid_login": _("Incorrect username or password."),
        "inactive": _("Incorrect username or password."),
        "waiting": _("Your account is waiting for approval. Try again later."),
    }
    remember = forms.BooleanField(
        label=_("Keep me logged in"),
        required=False,
        # By default, a session outlives the browser, as in earlier versions.
        initial=True,
    )

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].error_messages["required"] = _("Username is required.")
        self.fields["password"].error_messages["required"] = _("Password is required.")
        days = settings.SESSION_COOKIE_AGE // 86_400
        text = _("For %(days)d days after your last visit. Uncheck this on a shared computer.")
        self.fields["remember"].help_text = text % {"days": days}
        if self.initial.get("username"):
            self.fields["username"].widget.attrs.pop("autofocus")
            self.fields["password"].widget.attrs["autofocus"] = True

    def confirm_login_allowed(self, user: User) -> None:
        """Tell a person with the right password that the account waits for approval."""
        if user.is_waiting:
            raise ValidationError(self.error_messages["waiting"], code="waiting")
        super().confirm_login_allowed(user)


class ResetForm(PasswordResetForm):
    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("Email")


class OwnPasswordForm(SavesPassword, OwnPasswordRules, PasswordChangeForm):
    def clean_old_password(self) -> str:
        message = self.error_messages["password_incorrect"]
        return self.check_own(self.cleaned_data["old_password"], message)


class ResetPasswordForm(SavesPassword, SetPasswordForm):
    is_by_mail = True


class EmailForm(WithoutMaxlength, EmailRules, OwnPasswordRules, forms.Form):
    """Form that changes or removes the person's email address."""

    email = forms.EmailField(
        label=_("Email"),
        max_length=ADDRESS_MAX_LENGTH,
        required=False,
        widget=EMAIL_INPUT,
        help_text=_(
            "Only the people who run the blog see it. Leave this empty to remove your address."
        ),
    )
    password = own_password_field()

    def clean_email(self) -> str:
        email = super().clean_email()
        user = self.request.user
        if email and email == user.email and user.has_confirmed_email:
            raise ValidationError(_("This is already your email address."), code="unchanged")
        return email


class AccountForm(WithoutMaxlength, DisplayNameRules, forms.ModelForm):
    image = ImageUploadField(label=_("Profile image"), required=False)
    remove_image = forms.BooleanField(label=_("Remove the image"), required=False)
    website = forms.URLField(
        label=_("Website"),
        max_length=200,
        required=False,
        assume_scheme="https",
        # In a field of type `url`, HTML requires a scheme.
        widget=forms.TextInput(attrs={"autocomplete": "url", "inputmode": "url"}),
    )
    biography = BodyField(
        label=_("Biography"),
        max_length=BIOGRAPHY_MAX_LENGTH,
        rows=5,
        required=False,
        help_text=_("Shown on your page. You can use Markdown."),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=time_zones.choices,
        required=False,
        help_text=_("Used for times that you enter, and on pages that only you see."),
    )

    class Meta:
        model = User
        fields = ("display_name", "website", "biography", "time_zone")
        help_texts = {"display_name": _("Shown instead of your username.")}
        widgets = {"display_name": forms.TextInput(attrs={"autocomplete": "name"})}

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance.avatar:
            self.fields["remove_image"].widget = forms.HiddenInput()

    def clean_display_name(self) -> str:
        """Refuse reserved names too, except from staff."""
        name = super().clean_display_name()
        if "display_name" in self.changed_data and not self.instance.is_staff:
            names.refuse_reserved(name)
        return name

    def clean_website(self) -> str:
        """Refuse FTP addresses: URLField accepts them, but browsers can't open them."""
        website = self.cleaned_data["website"]
        if website and not website.lower().startswith(("http://", "https://")):
            raise ValidationError(self.fields["website"].error_messages["invalid"])
        return website

    def save(self) -> User:
        self.instance.biography_html = render_comment(self.instance.biography)
        before = self.instance.avatar
        if self.cleaned_data["image"]:
            self.instance.avatar = store_files(self.cleaned_data["image"])
        elif self.cleaned_data["remove_image"]:
            self.instance.avatar = ""
        # Save only these columns, to keep a password that was changed in another tab in the
        # meantime.
        self.instance.save(update_fields=[*self._meta.fields, "biography_html", "avatar"])
        if before != self.instance.avatar:
            # Delete the old files after the commit, because a rollback would need them again.
            transaction.on_commit(partial(delete_files, before))
        return self.instance
