"""Keeping the pictures that people send, and removing those that nothing shows."""

import re
from datetime import datetime, timedelta

from django.conf import settings

from accounts.models import User
from content.images import FOLDER, MadeImage
from content.storage import discard_files, keep_files
from posts.models import Image, Post

# A picture in a text that is not saved yet is young.
SPARED_FOR = timedelta(days=1)
# Names of pictures inside a text, without their ending: browsers copy the address of any width.
# What only looks like one spares nothing that matters.
MENTION = re.compile(re.escape(FOLDER) + r"[A-Za-z0-9_-]{22}-[0-9x]+-[0-3]{3}(?=\.)")


def store_image(made: MadeImage, uploader: User) -> str:
    """Keep a picture and whose it is; return its name."""
    return Image.objects.create(uploader=uploader, name=keep_files(made)).name


def attach_images(post: Post, chosen: dict, uploader: User) -> None:
    """Give `post` the pictures that its form was sent with; the post is not saved here."""
    if chosen["remove_image"]:
        post.cover = ""
    if chosen["image"]:
        post.cover = store_image(chosen["image"], uploader)
    if chosen["body_image"]:
        name = store_image(chosen["body_image"], uploader)
        post.body += f"\n\n{image_markdown(name, chosen['body_image_alt'])}\n"


def image_markdown(name: str, alt: str) -> str:
    """Return the Markdown that shows a picture; nothing in `alt` is read as Markdown."""
    text = re.sub(r"([\[\]\\`*_~<&])", r"\\\1", " ".join(alt.split()))
    return f"![{text}]({settings.MEDIA_URL}{name})"


def unused_images(now: datetime) -> list[Image]:
    """Return the images that no post, comment or person shows, spared the young ones."""
    old = Image.objects.filter(created_at__lt=now - SPARED_FOR)
    used = names_in_use()
    return [image for image in old.iterator() if image.name not in used]


def names_in_use() -> set[str]:
    covers = Post.objects.exclude(cover="").values_list("cover", flat=True)
    avatars = User.objects.exclude(avatar="").values_list("avatar", flat=True)
    names = {*covers, *avatars}
    for body in (
        Post.objects.filter(body__contains=FOLDER).values_list("body", flat=True).iterator()
    ):
        names.update(f"{mention}.webp" for mention in MENTION.findall(body))
    return names


def delete_image(image: Image) -> None:
    """Remove a picture's row, then its files."""
    image.delete()
    discard_files(image.name)
