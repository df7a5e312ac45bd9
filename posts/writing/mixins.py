"""Permission mixins for views that write posts."""

from django.contrib.auth.mixins import LoginRequiredMixin, UserPassesTestMixin
from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from posts.models import Post, PostQuerySet, may_edit

ONLY_READS = _(
    "With your account, you can comment and like. To write posts here, ask the owner of this blog."
)


class WriterRequiredMixin(LoginRequiredMixin, UserPassesTestMixin):
    """Allow only people whose role lets them write posts. Others get a 403 that explains it."""

    permission_denied_message = ONLY_READS

    def test_func(self) -> bool:
        return self.request.user.may_write


class AuthorRequiredMixin(LoginRequiredMixin, UserPassesTestMixin):
    """Allow only the author of the post and editors.

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
        return may_edit(self.request.user, self.get_object())

    def get_permission_denied_message(self) -> str:
        return "" if self.request.user.may_write else ONLY_READS


class ReturnToEditorMixin:
    """Return to the post's editor after login, because the view's own address only accepts POST.

    List it before LoginRequiredMixin.
    """

    def handle_no_permission(self) -> HttpResponse:
        if self.request.user.is_authenticated:
            return super().handle_no_permission()
        return redirect_to_login(reverse("posts:post_update", kwargs={"pk": self.kwargs["pk"]}))
