"""The home page, which also shows search results."""

from functools import partial

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.safestring import SafeString

from accounts.limits import count_use
from caching import fragments
from posts.models import Post
from posts.reading.cards import Card, CardKey, cards_of, render_cards
from posts.reading.lists import NumberedList, PostList
from posts.search import Query, find
from posts.search.documents import text_of
from posts.search.results import SIFTED_MAX
from posts.search.snippets import mark_words, snippet


class Home(PostList):
    """The newest posts, or the posts that match `?q=`."""

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if request.GET.get("q", "").strip():
            return SearchResults.as_view()(request)
        return super().get(request, *args, **kwargs)


class SearchResults(NumberedList):
    paginate_by = settings.POSTS_PER_PAGE
    template_name = "posts/search_results.html"

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        # Searches that the page cache responds to are not counted.
        count_use(request, "search")
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> list[int]:
        asked = self.request.GET["q"]
        now = timezone.now()
        make = partial(find, asked, now=now)
        self.results = fragments.until_next_change("found", asked, make, now=now)
        return self.results.ids

    def get_context_data(self, **kwargs) -> dict[str, object]:
        context = super().get_context_data(**kwargs)
        asked = self.request.GET["q"]
        make = partial(make_found_cards, self.results.query)
        ids = context["page_obj"].object_list
        count = len(self.results.ids)
        return context | {
            "search_text": asked.replace("\0", ""),
            "query": self.results.query,
            "is_more": self.results.is_more,
            "is_partial": self.results.is_partial,
            "sifted_count": number_format(SIFTED_MAX, force_grouping=True),
            "count": count,
            "shown_count": number_format(count, force_grouping=True),
            "cards": cards_of(ids, self.request.user, f"found {asked}", make),
        }


def make_found_cards(query: Query, keys: list[CardKey]) -> dict[CardKey, Card]:
    """Return cards whose titles and snippets mark the matches of `query`."""
    # Load the body too, which other cards don't need.
    posts = Post.objects.select_related("author").prefetch_related("taggings")
    return render_cards(partial(render_found_card, query), keys, posts)


def render_found_card(query: Query, post: Post, is_own: bool) -> SafeString:
    post.marked_title = mark_words(post.title, query)
    post.snippet = snippet(" ".join(text_of(post).split()), query)
    return render_to_string("posts/_found_card.html", {"post": post, "is_own": is_own})
