"""Permission mixins for views of a post's discussion."""

from django.contrib.auth.mixins import LoginRequiredMixin, UserPassesTestMixin
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django_htmx.http import HttpResponseClientRedirect

from identity import current
from posts.models import LONG_COLUMNS, Comment, Post


class DiscussionMixin(LoginRequiredMixin, UserPassesTestMixin):
    """Allow only visitors who may take part in the discussion of a post.

    In this order: redirect anonymous visitors to the login page, return 404 for a post that the
    visitor may not see, and 403 for an unpublished one. After login, visitors return to `section`
    of the post's page.
    """

    section = "comments"

    @cached_property
    def post_in_question(self) -> Post:
        posts = Post.objects.visible_to(self.request.user).defer(*LONG_COLUMNS)
        return get_object_or_404(posts, pk=self.kwargs["pk"])

    def test_func(self) -> bool:
        return self.post_in_question.is_listed(timezone.now())

    def handle_no_permission(self) -> HttpResponse:
        if self.request.user.is_authenticated:
            return super().handle_no_permission()
        # Leave out the slug, which would reveal the title of a draft.
        page = reverse("posts:post_short", kwargs={"pk": self.kwargs["pk"]})
        response = redirect_to_login(f"{page}#{self.section}")
        # htmx would show the login page inside the part of the page that it replaces.
        return HttpResponseClientRedirect(response.url) if self.request.htmx else response


class CommentsMixin(DiscussionMixin):
    """A DiscussionMixin that returns 404 if the site has no comments."""

    @cached_property
    def post_in_question(self) -> Post:
        if not current.site().comments_enabled:
            raise Http404
        return super().post_in_question


class CommentMixin(CommentsMixin):
    """Allow only visitors who may act on a comment. Others get 403, or 404 if they can't see it."""

    @cached_property
    def comment(self) -> Comment:
        comments = Comment.objects.visible_to(self.request.user, self.post_in_question)
        comments = comments.exclude(status=Comment.Status.DELETED).with_hidden_by()
        return get_object_or_404(comments.select_related("author"), pk=self.kwargs["comment"])

    def test_func(self) -> bool:
        return self.may_act(self.request.user, self.comment)
