"""Paginated lists of posts."""

from django.conf import settings
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.generic import ListView

from content.methods import READ_METHODS
from posts import listing
from posts.reading.cards import post_cards


class PostList(ListView):
    """A page of cards, found by key or by number. Its cost doesn't depend on the list's length."""

    http_method_names = READ_METHODS
    template_name = "posts/post_list.html"
    context_object_name = "cards"

    def get_listing(self) -> listing.PostListing:
        return listing.all_posts()

    def get_queryset(self) -> list[SafeString]:
        """Return the cards of the requested page. Django's paginator would count rows."""
        self.page = self.get_listing().page(
            self.request.GET, size=settings.POSTS_PER_PAGE, now=timezone.now()
        )
        return post_cards(self.page.ids, self.request.user)

    def get_context_data(self, **kwargs) -> dict:
        return super().get_context_data(page=self.page, **kwargs)


class NumberedList(ListView):
    """A list whose pages have numbers but no keys."""

    http_method_names = READ_METHODS

    def paginate_queryset(self, queryset, page_size: int) -> tuple:
        # Django also accepts `last` and digits of any script as a number.
        listing.parse_number(self.request.GET.get("page", "1"))
        return super().paginate_queryset(queryset, page_size)
