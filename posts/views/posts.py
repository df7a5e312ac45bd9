"""Reading and writing of posts in the browser."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from django.views.generic import CreateView, DeleteView, DetailView, TemplateView, UpdateView

from content.addresses import moved
from posts import listing, publishing
from posts.forms import PostForm
from posts.mixins import AuthorRequiredMixin, ReturnToEditorMixin
from posts.models import Post, PostQuerySet, is_liked_by
from posts.uploads import attach_images
from posts.views.thread import discussion_of

READ_METHODS = ["get", "head", "options"]
FORM_METHODS = [*READ_METHODS, "post"]


class PostList(TemplateView):
    http_method_names = READ_METHODS
    template_name = "posts/post_list.html"

    def get_listing(self) -> listing.PostListing:
        return listing.all_posts()

    def get_context_data(self, **kwargs) -> dict:
        page = self.get_listing().page(
            self.request.GET, size=settings.POSTS_PER_PAGE, now=timezone.now()
        )
        return super().get_context_data(page=page, **kwargs)


class PostDetail(DetailView):
    http_method_names = READ_METHODS
    template_name = "posts/post_detail.html"

    def get_queryset(self) -> PostQuerySet:
        posts = Post.objects.visible_to(self.request.user).for_detail()
        return posts.annotate(is_liked=is_liked_by(self.request.user))

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        self.object = self.get_object()
        if kwargs.get("slug") != self.object.slug:
            return moved(request, self.object.get_absolute_url())
        shown = neighbours(self.object) | discussion_of(request, self.object)
        return self.render_to_response(self.get_context_data(**shown))


def neighbours(post: Post) -> dict[str, object]:
    """Return what else to read: the posts before and after, and more by the same author."""
    listed = Post.objects.listed(timezone.now())
    if post.publish_at is None:
        return {"more_by_author": []}
    cards = listed.only("pk", "title", "slug", "publish_at")
    return {
        "older_post": cards.older_than(post).first(),
        "newer_post": cards.newer_than(post).first(),
        "more_by_author": cards.filter(author=post.author_id)
        .exclude(pk=post.pk)
        .newest_first()[:3],
    }


class EditorMixin:
    """The form in which posts are written."""

    http_method_names = FORM_METHODS
    form_class = PostForm
    template_name = "posts/post_form.html"

    def form_valid(self, form: PostForm) -> HttpResponse:
        if form.has_changed():
            attach_images(form.instance, form.cleaned_data, self.request.user)
            try:
                self.save(form.instance, tags=form.cleaned_data["tags"], now=timezone.now())
            except publishing.PostIsGone:
                form.add_error(None, _("This post was deleted meanwhile. Copy your text."))
                context = self.get_context_data(form=form, object=None)
                return self.render_to_response(context, status=409)
        messages.success(self.request, self.success_message)
        if form.instance.cover and not form.instance.cover_alt:
            text = _("The cover picture has no words that say what it shows.")
            messages.warning(self.request, text)
        if form.cleaned_data["body_image"] and not form.cleaned_data["body_image_alt"]:
            text = _("The picture in the text has no words that say what it shows.")
            messages.warning(self.request, text)
        return redirect(form.instance)

    def form_invalid(self, form: PostForm) -> HttpResponse:
        if self.request.FILES:
            text = _("Choose your picture again: browsers don't keep a chosen file.")
            messages.warning(self.request, text)
        return super().form_invalid(form)


class PostCreate(LoginRequiredMixin, EditorMixin, CreateView):
    success_message = _("Your post is published.")

    def save(self, post: Post, **kwargs) -> None:
        post.author = self.request.user
        publishing.publish(post, **kwargs)


class PostUpdate(AuthorRequiredMixin, EditorMixin, UpdateView):
    success_message = _("Your changes are saved.")

    def save(self, post: Post, **kwargs) -> None:
        publishing.save_post(post, **kwargs)


@method_decorator(require_POST, name="dispatch")
class PostDelete(ReturnToEditorMixin, AuthorRequiredMixin, DeleteView):
    http_method_names = ["post"]

    def form_valid(self, form) -> HttpResponse:
        publishing.delete_post(self.object)
        messages.success(self.request, _("Your post is deleted."))
        return redirect("posts:post_list")
