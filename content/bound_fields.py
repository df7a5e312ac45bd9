"""Bound fields for every form, including the admin's (FORM_RENDERER in the settings)."""

from django import forms
from django.forms.renderers import DjangoTemplates


class FocusedField(forms.BoundField):
    """Bound field that gets the focus if it is the first one with an error.

    A form's `blamed_fields` are the fields that an error about the whole form refers to.
    """

    def build_widget_attrs(self, attrs: dict, widget: forms.Widget | None = None) -> dict:
        attrs = super().build_widget_attrs(attrs, widget)
        # The admin repeats some fields as hidden ones, with their initial values.
        if (widget or self.field.widget).is_hidden:
            return attrs
        if self.is_invalid:
            attrs["aria-invalid"] = "true"
        first = first_invalid(self.form)
        if first:
            # False removes the value that the widget set for an empty form.
            attrs["autofocus"] = self.name == first
        return attrs

    @property
    def is_invalid(self) -> bool:
        return bool(self.errors or (self.is_blamed and self.form.non_field_errors()))

    @property
    def is_blamed(self) -> bool:
        return self.name in getattr(self.form, "blamed_fields", ())

    @property
    def aria_describedby(self) -> str | None:
        described = super().aria_describedby
        if self.is_blamed and self.form.non_field_errors():
            # templates/plain/errors.html sets this id.
            return f"{described or ''} form_error".strip()
        return described


class FormRenderer(DjangoTemplates):
    bound_field_class = FocusedField


def first_invalid(form: forms.BaseForm) -> str | None:
    """Return the name of the first field with an error that a person can fill in."""
    if not form.is_bound:
        return None
    return next((field.name for field in form.visible_fields() if field.is_invalid), None)
