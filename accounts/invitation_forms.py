"""The form for a new invitation."""

from datetime import timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.inviting import is_closed, may_invite
from accounts.models import Invitation, User
from accounts.roles import Role
from content.fields import WithoutMaxlength

DAYS = (1, 7, 30, 90)
PEOPLE_MAX = 100


class InvitationForm(WithoutMaxlength, forms.ModelForm):
    days = forms.TypedChoiceField(
        label=_("Works for"),
        coerce=int,
        choices=[
            (days, format_lazy(ngettext_lazy("{days} day", "{days} days", days), days=days))
            for days in DAYS
        ],
        initial=7,
    )
    use_limit = forms.IntegerField(
        label=_("Number of people"), min_value=1, max_value=PEOPLE_MAX, initial=1
    )

    class Meta:
        model = Invitation
        fields = ("role", "note", "use_limit")

    field_order = ("role", "note", "days", "use_limit")

    def __init__(self, *args, inviter: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        roles = [(role, role.label) for role in Role if may_invite(inviter, role)]
        self.fields["role"].choices = roles

    def clean(self) -> dict:
        """Let a link with rights over other people's posts work for one person only."""
        cleaned = super().clean()
        if is_closed():
            message = _("Registration is closed. Before you invite people, change the settings.")
            raise ValidationError(message, code="closed")
        is_powerful = cleaned.get("role") in (Role.OWNER, Role.EDITOR)
        if is_powerful and cleaned.get("use_limit", 1) > 1:
            message = _("Invite owners and editors one by one.")
            self.add_error("use_limit", ValidationError(message, code="one"))
        self.instance.expires_at = timezone.now() + timedelta(days=cleaned.get("days", 1))
        return cleaned
