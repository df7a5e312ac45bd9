"""Tags: all of them, one of them, and those that fit what is being typed."""

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from django.views.generic import ListView

from content.addresses import moved
from posts.listing import PostListing, posts_tagged
from posts.models import Tag
from posts.models.tags import tag_key
from posts.tagging import find_renamed
from posts.views.posts import READ_METHODS, PostList

SUGGESTIONS = 8
TAGS_PER_PAGE = 100


class TagList(ListView):
    http_method_names = READ_METHODS
    paginate_by = TAGS_PER_PAGE
    template_name = "posts/tag_list.html"

    def get_queryset(self):
        return Tag.objects.in_use(timezone.now()).order_by("key")


class TagDetail(PostList):
    template_name = "posts/tag_detail.html"

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        now = timezone.now()
        self.tag = Tag.objects.in_use(now).filter(slug=kwargs["slug"]).first()
        if self.tag is None:
            renamed = find_renamed(kwargs["slug"], now)
            if renamed is None:
                raise Http404
            return moved(request, renamed.get_absolute_url())
        return super().get(request, *args, **kwargs)

    def get_listing(self) -> PostListing:
        return posts_tagged(self.tag)

    def get_context_data(self, **kwargs) -> dict:
        return super().get_context_data(tag=self.tag, **kwargs)


@require_safe
def suggest_tags(request: HttpRequest) -> HttpResponse:
    """Answer the names of the most used tags that begin with `q`, as a JSON list."""
    key = tag_key(request.GET.get("q", "")[:100])
    tags = (
        Tag.objects.in_use(timezone.now()).filter(key__startswith=key)
        if key
        else Tag.objects.none()
    )
    names = tags.order_by("-published_count", "key").values_list("name", flat=True)
    return JsonResponse({"tags": list(names[:SUGGESTIONS])})
