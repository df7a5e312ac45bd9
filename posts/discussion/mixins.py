"""Permission mixins for the discussion of a post."""

from django.conf import settings
from django.contrib.auth.mixins import LoginRequiredMixin, UserPassesTestMixin
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django_htmx.http import HttpResponseClientRedirect

from posts.models import LONG_COLUMNS, Comment, Post


class DiscussionMixin(LoginRequiredMixin, UserPassesTestMixin):
    """Lets those through who may take part in the discussion of a post.

    A stranger is led to the login page, a post that the visitor may not see is 404, and one that
    is not out is 403, in this order. `section` is the part of its page to come back to.
    """

    section = "comments"

    @cached_property
    def post_in_question(self) -> Post:
        posts = Post.objects.visible_to(self.request.user).defer(*LONG_COLUMNS)
        return get_object_or_404(posts, pk=self.kwargs["pk"])

    def test_func(self) -> bool:
        return self.post_in_question.is_out(timezone.now())

    def handle_no_permission(self) -> HttpResponse:
        if self.request.user.is_authenticated:
            return super().handle_no_permission()
        # Not by its slug, which would give the title of a draft away.
        page = reverse("posts:post_short", kwargs={"pk": self.kwargs["pk"]})
        response = redirect_to_login(f"{page}#{self.section}")
        # A script that asks for a part of the page would show the login page in its place.
        return HttpResponseClientRedirect(response.url) if self.request.htmx else response


class CommentsMixin(DiscussionMixin):
    """As DiscussionMixin, and 404 for everything where COMMENTS_ENABLED is off."""

    @cached_property
    def post_in_question(self) -> Post:
        if not settings.COMMENTS_ENABLED:
            raise Http404
        return super().post_in_question


class CommentMixin(CommentsMixin):
    """Lets those through who may act on a comment: 404 where they do not see it, then 403."""

    @cached_property
    def comment(self) -> Comment:
        comments = Comment.objects.visible_to(self.request.user, self.post_in_question)
        comments = comments.exclude(status=Comment.Status.DELETED).with_hidden_by()
        return get_object_or_404(comments.select_related("author"), pk=self.kwargs["comment"])

    def test_func(self) -> bool:
        return self.may_act(self.request.user, self.comment)
