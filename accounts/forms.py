"""Forms for a person's own account: registration, login, password and profile."""

from collections.abc import Callable
from functools import partial

from django import forms
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm, BaseUserCreationForm, PasswordResetForm
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts import names, time_zones
from accounts.models import BIOGRAPHY_MAX_LENGTH, User
from accounts.usernames import INVISIBLE
from content.fields import BodyField, ImageUploadField
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


class RegisterForm(UsernameRules, BaseUserCreationForm):
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
            "email": _("Never shown to others. Without it, you can't reset a forgotten password.")
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
            self.add_error("username", User._meta.get_field("username").error_messages["unique"])
            return None


class LoginForm(AuthenticationForm):
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


class AccountForm(DisplayNameRules, forms.ModelForm):
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
        fields = ("display_name", "email", "website", "biography", "time_zone")
        labels = {"email": _("Email")}
        help_texts = {
            "display_name": _("Shown instead of your username."),
            "email": _("Never shown to others. Used to reset a forgotten password."),
        }
        widgets = {
            "display_name": forms.TextInput(attrs={"autocomplete": "name"}),
            "email": EMAIL_INPUT,
        }

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance.avatar:
            self.fields["remove_image"].widget = forms.HiddenInput()
        for field in self.fields.values():
            # With `maxlength`, browsers silently cut pasted text. The server says that it is too
            # long.
            field.widget.attrs.pop("maxlength", None)

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
