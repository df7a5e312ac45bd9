"""Form fields that more than one app needs."""

from django import forms
from django.core.exceptions import ValidationError

from content.images import MadeImage, RefusedImage, make_image

ACCEPTED = "image/jpeg,image/png,image/webp,image/gif,image/avif"


class PictureField(forms.FileField):
    """A picture to upload; cleaned to a MadeImage, or None where none was chosen.

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
