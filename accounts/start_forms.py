"""Forms for the first page of a new blog."""

from collections.abc import Callable

from django import forms
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.forms import RegisterForm, UsernameRules
from accounts.models import User
from accounts.roles import Role
from content.fields import WithoutMaxlength
from identity import current
from identity.forms import checked_name
from identity.models import NAME_MAX_LENGTH, Site


class Writers(models.TextChoices):
    EVERYONE = "everyone", _("Everyone who registers")
    INVITED = "invited", _("People I invite (others may comment)")
    ME = "me", _("Only me")


# The rule for registration and the role of new accounts that each answer sets.
RULES = {
    Writers.EVERYONE: (Site.Registration.OPEN, Role.AUTHOR),
    Writers.INVITED: (Site.Registration.OPEN, Role.READER),
    Writers.ME: (Site.Registration.CLOSED, Role.READER),
}
# The setting that each question changes. A question is left out if an environment variable sets it.
QUESTIONS = {"blog_name": "name", "writers": "registration"}


class PromotionForm(WithoutMaxlength, forms.Form):
    """The questions about the blog, for a person who is logged in."""

    blog_name = forms.CharField(
        label=_("Name of the blog"),
        max_length=NAME_MAX_LENGTH,
        error_messages={"required": _("Name is required.")},
    )
    writers = forms.ChoiceField(
        label=_("Who can write"),
        choices=Writers.choices,
        initial=Writers.EVERYONE,
        widget=forms.RadioSelect,
        help_text=_("You can change this later, like everything else here."),
    )

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for name, column in QUESTIONS.items():
            if column in current.fixed_values():
                del self.fields[name]
        for number, field in enumerate(self.fields.values()):
            field.widget.attrs["autofocus"] = number == 0

    def clean_blog_name(self) -> str:
        return checked_name(self.cleaned_data["blog_name"])

    def site_values(self) -> dict[str, str]:
        """Return the settings of the site that the answers mean."""
        values = {}
        if "blog_name" in self.fields:
            values["name"] = self.cleaned_data["blog_name"]
        if "writers" in self.fields:
            values["registration"], values["new_role"] = RULES[self.cleaned_data["writers"]]
        return values


class FirstOwnerForm(PromotionForm, RegisterForm):
    """The same questions, and those for a new account."""

    field_order = ("blog_name", "username", "email", "password1", "password2", "writers")

    def clean_username(self) -> str:
        """Allow reserved names, such as admin, because the person is in charge."""
        return UsernameRules.clean_username(self)

    def create(self, then: Callable[[User], None]) -> User | None:
        """Return the new owner, or None if the username was just taken."""
        return self.save_unless_taken(then)
