"""The image of a post on other sites: the cover, or else the first image of the text."""

from typing import NamedTuple

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from content.image_names import FOLDER, image_from_url
from content.shared_images import BodyImage, find_or_make_jpeg, jpeg_size, own_images
from posts.models import Post

# A name is never used twice.
A_YEAR = "public, max-age=31536000, immutable"


class SharedImage(NamedTuple):
    """An image as JPEG: its path, its size and its alt text."""

    path: str
    width: int
    height: int
    alt: str


def shared_image(post: Post) -> SharedImage | None:
    """Return the image of a post whose text is loaded. It takes no query and opens no file."""
    if post.cover:
        return as_shared(BodyImage(post.cover, post.cover_alt))
    first = next(own_images(post.body_html), None)
    return as_shared(first) if first else None


def as_shared(image: BodyImage) -> SharedImage:
    tag = image_from_url(f"{settings.MEDIA_URL}{image.name}")
    stem = image.name.removeprefix(FOLDER).removesuffix(".webp")
    path = reverse("posts:image_jpeg", kwargs={"stem": stem})
    return SharedImage(path, *jpeg_size(tag.width, tag.height), image.alt)


@require_safe
def image_jpeg(request: HttpRequest, stem: str) -> HttpResponse:
    """Respond with an image as JPEG, for other sites."""
    data = find_or_make_jpeg(f"{FOLDER}{stem}.webp")
    if data is None:
        raise Http404
    response = HttpResponse(data, content_type="image/jpeg")
    response["Cache-Control"] = A_YEAR
    return response
