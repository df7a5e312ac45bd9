"""Data about a post for search engines: JSON-LD, https://schema.org/BlogPosting."""

import json

from django import template
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from content.addresses import absolute_url
from identity import current
from posts.models import Post
from posts.reading.sharing import SharedImage, shared_image

register = template.Library()

# Inside a script element, nothing may look like its end or like a comment.
ESCAPES = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}


@register.simple_tag
def json_ld(request: HttpRequest, post: Post) -> SafeString:
    """Return the script element that describes `post`. It contains data, not code."""
    text = json.dumps(describe(request, post), ensure_ascii=False).translate(ESCAPES)
    element = '<script type="application/ld+json">{}</script>'
    return format_html(element, mark_safe(text))  # noqa: S308  escaped above


def describe(request: HttpRequest, post: Post) -> dict[str, object]:
    author_path = reverse("posts:author_detail", kwargs={"username": post.author.username})
    address = absolute_url(request, post.get_absolute_url())
    shared = shared_image(post)
    images = {"image": [absolute_url(request, shared.path)]} if shared else {}
    return images | {
        "@context": "https://schema.org",
        "@type": "BlogPosting",
        "headline": post.title,
        "description": post.summary,
        "inLanguage": post.language or current.site().language,
        "url": address,
        "mainEntityOfPage": address,
        "datePublished": post.publish_at and post.publish_at.isoformat(),
        "dateModified": post.modified_at.isoformat(),
        "keywords": [tag.name for tag in post.shown_tags],
        "wordCount": post.word_count,
        "author": {
            "@type": "Person",
            "name": post.author.name,
            "url": absolute_url(request, author_path),
        },
    }


@register.simple_tag
def image_to_share(post: Post) -> SharedImage | None:
    """Return the image that other sites show with a link to `post`."""
    return shared_image(post)


@register.simple_tag
def absolute(request: HttpRequest, path: str) -> str:
    """Return `path` with its scheme and host."""
    return absolute_url(request, path)
