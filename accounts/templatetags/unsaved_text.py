"""Tag for the hidden field that keeps the text of a form from being lost."""

from django import template
from django.utils.html import format_html

from accounts.long_bodies import mark_editor_shown
from accounts.unsaved_text import WRITER, Writer, new_form_id, sign

register = template.Library()


@register.simple_tag(takes_context=True)
def writer(context) -> str:
    """Return the hidden, signed field that names the account this form is shown to.

    A recovered text keeps the id of the form it was typed in.
    """
    mark_editor_shown(context["request"])
    user = context["request"].user
    recovered = context.get("recovered")
    form_id = recovered.form_id if recovered else new_form_id()
    field = '<input type="hidden" name="{}" value="{}">'
    return format_html(field, WRITER, sign(Writer(user.pk, form_id)))
