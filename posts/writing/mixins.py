"""Permission mixins for the writing of a post."""

from django.contrib.auth.mixins import LoginRequiredMixin, UserPassesTestMixin
from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponse
from django.urls import reverse
from django.utils.functional import cached_property

from posts.models import Post, PostQuerySet


class AuthorRequiredMixin(LoginRequiredMixin, UserPassesTestMixin):
    """Lets the author of the post alone through.

    A stranger is led to the login page, a post that the visitor may not see is 404, and another's
    is 403, in this order.
    """

    def get_queryset(self) -> PostQuerySet:
        return Post.objects.visible_to(self.request.user)

    @cached_property
    def post_in_question(self) -> Post:
        return super().get_object()

    def get_object(self, queryset=None) -> Post:
        # Asked for by the test and by the view; read once.
        return self.post_in_question

    def test_func(self) -> bool:
        return self.get_object().author_id == self.request.user.pk


class ReturnToEditorMixin:
    """After logging in, leads to the post's editor: an address that takes POST alone shows nothing.

    Stands left of LoginRequiredMixin.
    """

    def handle_no_permission(self) -> HttpResponse:
        if self.request.user.is_authenticated:
            return super().handle_no_permission()
        return redirect_to_login(reverse("posts:post_update", kwargs={"pk": self.kwargs["pk"]}))
