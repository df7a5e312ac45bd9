"""sitemap.xml (sitemaps.org 0.9) and robots.txt."""

from datetime import datetime

from django.db import connections
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from django.views.decorators.http import require_safe

from content.addresses import absolute_url
from posts.models import Post, PostQuerySet

# At most a twentieth of the allowed size, so that a part costs no more than a page and fits into
# the page cache.
PART_SIZE = 1_000
NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


# Finds the first id of each part that contains a listed post, with one index lookup per part.
PARTS = """
WITH RECURSIVE part(first) AS (
    SELECT ({first})
    UNION ALL
    SELECT ({following}) FROM part WHERE part.first IS NOT NULL
)
SELECT (first - 1) / {size} FROM part WHERE first IS NOT NULL
"""
# There are few scheduled posts. With a condition on the time, the database would scan by time, not
# by id.
FIRST_AFTER = """
    SELECT id FROM posts_post
    WHERE status = 'published' AND id > {end} AND id NOT IN (
        SELECT id FROM posts_post WHERE status = 'published' AND publish_at > %(now)s
    )
    ORDER BY id LIMIT 1
"""

# A path, and the time of the page's last change if known.
Entry = tuple[str, datetime | None]


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """Return the addresses of all listed posts, or an index if they need several parts."""
    numbers = sorted({0, *parts_in_use(timezone.now())})
    if numbers == [0]:
        return sitemap_part(request, 0)
    paths = [reverse("posts:sitemap_part", kwargs={"number": number}) for number in numbers]
    # Without dates: finding the newest change of a part means reading all of its posts.
    return xml(request, "sitemapindex", "sitemap", [(path, None) for path in paths])


@require_safe
def sitemap_part(request: HttpRequest, number: int) -> HttpResponse:
    """Return one part. Raise Http404 if it is empty, because a sitemap can't be empty."""
    # The posts in one range of ids, so that no rows are counted or skipped.
    low = number * PART_SIZE
    found = entries(Post.objects.filter(pk__gt=low, pk__lte=low + PART_SIZE))
    if number == 0:
        found = [home(), *found]
    if not found:
        raise Http404
    return xml(request, "urlset", "url", found)


def parts_in_use(now: datetime) -> list[int]:
    """Return the numbers of the parts that contain a listed post."""
    connection = connections[Post.objects.all().db]
    end_of_part = f"((part.first - 1) / {PART_SIZE} + 1) * {PART_SIZE}"
    first, following = (FIRST_AFTER.format(end=end) for end in (0, end_of_part))
    sql = PARTS.format(first=first, following=following, size=PART_SIZE)
    with connection.cursor() as cursor:
        cursor.execute(sql, {"now": connection.ops.adapt_datetimefield_value(now)})
        return [number for (number,) in cursor.fetchall()]


def home() -> Entry:
    """Return the entry of the home page, without which the sitemap of a new blog is empty."""
    return reverse("posts:post_list"), None


def entries(posts: PostQuerySet) -> list[Entry]:
    """Return the entries of the listed posts among `posts`."""
    rows = posts.order_by("pk").only("pk", "slug", "status", "publish_at", "updated_at")
    shown = rows.listed_rows(timezone.now())
    return [(post.get_absolute_url(), post.modified_at) for post in shown]


def xml(request: HttpRequest, root: str, element: str, found: list[Entry]) -> HttpResponse:
    """Return XML with each path and the time of its last change, if known."""
    site = absolute_url(request, "/").removesuffix("/")
    lines = [
        f"<{element}><loc>{escape(site + path)}</loc>{last_changed(moment)}</{element}>\n"
        for path, moment in found
    ]
    text = f'<?xml version="1.0" encoding="utf-8"?>\n<{root} xmlns="{NAMESPACE}">\n'
    text += "".join(lines) + f"</{root}>\n"
    return HttpResponse(text, content_type="application/xml; charset=utf-8")


def last_changed(moment: datetime | None) -> str:
    return f"<lastmod>{moment.isoformat(timespec='seconds')}</lastmod>" if moment else ""


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Return robots.txt (RFC 9309), which names the sitemap."""
    context = {"sitemap_url": absolute_url(request, reverse("posts:sitemap"))}
    return render(request, "robots.txt", context, content_type="text/plain; charset=utf-8")
