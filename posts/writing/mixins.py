"""Permission mixins for views that write posts."""

from django.contrib.auth.mixins import LoginRequiredMixin, UserPassesTestMixin
from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponse
from django.urls import reverse
from django.utils.functional import cached_property

from posts.models import Post, PostQuerySet


class AuthorRequiredMixin(LoginRequiredMixin, UserPassesTestMixin):
    """Allow only the author of the post.

    In this order: redirect anonymous visitors to the login page, return 404 for a post that the
    visitor may not see, and 403 for someone else's post.
    """

    def get_queryset(self) -> PostQuerySet:
        return Post.objects.visible_to(self.request.user)

    @cached_property
    def post_in_question(self) -> Post:
        return super().get_object()

    def get_object(self, queryset=None) -> Post:
        # The permission test and the view both use it, so it is read once.
        return self.post_in_question

    def test_func(self) -> bool:
        return self.get_object().author_id == self.request.user.pk


class ReturnToEditorMixin:
    """Return to the post's editor after login, because the view's own address only accepts POST.

    List it before LoginRequiredMixin.
    """

    def handle_no_permission(self) -> HttpResponse:
        if self.request.user.is_authenticated:
            return super().handle_no_permission()
        return redirect_to_login(reverse("posts:post_update", kwargs={"pk": self.kwargs["pk"]}))
