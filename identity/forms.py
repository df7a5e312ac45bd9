"""The form for the owner's settings."""

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from content import time_zones
from content.fields import WithoutMaxlength
from content.reading import is_blank
from identity import current
from identity.language import language_choices
from identity.models import Site

SECTIONS = (
    (_("Blog"), ("name", "language", "typography", "time_zone")),
    (_("Accounts"), ("registration", "new_role", "approves_accounts")),
    (_("Comments"), ("comments_enabled", "comment_approval")),
)


def checked_name(name: str) -> str:
    """Return the blog's name on one line. Raise ValidationError if none of it would be visible."""
    if is_blank(name):
        raise ValidationError(_("Name is required."))
    return " ".join(name.split())


class SettingsForm(WithoutMaxlength, forms.ModelForm):
    """The owner's settings. Fields that environment variables set are read-only.

    `version` is the version of the settings when the form was opened.
    """

    language = forms.ChoiceField(
        label=_("Language"),
        choices=language_choices,
        help_text=_(
            "The language of your posts. It sets the format of dates and numbers. Buttons and "
            "messages are in English until they are translated."
        ),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=time_zones.choices,
        help_text=_("People can choose another one for their own pages."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Site
        fields = [name for _title, names in SECTIONS for name in names]
        widgets = {
            "registration": forms.RadioSelect,
            "new_role": forms.RadioSelect,
            "comment_approval": forms.RadioSelect,
        }
        labels = {
            "name": _("Name"),
            "typography": _("Typographic punctuation in posts"),
            "registration": _("Who can register"),
            "new_role": _("Role of new accounts"),
            "approves_accounts": _("New accounts wait for approval"),
            "comments_enabled": _("Readers can comment"),
            "comment_approval": _("Comments that wait for approval"),
        }
        help_texts = {
            "name": _("Shown on every page, and in feeds and emails."),
            "typography": _(
                'Readers see “quotes”, – and … for "quotes", -- and ..., in the style of the '
                "language. The texts themselves don’t change."
            ),
            "new_role": _("People who are registered already keep their role."),
            "approves_accounts": _("Until then, people without an invitation can't log in."),
            "comments_enabled": _("Otherwise, all comments are hidden."),
        }
        error_messages = {"name": {"required": _("Name is required.")}}

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for name, value in current.fixed_values().items():
            self.fix(name, value)

    def fix(self, name: str, value: object) -> None:
        """Show the value of an environment variable, which no one can change here."""
        self.initial[name] = value
        self.fields[name].disabled = True
        variable, _value = settings.SITE_VARIABLES[name]
        self.fields[name].help_text = _("Set by the environment variable %s.") % variable

    @property
    def sections(self) -> list[tuple[str, list[forms.BoundField]]]:
        return [(title, [self[name] for name in names]) for title, names in SECTIONS]

    def clean_name(self) -> str:
        return checked_name(self.cleaned_data["name"])

    def save(self) -> None:
        """Save the values that differ. Raise SettingsConflict if another tab was faster."""
        names = set(self._meta.fields) & set(self.changed_data)
        values = {name: self.cleaned_data[name] for name in names}
        current.change(seen=self.cleaned_data["version"], **values)
