"""Storing uploaded images, and deleting unused ones."""

import re
from datetime import datetime, timedelta

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from django.views.generic import View

from accounts.limits import LimitMixin
from accounts.models import UnsavedText, User
from content.image_names import FOLDER
from content.images import MadeImage
from content.storage import delete_files, store_files, stored_at, stored_names
from posts.models import Image, Post, Revision
from posts.writing.forms import ImageForm
from posts.writing.mixins import WriterRequiredMixin

# New images are kept, because the text that shows one may not be saved yet.
UNUSED_KEPT_FOR = timedelta(days=1)
FIRST_FRAME = _("Only the first frame of this animation is kept.")
# Image names in a text, without the file extension, because browsers copy the address of any width.
# A false match only keeps an image that could be deleted.
MENTION = re.compile(re.escape(FOLDER) + r"[A-Za-z0-9_-]{22}-[0-9x]+-[0-3]{3}(?=\.)")


@method_decorator(require_POST, name="dispatch")
class ImageUpload(WriterRequiredMixin, LimitMixin, View):
    """Store an image and return its Markdown with a notice, or the reason for a refusal (422)."""

    limit = "upload"
    sends_json = True

    def post(self, request: HttpRequest) -> JsonResponse:
        form = ImageForm(request.POST, request.FILES)
        if not form.is_valid():
            errors = [str(error) for messages in form.errors.values() for error in messages]
            return JsonResponse({"error": " ".join(errors)}, status=422)
        made = form.cleaned_data["image"]
        markdown = image_markdown(store_image(made, request.user), form.cleaned_data["alt"])
        # The writer learns this before the text is saved.
        notice = str(FIRST_FRAME) if made.is_still else ""
        return JsonResponse({"markdown": markdown, "notice": notice}, status=201)


def store_image(made: MadeImage, uploader: User) -> str:
    """Store an image with its uploader and return its name."""
    return Image.objects.create(uploader=uploader, name=store_files(made)).name


def attach_images(post: Post, chosen: dict, uploader: User) -> None:
    """Add the images of a submitted form to `post`, without saving the post."""
    if chosen["remove_image"]:
        post.cover = ""
    if chosen["own_cover"]:
        post.cover = chosen["own_cover"]
    if chosen["image"]:
        post.cover = store_image(chosen["image"], uploader)
    if chosen["body_image"]:
        name = store_image(chosen["body_image"], uploader)
        post.body += f"\n\n{image_markdown(name, chosen['body_image_alt'])}\n"


def image_markdown(name: str, alt: str) -> str:
    """Return the Markdown of an image. `alt` is escaped, so none of it is read as Markdown."""
    text = re.sub(r"([\[\]\\`*_~<&])", r"\\\1", " ".join(alt.split()))
    return f"![{text}]({settings.MEDIA_URL}{name})"


def unused_images(now: datetime) -> list[str]:
    """Return the names of images that no post, revision or person uses, unless they are new."""
    before = now - UNUSED_KEPT_FOR
    used = names_in_use()
    rows = dict(Image.objects.values_list("name", "created_at").iterator())
    # Files without a row are left over from a crash between storing the files and the row.
    lost = [name for name in stored_names() - rows.keys() - used if stored_at(name) < before]
    return [*(name for name, at in rows.items() if at < before and name not in used), *lost]


def names_in_use() -> set[str]:
    covers = Post.objects.exclude(cover="").values_list("cover", flat=True)
    avatars = User.objects.exclude(avatar="").values_list("avatar", flat=True)
    names = {*covers, *avatars}
    # Search the trash and the history too, because those posts and texts can be restored.
    for rows in (Post.objects, Revision.objects):
        for body in rows.filter(body__contains=FOLDER).values_list("body", flat=True).iterator():
            names.update(f"{mention}.webp" for mention in MENTION.findall(body))
    # Search unsaved text too, because its author may come back for it.
    for texts in UnsavedText.objects.values_list("texts", flat=True).iterator():
        for text in texts.values():
            names.update(f"{mention}.webp" for mention in MENTION.findall(text))
    return names


def delete_image(name: str) -> None:
    """Delete an image's row, if there is one, and then its files."""
    Image.objects.filter(name=name).delete()
    delete_files(name)
