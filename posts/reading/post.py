"""The page of a post: its text, related posts and its discussion."""

from datetime import datetime
from typing import NamedTuple

from django.db.models import BigIntegerField, DateTimeField
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.views.decorators.http import require_POST
from django.views.generic import DetailView

from accounts.limits import LimitMixin
from accounts.mixins import KeepsTextMixin
from caching import fragments
from content.addresses import absolute_url, moved
from content.methods import READ_METHODS
from content.prepared import Parameter, Prepared
from posts.discussion import commenting
from posts.discussion.forms import CommentForm
from posts.discussion.mixins import CommentsMixin
from posts.discussion.threads import discussion_of, page_of_form, url_in_thread
from posts.discussion.views import tell_comment_status
from posts.models import (
    PAGE_COLUMNS,
    Post,
    PostQuerySet,
    has_private_comments,
    is_liked_by,
    is_moderator,
    is_open_to,
    may_edit,
)

PK = Parameter("pk", BigIntegerField())
USER = Parameter("user", BigIntegerField())
NOW = Parameter("now", DateTimeField())


def for_page(posts: PostQuerySet) -> PostQuerySet:
    shown = posts.filter(pk=PK).select_related("author").only(*PAGE_COLUMNS)
    return shown.annotate(is_liked=is_liked_by(USER), has_private=has_private_comments())


# Together, these two queries apply the rule of `visible_to`.
FOR_MODERATORS = Prepared(lambda: for_page(Post.objects.not_in_trash()))
FOR_OTHERS = Prepared(lambda: for_page(Post.objects.filter(is_open_to(USER, NOW))))


class PostDetail(DetailView):
    http_method_names = READ_METHODS
    template_name = "posts/post_detail.html"

    def get_object(self) -> Post:
        user = self.request.user
        query = FOR_MODERATORS if is_moderator(user) else FOR_OTHERS
        post = query.first(pk=self.kwargs["pk"], user=user.pk or 0, now=timezone.now())
        if post is None:
            raise Http404
        return post

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        self.object = self.get_object()
        if kwargs.get("slug") != self.object.slug:
            return moved(request, self.object.get_absolute_url())
        shown = discussion_of(request, self.object)
        return self.render_to_response(self.get_context_data(**shown))

    def get_context_data(self, **kwargs) -> dict:
        html = post_html(self.request, self.object)
        return super().get_context_data(html=html, **neighbors(self.object), **kwargs)


@method_decorator(require_POST, name="dispatch")
class CommentCreate(KeepsTextMixin, CommentsMixin, LimitMixin, PostDetail):
    """Add a comment. A refused comment is shown again on the post's page, as typed."""

    http_method_names = ["post"]
    form_class = CommentForm
    limit = "comment"
    text_fields = ("body",)
    hidden_fields = ("parent",)
    form_section = "#comment-form"

    def get_form_path(self) -> str:
        return page_of_form(self.kwargs["pk"])

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        form = self.form_class(request.POST, post=self.post_in_question)
        is_valid = form.is_valid()
        if not self.post_in_question.comments_open:
            return self.refuse(form)
        if not is_valid:
            return self.show_again(form, status=422)
        try:
            return self.add(form)
        except commenting.CommentsClosed:
            return self.refuse(form)

    def add(self, form: CommentForm) -> HttpResponse:
        post = self.post_in_question
        said = form.cleaned_data
        now = timezone.now()
        comment = commenting.add_comment(
            post, self.request.user, said["body"], parent_pk=said["parent"], now=now
        )
        tell_comment_status(self.request, comment, gettext("Your comment is published."))
        return redirect(url_in_thread(comment))

    def refuse(self, form: CommentForm) -> HttpResponse:
        form.add_error("body", gettext("Comments are closed. Copy your text before you leave."))
        return self.show_again(form, status=403)

    def show_again(self, form: CommentForm, *, status: int) -> HttpResponse:
        self.object = self.get_object()
        shown = discussion_of(self.request, self.object, form)
        return self.render_to_response(self.get_context_data(**shown), status=status)


class PostHtml(NamedTuple):
    """The HTML of a post: meta tags for the head of the page, and the article."""

    head: SafeString
    article: SafeString


def post_html(request: HttpRequest, post: Post) -> PostHtml:
    """Return the HTML of `post`, which the visitor may see. Raise Http404 if it was just hidden."""
    now = timezone.now()
    # The HTML contains absolute URLs, which start with the host that the visitor used.
    key = (post.pk, may_edit(request.user, post), absolute_url(request, "/"))

    def make(keys: list) -> dict:
        shown = read_post(request, post.pk)
        return {key: render_post_html(request, shown)} if shown.is_listed(now) else {}

    kept = fragments.many_until_next_change("post", [key], make) if post.is_listed(now) else {}
    # If the post was unpublished a moment ago, its author and moderators still see it.
    return kept.get(key) or render_post_html(request, read_post(request, post.pk))


def read_post(request: HttpRequest, pk: int) -> Post:
    """Return the post if the visitor may see it, in one query."""
    return get_object_or_404(Post.objects.visible_to(request.user).for_reading(), pk=pk)


def render_post_html(request: HttpRequest, post: Post) -> PostHtml:
    is_scheduled = post.is_scheduled(timezone.now())
    context = {
        "post": post,
        "tags": post.shown_tags,
        "is_scheduled": is_scheduled,
        "may_edit": may_edit(request.user, post),
    }
    return PostHtml(
        render_to_string("posts/_post_head.html", context, request),
        render_to_string("posts/_article.html", context, request),
    )


def neighbors(post: Post) -> dict[str, SafeString]:
    """Return the previous and next post, and more posts by the same author."""
    now = timezone.now()

    def make() -> SafeString:
        found = find_neighbors(post, now)
        return render_to_string("posts/_neighbors.html", {"post": post, **found})

    key = (post.pk, post.publish_at)
    return {"neighbors": fragments.until_next_change("neighbors", key, make, now=now)}


def find_neighbors(post: Post, now: datetime) -> dict[str, object]:
    if post.publish_at is None:
        return {}
    cards = Post.objects.only("pk", "title", "slug", "publish_at")
    return {
        "older_post": cards.older_than(post, now).first(),
        "newer_post": cards.newer_than(post, now).first(),
        "more_by_author": cards.listed(now)
        .filter(author=post.author_id)
        .exclude(pk=post.pk)
        .newest_first()[:3],
    }
