"""sitemap.xml (sitemaps.org 0.9) and robots.txt."""

from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.html import escape
from django.views.decorators.http import require_safe

from content.addresses import absolute_url
from posts.models import Post, PostQuerySet

# A twentieth and less of what one may hold: a part costs what a page costs and fits the page cache.
PART_SIZE = 1_000
NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """Answer the addresses of all listed posts, or an index of parts where one can't hold them."""
    pks = Post.objects.order_by("pk").values_list("pk", flat=True)
    oldest = list(pks[: PART_SIZE + 1])
    if len(oldest) <= PART_SIZE:
        return addresses(request, shown(Post.objects.filter(pk__in=oldest)))
    first, last = ((pk - 1) // PART_SIZE for pk in (oldest[0], pks.last() or 0))
    paths = [f"/sitemap-{number}.xml" for number in range(first, last + 1)]
    return xml(request, "sitemapindex", "sitemap", [(path, None) for path in paths])


@require_safe
def sitemap_part(request: HttpRequest, number: int) -> HttpResponse:
    """Answer one part; raise Http404 for one past the newest post."""
    if number and not Post.objects.filter(pk__gt=number * PART_SIZE).exists():
        raise Http404
    # The posts whose ids fall into one range: no counting, no skipping of rows.
    low = number * PART_SIZE
    return addresses(request, shown(Post.objects.filter(pk__gt=low, pk__lte=low + PART_SIZE)))


def shown(posts: PostQuerySet) -> PostQuerySet:
    """Posts by their ids with all that an entry says."""
    return posts.order_by("pk").only("pk", "slug", "status", "publish_at", "updated_at")


def addresses(request: HttpRequest, posts: PostQuerySet) -> HttpResponse:
    """Answer the addresses of those among `posts` that everyone may see."""
    out = posts.out(timezone.now())
    entries = [(post.get_absolute_url(), post.updated_at) for post in out]
    return xml(request, "urlset", "url", entries)


def xml(request: HttpRequest, root: str, element: str, entries: list[tuple]) -> HttpResponse:
    """Answer paths, each with the moment of its last change where that is known."""
    site = absolute_url(request, "/").removesuffix("/")
    lines = [
        f"<{element}><loc>{escape(site + path)}</loc>{last_changed(moment)}</{element}>\n"
        for path, moment in entries
    ]
    text = f'<?xml version="1.0" encoding="utf-8"?>\n<{root} xmlns="{NAMESPACE}">\n'
    text += "".join(lines) + f"</{root}>\n"
    return HttpResponse(text, content_type="application/xml; charset=utf-8")


def last_changed(moment: datetime | None) -> str:
    return f"<lastmod>{moment.isoformat(timespec='seconds')}</lastmod>" if moment else ""


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Answer robots.txt (RFC 9309), which names the sitemap."""
    context = {"sitemap_url": absolute_url(request, "/sitemap.xml")}
    return render(request, "robots.txt", context, content_type="text/plain; charset=utf-8")
