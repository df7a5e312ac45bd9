"""sitemap.xml (sitemaps.org 0.9) and robots.txt."""

from io import StringIO

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.xmlutils import SimplerXMLGenerator
from django.views.decorators.http import require_safe

from content.addresses import absolute_url
from posts.models import Post

PART_SIZE = 50_000
NAMESPACE = {"xmlns": "http://www.sitemaps.org/schemas/sitemap/0.9"}


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """Answer the addresses of all listed posts, or an index of parts where one can't hold them."""
    newest = Post.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    if newest <= PART_SIZE:
        return part(request, 0)
    count = (newest - 1) // PART_SIZE + 1
    paths = [f"/sitemap-{number}.xml" for number in range(count)]
    return xml("sitemapindex", "sitemap", [(absolute_url(request, path), None) for path in paths])


@require_safe
def sitemap_part(request: HttpRequest, number: int) -> HttpResponse:
    """Answer one part; raise Http404 for one past the newest post."""
    if number and not Post.objects.filter(pk__gt=number * PART_SIZE).exists():
        raise Http404
    return part(request, number)


def part(request: HttpRequest, number: int) -> HttpResponse:
    """Answer the posts whose ids fall into one range: no counting, no skipping of rows."""
    low = number * PART_SIZE
    posts = Post.objects.listed(timezone.now()).filter(pk__gt=low, pk__lte=low + PART_SIZE)
    rows = posts.order_by("pk").only("pk", "slug", "updated_at")
    entries = [(absolute_url(request, post.get_absolute_url()), post.updated_at) for post in rows]
    return xml("urlset", "url", entries)


def xml(root: str, element: str, entries: list[tuple]) -> HttpResponse:
    text = StringIO()
    writer = SimplerXMLGenerator(text, "utf-8")
    writer.startDocument()
    writer.startElement(root, NAMESPACE)
    for location, moment in entries:
        writer.startElement(element, {})
        writer.addQuickElement("loc", location)
        if moment:
            writer.addQuickElement("lastmod", moment.isoformat(timespec="seconds"))
        writer.endElement(element)
    writer.endElement(root)
    return HttpResponse(text.getvalue(), content_type="application/xml; charset=utf-8")


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Answer robots.txt (RFC 9309), which names the sitemap."""
    context = {"sitemap_url": absolute_url(request, "/sitemap.xml")}
    return render(request, "robots.txt", context, content_type="text/plain; charset=utf-8")
