"""Reading and writing of posts in the browser."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from django.views.generic import CreateView, DeleteView, DetailView, ListView, UpdateView

from posts import publishing
from posts.forms import PostForm
from posts.mixins import AuthorRequiredMixin, ReturnToEditorMixin
from posts.models import Post, PostQuerySet

READ_METHODS = ["get", "head", "options"]
FORM_METHODS = [*READ_METHODS, "post"]


class PostList(ListView):
    http_method_names = READ_METHODS
    paginate_by = settings.POSTS_PER_PAGE
    template_name = "posts/post_list.html"

    def get_queryset(self) -> PostQuerySet:
        return Post.objects.listed(timezone.now()).newest_first().for_list()


class PostDetail(DetailView):
    http_method_names = READ_METHODS
    template_name = "posts/post_detail.html"

    def get_queryset(self) -> PostQuerySet:
        return Post.objects.visible_to(self.request.user).for_detail()

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        self.object = self.get_object()
        if kwargs.get("slug") != self.object.slug:
            return self.redirect_to_canonical()
        return self.render_to_response(self.get_context_data())

    def redirect_to_canonical(self) -> HttpResponse:
        """Answer 301 to the address with today's slug, so that old links live on."""
        query = self.request.META.get("QUERY_STRING", "")
        url = self.object.get_absolute_url() + (f"?{query}" if query else "")
        response = HttpResponsePermanentRedirect(url)
        # A browser that kept it would go in circles once a title is changed back.
        response["Cache-Control"] = "no-cache"
        return response


class PostCreate(LoginRequiredMixin, CreateView):
    http_method_names = FORM_METHODS
    form_class = PostForm
    template_name = "posts/post_form.html"

    def form_valid(self, form: PostForm) -> HttpResponse:
        form.instance.author = self.request.user
        post = publishing.publish(form.instance, now=timezone.now())
        messages.success(self.request, _("Your post is published."))
        return redirect(post)


class PostUpdate(AuthorRequiredMixin, UpdateView):
    http_method_names = FORM_METHODS
    form_class = PostForm
    template_name = "posts/post_form.html"

    def form_valid(self, form: PostForm) -> HttpResponse:
        if form.has_changed():
            publishing.save_post(form.instance, now=timezone.now())
        messages.success(self.request, _("Your changes are saved."))
        return redirect(form.instance)


@method_decorator(require_POST, name="dispatch")
class PostDelete(ReturnToEditorMixin, AuthorRequiredMixin, DeleteView):
    http_method_names = ["post"]

    def form_valid(self, form) -> HttpResponse:
        publishing.delete_post(self.object)
        messages.success(self.request, _("Your post is deleted."))
        return redirect("posts:post_list")
