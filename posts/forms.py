"""Judging what people write."""

from django import forms
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _

from posts.models import BODY_MAX_LENGTH, Post


class BodyField(forms.CharField):
    """A text kept to the character: no stripping, and line ends as the writer typed them."""

    def __init__(self, **kwargs) -> None:
        super().__init__(
            strip=False,
            widget=forms.Textarea(attrs={"rows": 16, "dir": "auto"}),
            validators=[MaxLengthValidator(BODY_MAX_LENGTH)],
            **kwargs,
        )

    def to_python(self, value: str | None) -> str:
        # Browsers send each line end as CR LF, whatever was typed (HTML, form submission).
        return super().to_python(value).replace("\r\n", "\n")


class PostForm(forms.ModelForm):
    body = BodyField(label=_("Body"), required=False)

    class Meta:
        model = Post
        fields = ("title", "body")
        error_messages = {"title": {"required": _("Title is required.")}}

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        title = self.fields["title"].widget
        title.attrs["dir"] = "auto"
        # Browsers cut a pasted text at maxlength without a word; the server says it is too long.
        title.attrs.pop("maxlength", None)
