"""Form fields, and a mixin for forms, for more than one app."""

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator

from content.images import MAX_MEGABYTES, MadeImage, RefusedImage, make_image

ACCEPTED = "image/jpeg,image/png,image/webp,image/gif,image/avif"


class WithoutMaxlength:
    """Form mixin that leaves out `maxlength`, with which browsers silently cut pasted text.

    The server says that a text is too long.
    """

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.pop("maxlength", None)


class BodyField(forms.CharField):
    """Form field that keeps a text exactly as typed, including spaces and line ends."""

    def __init__(self, *, max_length: int, rows: int = 16, **kwargs) -> None:
        # Don't use the field's `max_length`: with it, browsers would silently cut pasted text.
        super().__init__(
            strip=False,
            widget=forms.Textarea(attrs={"rows": rows, "dir": "auto"}),
            validators=[MaxLengthValidator(max_length)],
            **kwargs,
        )

    def to_python(self, value: str | None) -> str:
        # Browsers send every line end as CR LF (HTML, form submission).
        return super().to_python(value).replace("\r\n", "\n")


class ImageUploadField(forms.FileField):
    """Form field for an image; its cleaned value is a MadeImage, or None if there is no file.

    Django's ImageField would open the file with every available decoder before our checks.
    """

    def __init__(self, **kwargs) -> None:
        # The editor refuses a larger file before it sends it.
        attrs = {"accept": ACCEPTED, "data-max-megabytes": MAX_MEGABYTES}
        widget = forms.FileInput(attrs=attrs)
        super().__init__(widget=widget, **kwargs)

    def clean(self, data, initial=None) -> MadeImage | None:
        file = super().clean(data, initial)
        if not file:
            return None
        try:
            return make_image(file)
        except RefusedImage as refusal:
            raise ValidationError(str(refusal), code="refused") from refusal
