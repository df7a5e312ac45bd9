"""Feeds of the newest posts: RSS 2.0, Atom (RFC 4287) and JSON Feed 1.1."""

import json
import re
import uuid
from datetime import UTC, datetime
from typing import NamedTuple

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.feedgenerator import Atom1Feed, Rss201rev2Feed, SyndicationFeed
from django.utils.http import http_date
from django.utils.translation import get_language, gettext
from django.utils.xmlutils import SimplerXMLGenerator
from django.views.decorators.http import conditional_page, require_safe

from accounts.models import User
from content.addresses import absolute_html, absolute_url, moved
from posts import fragments
from posts.listing import PostListing, all_posts, find_author, posts_by, posts_tagged
from posts.models import Post, PostQuerySet
from posts.tagging import find_renamed, find_tag

FEED_LENGTH = 20
# What XML 1.0 cannot hold, not even escaped: one in a title would break the feeds of all.
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class SteadyFeed(SyndicationFeed):
    """A feed that stays the same while nothing is in it, where Django's own says `now`."""

    def latest_post_date(self) -> datetime:
        return super().latest_post_date() if self.items else datetime(1970, 1, 1, tzinfo=UTC)


class RssFeed(SteadyFeed, Rss201rev2Feed):
    """RSS 2.0."""


class AtomFeed(SteadyFeed, Atom1Feed):
    """Atom, with the whole post as content: Django's own calls it a summary."""

    def add_item_elements(self, handler: SimplerXMLGenerator, item: dict) -> None:
        super().add_item_elements(handler, item | {"description": None})
        handler.addQuickElement("content", item["description"], {"type": "html"})


class JsonFeed(SyndicationFeed):
    """JSON Feed 1.1, https://www.jsonfeed.org/version/1.1/."""

    content_type = "application/feed+json; charset=utf-8"

    def write(self, outfile, encoding: str) -> None:
        document = {
            "version": "https://jsonfeed.org/version/1.1",
            "title": self.feed["title"],
            "home_page_url": self.feed["link"],
            "feed_url": self.feed["feed_url"],
            "language": self.feed["language"],
            "items": [self.item(item) for item in self.items],
        }
        outfile.write(json.dumps(document, ensure_ascii=False))

    def item(self, item: dict) -> dict:
        return {
            "id": item["unique_id"],
            "url": item["link"],
            "title": item["title"],
            "content_html": item["description"],
            "date_published": item["pubdate"].isoformat(),
            "date_modified": item["updateddate"].isoformat(),
            "authors": [{"name": item["author_name"], "url": item["author_link"]}],
            "tags": list(item["categories"]),
        }


FORMATS = {"rss": RssFeed, "atom": AtomFeed, "json": JsonFeed}


class Document(NamedTuple):
    text: bytes
    content_type: str
    # The newest change, in seconds since 1970; None where there never was a post.
    modified_at: float | None


@require_safe
def site_feed(request: HttpRequest, kind: str) -> HttpResponse:
    now = timezone.now()
    posts = Post.objects.listed(now).newest_first()
    return answer(request, kind, all_posts(), posts, settings.SITE_NAME, "/", now)


@require_safe
def tag_feed(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    now = timezone.now()
    tag = find_tag(slug, now)
    if tag is None:
        renamed = find_renamed(slug, now)
        if renamed is None:
            raise Http404
        address = request.resolver_match.view_name
        return moved(request, reverse(address, kwargs={"slug": renamed.slug}))
    title = gettext("%(tag)s on %(site)s") % {"tag": tag.name, "site": settings.SITE_NAME}
    posts = Post.objects.tagged(tag, now)
    return answer(request, kind, posts_tagged(tag), posts, title, tag.get_absolute_url(), now)


@require_safe
def author_feed(request: HttpRequest, username: str, kind: str) -> HttpResponse:
    now = timezone.now()
    author = find_author(username, now)
    title = gettext("%(author)s on %(site)s") % {"author": author.name, "site": settings.SITE_NAME}
    posts = Post.objects.filter(author=author).listed(now).newest_first()
    return answer(request, kind, posts_by(author.pk), posts, title, author_path(author), now)


def answer(
    request: HttpRequest,
    kind: str,
    listing: PostListing,
    posts: PostQuerySet,
    title: str,
    path: str,
    now: datetime,
) -> HttpResponse:
    """Answer the feed of the first of `posts`, those of `listing`; 304 to who has it already."""
    # Its own address says of what it is, in which format, and where the site is.
    address = absolute_url(request, request.path)

    def make(keys: list[str]) -> dict[str, Document]:
        feed = FORMATS[kind](
            title=xml_text(title),
            link=absolute_url(request, path),
            description=xml_text(title),
            language=get_language(),
            feed_url=address,
            feed_guid=stable_id(listing.scope),
        )
        # Before the posts: one that leaves meanwhile is in the next feed's date.
        left_at = listing.counter.values_list("left_at", flat=True).first()
        return {address: write(feed, request, posts.with_words()[:FEED_LENGTH], left_at)}

    return finish(request, fragments.each("feed", [address], make, now=now)[address])


def write(
    feed: SyndicationFeed, request: HttpRequest, posts: PostQuerySet, left_at: datetime | None
) -> Document:
    for post in posts:
        add_post(feed, request, post)
    moments = [max(post.updated_at, post.publish_at).timestamp() for post in posts]
    # Dates count whole seconds: it may have been read, with that post, earlier in the same one.
    moments += [left_at.timestamp() + 1] if left_at else []
    text = feed.writeString("utf-8").encode()
    return Document(text, feed.content_type, max(moments, default=None))


def add_post(feed: SyndicationFeed, request: HttpRequest, post: Post) -> None:
    link = absolute_url(request, post.get_absolute_url())
    feed.add_item(
        title=xml_text(post.title),
        link=link,
        description=xml_text(absolute_html(post.body_html, link)),
        unique_id=f"urn:uuid:{post.uuid}",
        unique_id_is_permalink=False,
        pubdate=post.publish_at,
        updateddate=max(post.updated_at, post.publish_at),
        author_name=xml_text(post.author.name),
        author_link=absolute_url(request, author_path(post.author)),
        categories=[xml_text(tag.name) for tag in post.shown_tags],
    )


@conditional_page
def finish(request: HttpRequest, document: Document) -> HttpResponse:
    response = HttpResponse(document.text, content_type=document.content_type)
    if document.modified_at is not None:
        response["Last-Modified"] = http_date(document.modified_at)
    return response


def stable_id(scope: str) -> str:
    """Return an id for the feed of a list that survives another title, address or domain."""
    return f"urn:uuid:{uuid.UUID(bytes=salted_hmac('posts.feeds', scope).digest()[:16], version=4)}"


def xml_text(text: str) -> str:
    """Return `text` without the control characters that no XML can hold."""
    return NOT_XML.sub("", text)


def author_path(author: User) -> str:
    return reverse("posts:author_detail", kwargs={"username": author.username})
