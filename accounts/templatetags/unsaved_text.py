"""What forms carry so that their text is not lost."""

from django import template
from django.utils.html import format_html

from accounts.long_bodies import note_editor
from accounts.unsaved_text import WRITER, Writer, new_sheet, sign

register = template.Library()


@register.simple_tag(takes_context=True)
def writer(context) -> str:
    """Return the hidden field that says, signed, whom this form is shown to.

    A text that was recovered stays on the sheet that it was written on.
    """
    note_editor(context["request"])
    user = context["request"].user
    recovered = context.get("recovered")
    sheet = recovered.sheet if recovered else new_sheet()
    field = '<input type="hidden" name="{}" value="{}">'
    return format_html(field, WRITER, sign(Writer(user.pk, sheet)))
