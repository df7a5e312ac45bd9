"""Judging what people write."""

import unicodedata

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from content.fields import BodyField, PictureField
from content.images import MadeImage
from posts.models import (
    BODY_MAX_LENGTH,
    COMMENT_MAX_LENGTH,
    REASON_MAX_LENGTH,
    TAG_MAX_LENGTH,
    TAGS_MAX,
    Comment,
    Post,
)
from posts.models.tags import TAG_KEY_MAX_LENGTH, tag_key
from posts.tagging import split_tags

# Controls and separators; not the joiners that some scripts and emoji are written with.
BLANKS = ("Cc", "Zl", "Zp", "Zs")
# Signs and letters that a font shows as nothing.
EMPTY_SIGNS = "\u115f\u1160\u2800\u3164\uffa0"
# The Markdown of a picture: its address, and 300 characters of words, each escaped at most once.
IMAGE_TEXT_MAX_LENGTH = 1_000
ALT_HELP = _("For people who don't see it, and for when it does not load.")


# Longer texts are no ten tags; they are refused before they are taken apart.
TAGS_TEXT_MAX_LENGTH = 5_000


def refuse_long_tag(name: str) -> None:
    """Raise ValidationError where a tag has too many characters, as typed or written out."""
    if len(name) > TAG_MAX_LENGTH or len(tag_key(name)) > TAG_KEY_MAX_LENGTH:
        message = _("A tag has at most %(limit)d characters: “%(name)s” is longer.")
        raise ValidationError(message % {"limit": TAG_MAX_LENGTH, "name": name})


class TagsField(forms.CharField):
    """Tags separated by commas; cleaned to a list of names."""

    default_validators = [MaxLengthValidator(TAGS_TEXT_MAX_LENGTH)]

    def clean(self, value: str | None) -> list[str]:
        names = split_tags(super().clean(value))
        if len(names) > TAGS_MAX:
            message = _("A post takes at most %(limit)d tags; these are %(count)d.")
            raise ValidationError(message % {"limit": TAGS_MAX, "count": len(names)})
        for name in names:
            refuse_long_tag(name)
        return names

    def has_changed(self, initial: str, data: str | None) -> bool:
        return split_tags(initial or "") != split_tags(data or "")


class PostForm(forms.ModelForm):
    body = BodyField(
        label=_("Body"), max_length=BODY_MAX_LENGTH, required=False, help_text=_("In Markdown.")
    )
    tags = TagsField(label=_("Tags"), required=False, help_text=_("Separated by commas."))
    image = PictureField(label=_("Cover picture"), required=False)
    remove_image = forms.BooleanField(label=_("Remove the cover picture"), required=False)
    body_image = PictureField(
        label=_("Picture in the text"), required=False, help_text=_("Added at the end of the body.")
    )
    body_image_alt = forms.CharField(
        label=_("What the picture in the text shows"), required=False, max_length=300
    )

    field_order = ("title", "body", "body_image", "body_image_alt", "tags", "image", "cover_alt")

    class Meta:
        model = Post
        fields = ("title", "body", "cover_alt")
        labels = {"cover_alt": _("What the cover picture shows")}
        help_texts = {"cover_alt": ALT_HELP}
        error_messages = {"title": {"required": _("Title is required.")}}

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["tags"] = ", ".join(tag.name for tag in self.instance.tag_list)
        if not self.instance.cover:
            self.fields["remove_image"].widget = forms.HiddenInput()
        elif not self.instance.cover_alt:
            self.fields["cover_alt"].help_text = format_html(
                '<strong class="missing">{}</strong> {}', _("Missing."), ALT_HELP
            )
        self.fields["cover_alt"].widget.attrs.pop("maxlength", None)
        self.fields["body_image_alt"].widget.attrs.pop("maxlength", None)
        title = self.fields["title"].widget
        title.attrs["dir"] = "auto"
        # Browsers cut a pasted text at maxlength without a word; the server says it is too long.
        title.attrs.pop("maxlength", None)

    def clean_title(self) -> str:
        """Refuse a title that shows nothing, and make spaces of line ends and controls."""
        title = self.cleaned_data["title"]
        shown = "".join(" " if unicodedata.category(c) in BLANKS else c for c in title)
        if not any(unicodedata.category(c)[0] in "LNPS" and c not in EMPTY_SIGNS for c in shown):
            raise ValidationError(_("Title is required."), code="required")
        return " ".join(shown.split())

    def clean_body_image(self) -> MadeImage | None:
        """Refuse a picture whose Markdown would make the body longer than it may be."""
        image, body = self.cleaned_data["body_image"], self.cleaned_data.get("body", "")
        if image and len(body) > BODY_MAX_LENGTH - IMAGE_TEXT_MAX_LENGTH:
            raise ValidationError(_("The body is too long to take a picture more."))
        return image


class ImageForm(forms.Form):
    """A picture sent while writing."""

    image = PictureField()
    alt = forms.CharField(required=False, max_length=300)


class ParentField(forms.ModelChoiceField):
    """The comment that is answered; one that has gone meanwhile is none, and no error."""

    widget = forms.HiddenInput

    def clean(self, value: str | None) -> Comment | None:
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
        body = self.cleaned_data["body"]
        if not body.strip():
            raise ValidationError(self.fields["body"].error_messages["required"])
        return body


class CommentForm(CommentBodyForm):
    parent = ParentField(queryset=Comment.objects.none(), required=False)

    def __init__(self, *args, post: Post, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parent"].queryset = Comment.objects.approved().filter(post=post)

    @cached_property
    def answered(self) -> Comment | None:
        """The comment that is answered, also where the rest of the form is refused."""
        value = self["parent"].value()
        return self.fields["parent"].clean(value) if value else None


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        validators=[MaxLengthValidator(REASON_MAX_LENGTH)],
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )
