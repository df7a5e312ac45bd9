"""The index, which a question narrows down to what was found."""

from datetime import datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import number_format
from django.views.generic import ListView

from posts.models import Post
from posts.search import Results, find
from posts.search.documents import text_of
from posts.search.snippets import mark_words, snippet
from posts.views.posts import READ_METHODS, PostList


def index(request: HttpRequest) -> HttpResponse:
    """Answer with the newest posts, or with those that match `?q=`."""
    view = SearchResults if request.GET.get("q", "").strip() else PostList
    return view.as_view()(request)


class SearchResults(ListView):
    http_method_names = READ_METHODS
    paginate_by = settings.POSTS_PER_PAGE
    template_name = "posts/search_results.html"

    def get_queryset(self) -> list[int]:
        self.now = timezone.now()
        self.results = find(self.request.GET["q"], now=self.now)
        return self.results.ids

    def get_context_data(self, **kwargs) -> dict[str, object]:
        context = super().get_context_data(**kwargs)
        found = load_cards(context["page_obj"].object_list, self.results, self.now)
        count = len(self.results.ids)
        return context | {
            "search_text": self.request.GET["q"].replace("\0", ""),
            "query": self.results.query,
            "is_more": self.results.is_more,
            "count": count,
            "shown_count": number_format(count, force_grouping=True),
            "found": found,
        }


def load_cards(ids: list[int], results: Results, now: datetime) -> list[Post]:
    """Return the posts of one page in their order, with title and snippet marked."""
    # With the body, which a card of the index does without.
    posts = Post.objects.listed(now).select_related("author").prefetch_related("taggings")
    by_id = posts.in_bulk(ids)
    cards = [by_id[post_id] for post_id in ids if post_id in by_id]
    for post in cards:
        post.marked_title = mark_words(post.title, results.query)
        post.snippet = snippet(" ".join(text_of(post).split()), results.query)
    return cards
