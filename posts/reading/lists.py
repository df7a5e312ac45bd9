"""Lists of posts, in pages."""

from django.conf import settings
from django.utils import timezone
from django.views.generic import ListView, TemplateView

from content.methods import READ_METHODS
from posts import listing
from posts.reading.cards import post_cards


class PostList(TemplateView):
    http_method_names = READ_METHODS
    template_name = "posts/post_list.html"

    def get_listing(self) -> listing.PostListing:
        return listing.all_posts()

    def get_context_data(self, **kwargs) -> dict:
        page = self.get_listing().page(
            self.request.GET, size=settings.POSTS_PER_PAGE, now=timezone.now()
        )
        cards = post_cards(page.ids, self.request.user)
        return super().get_context_data(page=page, cards=cards, **kwargs)


class NumberedList(ListView):
    """A list whose pages go by number alone."""

    http_method_names = READ_METHODS

    def paginate_queryset(self, queryset, page_size: int) -> tuple:
        # Django takes `last`, and digits of any script, for a number too.
        listing.parse_number(self.request.GET.get("page", "1"))
        return super().paginate_queryset(queryset, page_size)
