"""The post form, and smaller forms of the editor."""

import unicodedata
from datetime import datetime
from uuid import UUID, uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from content.checklist import images_without_alt
from content.fields import BodyField, ImageUploadField, WithoutMaxlength
from content.images import MadeImage
from content.reading import is_blank
from content.time_zones import zone_named
from content.widgets import LocalTimeInput, WrappedInput
from identity import current
from identity.language import language_choices as blog_languages
from posts.models import (
    BODY_MAX_LENGTH,
    EDIT_SESSION_MAX_LENGTH,
    TAGS_MAX,
    WHY_MAX_LENGTH,
    Image,
    Post,
    PostText,
)
from posts.tagging import refuse_long_tag, split_tags
from posts.writing.edit import session_in
from posts.writing.times import OwnTimeField, check_year, fold_of

# Control characters and separators, without the joiners that some scripts and emoji need.
BLANKS = ("Cc", "Zl", "Zp", "Zs")
# The Markdown of an image: its address, and 300 characters of alt text, each escaped at most once.
IMAGE_TEXT_MAX_LENGTH = 1_000
ALT_HELP = _("Describes the image for people who can't see it, or when it doesn't load.")
DESCRIPTION_HELP = _(
    "Shown in lists, feeds, search engines and shared links. Without it, they show the beginning "
    "of the text."
)
BRACKETS_HELP = _(
    "In the text, write the alt text of an image between its brackets: ![alt text](address)."
)
# Ten tags are never longer. Longer texts are refused before they are split.
TAGS_TEXT_MAX_LENGTH = 5_000


def missing(help_text: str) -> SafeString:
    """Return the help text of an alt text field that still needs to be filled in."""
    return format_html('<strong class="missing">{}</strong> {}', _("Missing."), help_text)


def one_line(text: str) -> str:
    """Return `text` with spaces for line ends and control characters, or "" if it is invisible."""
    shown = "".join(" " if unicodedata.category(c) in BLANKS else c for c in text)
    return "" if is_blank(shown) else " ".join(shown.split())


class TagsField(forms.CharField):
    """Tags separated by commas, cleaned to a list of names."""

    default_validators = [MaxLengthValidator(TAGS_TEXT_MAX_LENGTH)]

    def clean(self, value: str | None) -> list[str]:
        names = split_tags(super().clean(value))
        if len(names) > TAGS_MAX:
            message = _("Use at most %(limit)d tags. You entered %(count)d.")
            raise ValidationError(message % {"limit": TAGS_MAX, "count": len(names)})
        for name in names:
            refuse_long_tag(name)
        return names


def language_choices() -> list[tuple[str, str]]:
    """Return the blog's language, which a post has by default, and all others."""
    names = dict(blog_languages())
    site = current.site().language
    default = _("The blog’s language: %(name)s") % {"name": names.get(site, site)}
    return [("", default), *names.items()]


