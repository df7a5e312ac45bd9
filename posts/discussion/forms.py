"""Forms for comments and their moderation."""

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from content.fields import BodyField
from content.markup import plain_text, render_comment
from content.reading import is_blank
from posts.models import COMMENT_MAX_LENGTH, REASON_MAX_LENGTH, Comment, Post


class ParentField(forms.IntegerField):
    """The id of a reply's parent comment. The field doesn't check whether it still exists."""

    widget = forms.HiddenInput

    def clean(self, value: str | int | None) -> int | None:
        try:
            return super().clean(value)
        except ValidationError:
            return None


class CommentBodyForm(forms.Form):
    body = BodyField(
        label=_("Your comment"),
        max_length=COMMENT_MAX_LENGTH,
        rows=5,
        error_messages={"required": _("Comment is required.")},
    )

    def clean_body(self) -> str:
        """Refuse an invisible comment, such as a link definition that no link uses."""
        body = self.cleaned_data["body"]
        if is_blank(plain_text(render_comment(body))):
            raise ValidationError(self.fields["body"].error_messages["required"])
        return body


class CommentForm(CommentBodyForm):
    parent = ParentField(required=False)

    def __init__(self, *args, post: Post, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.post = post

    @cached_property
    def replied_to(self) -> Comment | None:
        """The comment that this form replies to, even if the rest of the form is wrong."""
        pk = self.fields["parent"].clean(self["parent"].value())
        return Comment.objects.open_to_replies(self.post).filter(pk=pk).first() if pk else None


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        validators=[MaxLengthValidator(REASON_MAX_LENGTH)],
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )
