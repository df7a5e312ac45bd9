"""The list of tags, the page of a tag, and suggestions while typing."""

from datetime import datetime

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from django.views.generic import TemplateView

from content.methods import READ_METHODS
from posts.listing import PostListing, parse_number, posts_tagged
from posts.models import Tag
from posts.models.tags import tag_key
from posts.reading.lists import PostList
from posts.tagging import find_tag

SUGGESTIONS = 8
CANDIDATES = 500
TAGS_PER_PAGE = 100


class TagList(TemplateView):
    http_method_names = READ_METHODS
    template_name = "posts/tag_list.html"

    def get_context_data(self, **kwargs) -> dict:
        page = page_of_tags(self.request.GET, timezone.now())
        return super().get_context_data(**page, **kwargs)


def page_of_tags(query: dict, now: datetime) -> dict:
    """Return the page of tags at the key in `after` or `before`, or the first page.

    Raise Http404 if no tag comes after the key, and for page numbers above 1.
    """
    if parse_number(query.get("page", "1")) > 1:
        # Finding a page by its number would mean counting all tags before it.
        raise Http404
    tags = Tag.objects.in_use(now).order_by("key")
    after, before = (query.get(name, "").replace("\0", "") for name in ("after", "before"))
    if before:
        return tags_before(tags, before) or tags_after(tags, "")
    return tags_after(tags, after)


def tags_before(tags: QuerySet, key: str) -> dict | None:
    """Return the page that ends before `key`. Return None unless more than a page comes before."""
    found = list(tags.filter(key__lt=key).reverse()[: TAGS_PER_PAGE + 1])
    shown = found[TAGS_PER_PAGE - 1 :: -1]
    return tag_page(shown, has_more=(True, True)) if len(found) > TAGS_PER_PAGE else None


def tags_after(tags: QuerySet, key: str) -> dict:
    found = list(tags.filter(key__gt=key)[: TAGS_PER_PAGE + 1])
    if key and not found:
        raise Http404
    return tag_page(found[:TAGS_PER_PAGE], has_more=(bool(key), len(found) > TAGS_PER_PAGE))


def tag_page(tags: list[Tag], *, has_more: tuple[bool, bool]) -> dict:
    """Return the context of a page, with keys for the previous and the next page, if any."""
    return {
        "tags": tags,
        "previous_key": tags[0].key if has_more[0] else "",
        "next_key": tags[-1].key if has_more[1] else "",
    }


class TagDetail(PostList):
    template_name = "posts/tag_detail.html"

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        self.tag = find_tag(kwargs["slug"], timezone.now())
        if self.tag is None:
            raise Http404
        return super().get(request, *args, **kwargs)

    def get_listing(self) -> PostListing:
        return posts_tagged(self.tag)

    def get_context_data(self, **kwargs) -> dict:
        return super().get_context_data(tag=self.tag, **kwargs)


@require_safe
def suggest_tags(request: HttpRequest) -> HttpResponse:
    """Return the names of the most used tags that begin with `q`, as JSON.

    It chooses from the first CANDIDATES by key. Typing more letters brings up others.
    """
    key = tag_key(request.GET.get("q", "")[:100])
    tags = Tag.objects.in_use(timezone.now()).filter(key__begins=key) if key else Tag.objects.none()
    found = tags.order_by("key").values_list("published_count", "name")[:CANDIDATES]
    most_used = sorted(found, key=lambda tag: -tag[0])[:SUGGESTIONS]
    return JsonResponse({"tags": [name for _, name in most_used]})
