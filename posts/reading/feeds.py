"""Feeds of the newest posts: RSS 2.0, Atom (RFC 4287) and JSON Feed 1.1."""

import re
import time
import uuid
from contextlib import nullcontext, suppress
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import NamedTuple

from django.conf import settings
from django.db import DatabaseError, IntegrityError, connections, router
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.feedgenerator import SyndicationFeed
from django.utils.html import format_html
from django.utils.http import http_date
from django.utils.translation import gettext
from django.views.decorators.http import conditional_page, require_safe

from accounts.models import User
from caching import fragments
from content.addresses import absolute_html, absolute_url, moved
from content.formulas import with_sources
from content.image_names import image_from_url
from identity import current, redirects
from posts.listing import PostListing, all_posts, find_author, posts_by, posts_tagged
from posts.models import FeedDate, Post, PostQuerySet
from posts.reading.feed_formats import FORMATS
from posts.reading.sharing import SharedImage, shared_image
from posts.tagging import find_tag

FEED_LENGTH = 20
# The addresses of feeds on other blogs, which readers and their programs try.
USUAL_ADDRESSES = {
    **dict.fromkeys(("feed.xml", "feed.rss", "feed/rss/", "rss", "rss/"), "rss"),
    **dict.fromkeys(("rss.xml", "index.xml"), "rss"),
    **dict.fromkeys(("atom", "atom/", "atom.xml", "feed.atom"), "atom"),
    "feed.json": "json",
}
# Takes the place of the origin in the text that determines a feed's date.
ANY_ORIGIN = "https://feed.invalid"
# Characters that XML 1.0 can't contain, even escaped. One in a title would break every feed.
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Source(NamedTuple):
    """The source of a feed."""

    listing: PostListing
    posts: PostQuerySet
    title: str
    # The path of the page that lists the same posts.
    path: str


class Document(NamedTuple):
    text: bytes
    content_type: str
    # The second of the last change, or None if the database could not store it.
    modified_at: int | None


@require_safe
def site_feed(request: HttpRequest, kind: str) -> HttpResponse:
    now = timezone.now()
    posts = Post.objects.listed(now).newest_first()
    source = Source(all_posts(), posts, current.site().name, reverse("posts:post_list"))
    return answer(request, kind, source, now)


@require_safe
def usual_address(request: HttpRequest, address: str) -> HttpResponse:
    """Redirect from one of the USUAL_ADDRESSES to the feed, or to where the owner redirects it."""
    feed = path_below(reverse("posts:post_list"), USUAL_ADDRESSES[address])
    return moved(request, redirects.find_target(request.path) or feed)


