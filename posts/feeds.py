"""Feeds of the newest posts: RSS 2.0, Atom (RFC 4287) and JSON Feed 1.1."""

import json
import uuid
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.feedgenerator import Atom1Feed, Rss201rev2Feed, SyndicationFeed
from django.utils.http import http_date
from django.utils.translation import get_language, gettext
from django.views.decorators.http import conditional_page, require_safe

from accounts.models import User
from accounts.usernames import username_key
from content.addresses import absolute_html, absolute_url, moved
from posts.models import Post, PostQuerySet, Tag
from posts.tagging import find_renamed

FEED_LENGTH = 20


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


FORMATS = {"rss": Rss201rev2Feed, "atom": Atom1Feed, "json": JsonFeed}


@require_safe
def site_feed(request: HttpRequest, kind: str) -> HttpResponse:
    posts = Post.objects.listed(timezone.now()).newest_first()
    return answer(request, kind, posts, settings.SITE_NAME, "/")


@require_safe
def tag_feed(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    now = timezone.now()
    tag = Tag.objects.in_use(now).filter(slug=slug).first()
    if tag is None:
        renamed = find_renamed(slug, now)
        if renamed is None:
            raise Http404
        address = request.resolver_match.view_name
        return moved(request, reverse(address, kwargs={"slug": renamed.slug}))
    title = gettext("%(tag)s on %(site)s") % {"tag": tag.name, "site": settings.SITE_NAME}
    posts = Post.objects.tagged(tag, now)
    return answer(request, kind, posts, title, tag.get_absolute_url())


@require_safe
def author_feed(request: HttpRequest, username: str, kind: str) -> HttpResponse:
    people = User.objects.filter(is_active=True)
    author = get_object_or_404(people, username_key=username_key(username))
    title = gettext("%(author)s on %(site)s") % {"author": author.name, "site": settings.SITE_NAME}
    posts = Post.objects.filter(author=author).listed(timezone.now()).newest_first()
    return answer(request, kind, posts, title, author_path(author))


def answer(
    request: HttpRequest,
    kind: str,
    posts: PostQuerySet,
    title: str,
    path: str,
) -> HttpResponse:
    """Answer the feed of the first of `posts`, or 304 to who has it already."""
    newest = list(posts.for_feed()[:FEED_LENGTH])
    feed = FORMATS[kind](
        title=title,
        link=absolute_url(request, path),
        description=title,
        language=get_language(),
        feed_url=absolute_url(request, request.path),
        feed_guid=stable_id(path),
    )
    for post in newest:
        add_post(feed, request, post)
    return finish(request, feed, newest)


def add_post(feed: SyndicationFeed, request: HttpRequest, post: Post) -> None:
    link = absolute_url(request, post.get_absolute_url())
    feed.add_item(
        title=post.title,
        link=link,
        description=absolute_html(post.body_html, link),
        unique_id=f"urn:uuid:{post.uuid}",
        unique_id_is_permalink=False,
        pubdate=post.publish_at,
        updateddate=max(post.updated_at, post.publish_at),
        author_name=post.author.name,
        author_link=absolute_url(request, author_path(post.author)),
        categories=[tag.name for tag in post.tag_list],
    )


@conditional_page
def finish(request: HttpRequest, feed: SyndicationFeed, posts: Iterable[Post]) -> HttpResponse:
    response = HttpResponse(feed.writeString("utf-8"), content_type=feed.content_type)
    moments: list[datetime] = [max(post.updated_at, post.publish_at) for post in posts]
    if moments:
        response["Last-Modified"] = http_date(max(moments).timestamp())
    return response


def stable_id(path: str) -> str:
    """Return an id for the feed at `path` that survives another title or domain."""
    return f"urn:uuid:{uuid.UUID(bytes=salted_hmac('posts.feeds', path).digest()[:16], version=4)}"


def author_path(author: User) -> str:
    return reverse("posts:author_detail", kwargs={"username": author.username})