class PostForm(WithoutMaxlength, forms.ModelForm):
    body = BodyField(label=_("Body"), max_length=BODY_MAX_LENGTH, required=False)
    tags = TagsField(label=_("Tags"), required=False, help_text=_("Separated by commas."))
    image = ImageUploadField(label=_("Cover image"), required=False)
    remove_image = forms.BooleanField(label=_("Remove the cover image"), required=False)
    body_image = ImageUploadField(
        label=_("Image in the text"), required=False, help_text=_("Added at the end of the body.")
    )
    body_image_alt = forms.CharField(
        label=_("Alt text for the image in the text"),
        required=False,
        max_length=300,
        help_text=ALT_HELP,
    )
    language = forms.ChoiceField(
        label=_("Language"),
        required=False,
        choices=language_choices,
        help_text=_("Quotation marks and hyphens, spell checkers and voices follow it."),
    )
    reason = forms.CharField(
        label=_("Note about this change"),
        required=False,
        max_length=WHY_MAX_LENGTH,
        help_text=_("Only you and editors can see it, in the history of the post."),
    )
    # The edited version, the edit session and the time zone, sent with each save.
    version = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)
    edit_session = forms.CharField(
        required=False, max_length=EDIT_SESSION_MAX_LENGTH, widget=forms.HiddenInput
    )
    zone = forms.CharField(required=False, widget=forms.HiddenInput)
    # The name of an image of this blog, from front matter.
    own_cover = forms.CharField(required=False, widget=forms.HiddenInput)
    fold = forms.ChoiceField(
        label=_("Which of the two times"),
        required=False,
        choices=[
            ("", "—"),
            ("0", _("The first, before clocks go back")),
            ("1", _("The second, after clocks go back")),
        ],
    )

    field_order = (
        *("title", "body", "tags", "image", "cover_alt", "remove_image", "description"),
        *("language", "publish_at", "fold", "reason", "body_image", "body_image_alt"),
    )

    class Meta:
        model = Post
        fields = ("title", "body", "cover_alt", "description", "language", "publish_at")
        labels = {"cover_alt": _("Cover image alt text"), "publish_at": _("Publish at")}
        help_texts = {"cover_alt": ALT_HELP, "description": DESCRIPTION_HELP}
        field_classes = {"publish_at": OwnTimeField}
        widgets = {
            "title": WrappedInput(
                {"dir": "auto", "placeholder": _("Title"), "enterkeyhint": "next"}
            ),
            "description": forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
            "publish_at": LocalTimeInput,
        }
        error_messages = {"title": {"required": _("Title is required.")}}

    def __init__(self, *args, action: str = "publish", may_publish: bool = True, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.may_publish = may_publish
        self.now = timezone.now()
        self.set_post(self.instance)
        # A draft needs no title. A post that a moderator hid is not a draft.
        needs_title = action not in ("draft", "compare", "front_matter", "withdraw")
        self.fields["title"].required = needs_title or self.instance.is_hidden
        self.action = action
        if not self.instance.pk:
            self.name_new_post()
            del self.fields["reason"]
        elif not self.is_bound and "tags" not in self.initial:
            self.initial["tags"] = self.instance.tags_text
        opened = {
            "version": self.instance.version,
            "edit_session": uuid4().hex,
            "zone": timezone.get_current_timezone_name(),
            "fold": fold_of(self.instance.publish_at),
        }
        # Text that is shown again is based on the version named with it.
        self.initial = opened | self.initial
        self.set_up_time_field(self.fields["publish_at"])
        if self.instance.is_hidden or (self.is_listed and not self.has_later_time()):
            # The publication time doesn't change once readers can see the post.
            del self.fields["publish_at"]
        if not self.instance.cover:
            self.fields["remove_image"].widget = forms.HiddenInput()
        elif not self.instance.cover_alt:
            self.fields["cover_alt"].help_text = missing(ALT_HELP)
        if images_without_alt(self.instance.body_html):
            self.fields["body_image_alt"].help_text = missing(BRACKETS_HELP)
        hint = _("Write your post. You can use Markdown.")
        self.fields["body"].widget.attrs["placeholder"] = hint
        # The browser checks the spelling in this language.
        written_in = self["language"].value() or current.site().language
        for name in PostText._fields:
            self.fields[name].widget.attrs["lang"] = written_in
        # In a new post, writing starts with the title. After an error, another field has the focus.
        is_new = not self.instance.pk and not self.is_bound and not self.initial.get("title")
        self.fields["title"].widget.attrs["autofocus"] = is_new

    @property
    def text(self) -> PostText:
        """The text of a valid form, with the image that was uploaded for the body."""
        return self.instance.text_with(", ".join(self.cleaned_data["tags"]))

    @property
    def text_fields(self) -> str:
        """The field names of PostText, for the script that keeps a copy in the browser."""
        return " ".join(PostText._fields)

    def set_post(self, post: Post) -> None:
        """Edit `post`, and remember its state before the change."""
        self.instance = post
        self.is_listed = post.is_listed(self.now)
        self.is_scheduled = post.is_scheduled(self.now)
        self.saved_time = post.publish_at

    @property
    def is_time_repeated(self) -> bool:
        """Return whether the form has to show which of two moments its time is."""
        return self.has_error("publish_at", "repeated") or bool(self["fold"].value())

    @property
    def is_private(self) -> bool:
        """Return whether the post is new or a draft."""
        return not (self.is_listed or self.is_scheduled or self.instance.is_hidden)

    def set_up_time_field(self, field: OwnTimeField) -> None:
        """Use the time zone that the form names, even if the visitor has chosen another since."""
        field.shown = self.instance.publish_at
        said = self.data if self.is_bound else self.initial
        field.fold = {"0": 0, "1": 1}.get(said.get("fold"))
        field.is_ignored = self.action == "publish_now" and not self.is_listed
        field.zone = zone_named(said.get("zone"))
        text = _("Leave empty to publish immediately, or enter a later time to schedule the post.")
        if not self.may_publish:
            text = _("Leave empty, or suggest a later time to the editor.")
        zone = field.zone or timezone.get_current_timezone_name()
        text = "" if self.is_scheduled or self.is_listed else text
        html = '<span class="when-empty">{}</span> {}: <span data-zone>{}</span>'
        field.help_text = format_html(html, text, _("Time zone"), zone)

    def has_later_time(self) -> bool:
        """Return whether the form contains a later time, or one that can't be parsed.

        If so, the form of a published post keeps the field, which then refuses the time. This
        happens if the editor was opened before the post was published.
        """
        typed = (self.data if self.is_bound else self.initial).get("publish_at")
        try:
            at = self.fields["publish_at"].to_python(typed)
        except ValidationError:
            return True
        return at is not None and at > self.now

    def name_new_post(self) -> None:
        """Add the UUID of the new post, so that a form sent twice makes only one post."""
        self.fields["uuid"] = forms.UUIDField(
            required=False, initial=uuid4, widget=forms.HiddenInput
        )

    def clean_title(self) -> str:
        """Refuse an invisible title. Replace line ends and control characters with spaces."""
        title = one_line(self.cleaned_data["title"])
        if not title and self.fields["title"].required:
            raise ValidationError(_("Title is required."), code="required")
        return title

    def clean_description(self) -> str:
        return one_line(self.cleaned_data["description"])

    def clean(self) -> dict:
        """Refuse to schedule a published post, because readers would see the text immediately."""
        if self.action == "schedule" and self.is_listed and "publish_at" not in self.fields:
            text = _(
                "This post has been published since you opened it. Press Update to show your "
                "text to readers, or Unpublish to make it a draft again."
            )
            raise ValidationError(text, code="published")
        return super().clean()

    def clean_edit_session(self) -> str:
        return session_in(self.data)

    def clean_publish_at(self) -> datetime | None:
        """Refuse to schedule without a time, for a time in the past, or for a published post."""
        at = check_year(self.cleaned_data["publish_at"])
        if self.is_listed and self.action != "unpublish":
            text = _(
                "This post has been published since you opened it. Clear this field and press "
                "Update to show your text to readers, or press Unpublish to make the post a "
                "draft again."
            )
            raise ValidationError(text, code="published")
        if self.needs_time and at is None:
            raise ValidationError(_("Choose when the post should appear."), code="required")
        if self.needs_time and at <= self.now:
            raise ValidationError(_("This time has passed. Choose a later time."), code="past")
        return at

    @property
    def needs_time(self) -> bool:
        """Return whether this save needs a later time: Schedule, or Update of a scheduled post."""
        is_saved_again = self.action == "update" and self.is_scheduled
        return self.action == "schedule" or (is_saved_again and "publish_at" in self.data)

    def is_for_later(self) -> bool:
        """Return whether the valid form contains a future time."""
        at = self.cleaned_data.get("publish_at")
        return at is not None and at > self.now

    def clean_uuid(self) -> UUID:
        """Return the UUID for the post that this form makes, or a new one if it is taken.

        Keep the UUID if the author's own post has it: this form was sent twice and just made it.
        """
        uuid = self.cleaned_data["uuid"]
        if uuid is None:
            return uuid4()
        is_taken = Post.objects.filter(uuid=uuid).exists()
        is_own = is_taken and Post.objects.own(self.instance.author).filter(uuid=uuid).exists()
        return uuid4() if is_taken and not is_own else uuid

    def clean_own_cover(self) -> str:
        name = self.cleaned_data["own_cover"]
        return name if name and Image.objects.filter(name=name).exists() else ""

    def clean_body_image(self) -> MadeImage | None:
        """Refuse an image if its Markdown would make the body too long."""
        image = self.cleaned_data["body_image"]
        body = self.cleaned_data.get("body", "")
        if image and len(body) > BODY_MAX_LENGTH - IMAGE_TEXT_MAX_LENGTH:
            raise ValidationError(_("The body is too long to add another image."))
        return image

    def clean_body_image_alt(self) -> str:
        """Refuse alt text without an image, because saving would lose it."""
        alt_text = self.cleaned_data["body_image_alt"]
        is_refused = "body_image" not in self.cleaned_data
        if alt_text and not is_refused and not self.cleaned_data["body_image"]:
            raise ValidationError(_("Choose the image that this alt text describes."))
        return alt_text


# Fields that the author fills in, by kind.
SHOWN_FIELDS = [name for name, field in PostForm.base_fields.items() if not field.widget.is_hidden]
FILE_FIELDS = ("image", "body_image")
# The form adds this image to the body.
BODY_IMAGE_FIELDS = ("body_image", "body_image_alt")
# Fields that are not part of the text. Revisions don't contain them, and a private save leaves them
# out.
OTHER_FIELDS = [
    name for name in SHOWN_FIELDS if name not in (*PostText._fields, *BODY_IMAGE_FIELDS)
]


def text_labels() -> list[str]:
    """Return the labels of the fields of PostText, in their order."""
    return [PostForm.base_fields[name].label for name in PostText._fields]


def is_long(name: str) -> bool:
    """Return whether a field of the form takes more than one line."""
    widget = PostForm.base_fields[name].widget
    return isinstance(widget, forms.Textarea) and not isinstance(widget, WrappedInput)


class RestoreForm(forms.Form):
    """Form with the version of the post that the history page showed."""

    version = forms.IntegerField(required=False, min_value=0)


class ImageForm(forms.Form):
    """An image that is uploaded from the editor."""

    image = ImageUploadField()
    alt = forms.CharField(required=False, max_length=300)