@require_safe
def tag_feed(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    now = timezone.now()
    tag = find_tag(slug, now)
    if tag is None:
        raise Http404
    title = gettext("%(tag)s on %(site)s") % {"tag": tag.name, "site": current.site().name}
    posts = Post.objects.tagged(tag, now)
    return answer(
        request, kind, Source(posts_tagged(tag), posts, title, tag.get_absolute_url()), now
    )


@require_safe
def author_feed(request: HttpRequest, username: str, kind: str) -> HttpResponse:
    now = timezone.now()
    author = find_author(username, now)
    title = gettext("%(author)s on %(site)s") % {"author": author.name, "site": current.site().name}
    posts = Post.objects.filter(author=author).listed(now).newest_first()
    return answer(
        request, kind, Source(posts_by(author.pk), posts, title, author_path(author)), now
    )


def answer(request: HttpRequest, kind: str, source: Source, now: datetime) -> HttpResponse:
    """Return the feed of the first posts of `source`, or 304 if the client already has it."""
    origin = absolute_url(request, "/").removesuffix("/")
    # The address determines the list, the format and the host.
    address = origin + path_of(kind, source)
    make = partial(dated, kind, source, origin)
    return finish(request, fragments.until_next_change("feed", address, make, now=now))


def dated(kind: str, source: Source, origin: str) -> Document:
    """Return the feed with the second of its last change.

    The dates of posts don't show that an author, a tag or the blog was renamed, or that something
    changed twice within a second. So the database keeps a digest of each feed and its date.
    """
    while True:
        # Read the row before the posts. So a worker that replaces the row has read its posts later
        # than the worker that wrote the row.
        known = FeedDate.objects.filter(pk=f"{kind}:{source.listing.scope}").first()
        posts = list(source.posts.for_reading()[:FEED_LENGTH])
        text = write(kind, source, posts, origin)
        # Readers of another host name get the same date.
        canonical = text if settings.SITE_URL else write(kind, source, posts, ANY_ORIGIN)
        new = FeedDate(f"{kind}:{source.listing.scope}", sha256(canonical).hexdigest())
        if known and known.digest == new.digest:
            return Document(text, FORMATS[kind].content_type, known.modified_at)
        new.modified_at = next_date(known)
        try:
            is_saved = replace(known, new)
        except DatabaseError:  # The database is full, locked or read-only.
            return Document(text, FORMATS[kind].content_type, None)
        if is_saved:
            return Document(text, FORMATS[kind].content_type, new.modified_at)


def next_date(known: FeedDate | None) -> int:
    """Return the current second, or the one after the known date if two changes share a second."""
    now = int(time.time())
    return max(now, known.modified_at + 1) if known else now


def replace(known: FeedDate | None, new: FeedDate) -> bool:
    """Replace the row `known` with `new`. Return False if another worker was faster."""
    connection = connections[router.db_for_write(FeedDate)]
    # Don't wait, because a locked database must not delay a reader.
    with getattr(connection, "without_waiting", nullcontext)():
        if known:
            row = FeedDate.objects.filter(pk=known.pk, modified_at=known.modified_at)
            return bool(row.update(digest=new.digest, modified_at=new.modified_at))
        with suppress(IntegrityError):
            new.save(force_insert=True)
            return True
    return False


def write(kind: str, source: Source, posts: list[Post], origin: str) -> bytes:
    """Return the text of the feed, with URLs that start with `origin`."""
    feed = FORMATS[kind](
        title=xml_text(source.title),
        link=origin + source.path,
        description=xml_text(source.title),
        language=current.site().language,
        feed_url=origin + path_of(kind, source),
        feed_guid=stable_id(source.listing.scope),
    )
    for post in posts:
        add_post(feed, origin, post)
    return feed.writeString("utf-8").encode()


def path_of(kind: str, source: Source) -> str:
    return path_below(source.path, kind)


def path_below(path: str, kind: str) -> str:
    return f"{path}feed/" if kind == "rss" else f"{path}feed/{kind}/"


def add_post(feed: SyndicationFeed, origin: str, post: Post) -> None:
    link = origin + post.get_absolute_url()
    html = cover_html(post) + with_sources(post.body_html)
    feed.add_item(
        title=xml_text(post.title),
        link=link,
        description=xml_text(absolute_html(html, link)),
        # Not the excerpt: the text follows.
        summary=xml_text(post.description),
        image=cover_image(post, origin),
        unique_id=f"urn:uuid:{post.uuid}",
        unique_id_is_permalink=False,
        pubdate=post.publish_at,
        updateddate=post.modified_at,
        author_name=xml_text(post.author.name),
        author_link=origin + author_path(post.author),
        categories=[xml_text(tag.name) for tag in post.shown_tags],
        language=post.language or current.site().language,
    )


def cover_image(post: Post, origin: str) -> SharedImage | None:
    """Return the cover as JPEG, with its address, or None without a cover."""
    if not post.cover:
        return None
    image = shared_image(post)
    return image._replace(path=origin + image.path, alt=xml_text(image.alt))


def cover_html(post: Post) -> str:
    """Return the cover as the first paragraph of the text, for readers that show no other image."""
    if not post.cover:
        return ""
    tag = image_from_url(f"{settings.MEDIA_URL}{post.cover}")
    return format_html(
        '<p><img src="{}" alt="{}" width="{}" height="{}"></p>',
        *(tag.url, post.cover_alt, tag.width, tag.height),
    )


@conditional_page
def finish(request: HttpRequest, document: Document) -> HttpResponse:
    response = HttpResponse(document.text, content_type=document.content_type)
    # Not during that second, because two texts from one second would have the same date.
    if document.modified_at is not None and document.modified_at <= time.time():
        response["Last-Modified"] = http_date(document.modified_at)
    return response


def stable_id(scope: str) -> str:
    """Return a feed id that stays the same if the title, address or domain changes."""
    return f"urn:uuid:{uuid.UUID(bytes=salted_hmac('posts.feeds', scope).digest()[:16], version=4)}"


def xml_text(text: str) -> str:
    """Return `text` without characters that XML can't contain."""
    return NOT_XML.sub("", text)


def author_path(author: User) -> str:
    return reverse("posts:author_detail", kwargs={"username": author.username})
