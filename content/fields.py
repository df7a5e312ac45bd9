"""Form fields that more than one app needs."""

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator

from content.images import MadeImage, RefusedImage, make_image

ACCEPTED = "image/jpeg,image/png,image/webp,image/gif,image/avif"


class BodyField(forms.CharField):
    """A text kept to the character: no stripping, and line ends as the writer typed them."""

    def __init__(self, *, max_length: int, rows: int = 16, **kwargs) -> None:
        # Not `max_length` of the field: browsers would cut a pasted text there without a word.
        super().__init__(
            strip=False,
            widget=forms.Textarea(attrs={"rows": rows, "dir": "auto"}),
            validators=[MaxLengthValidator(max_length)],
            **kwargs,
        )

    def to_python(self, value: str | None) -> str:
        # Browsers send each line end as CR LF, whatever was typed (HTML, form submission).
        return super().to_python(value).replace("\r\n", "\n")


class ImageUploadField(forms.FileField):
    """An image to upload; cleaned to a MadeImage, or None where none was chosen.

    Not Django's ImageField, which opens the file with every decoder there is before ours judges it.
    """

    def __init__(self, **kwargs) -> None:
        widget = forms.FileInput(attrs={"accept": ACCEPTED})
        super().__init__(widget=widget, **kwargs)

    def clean(self, data, initial=None) -> MadeImage | None:
        file = super().clean(data, initial)
        if not file:
            return None
        try:
            return make_image(file)
        except RefusedImage as refusal:
            raise ValidationError(str(refusal), code="refused") from refusal
