"""Views that move posts to the trash and restore them."""

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django.views.generic import DeleteView
from django.views.generic.detail import SingleObjectMixin, View

from posts.models import Post, PostQuerySet
from posts.writing import publishing
from posts.writing.mixins import AuthorRequiredMixin, ReturnToEditorMixin


@method_decorator(require_POST, name="dispatch")
class PostDelete(ReturnToEditorMixin, AuthorRequiredMixin, DeleteView):
    """Move a post to the trash."""

    http_method_names = ["post"]
    success_url = reverse_lazy("posts:post_list")

    def form_valid(self, form: Form) -> HttpResponse:
        publishing.trash_post(self.object, now=timezone.now())
        undo = reverse("posts:post_restore", kwargs={"pk": self.object.pk})
        # The message shows a button that posts to the address in its tags.
        messages.success(self.request, _("Your post is in the trash."), extra_tags=undo)
        return redirect(self.success_url)


@method_decorator(require_POST, name="dispatch")
class PostRestore(AuthorRequiredMixin, SingleObjectMixin, View):
    """Restore a post from the trash with its earlier status."""

    http_method_names = ["post"]

    def get_queryset(self) -> PostQuerySet:
        # Other people's posts return 404, like everything in the trash.
        return Post.objects.filter(author=self.request.user)

    def handle_no_permission(self) -> HttpResponse:
        # Only anonymous visitors get here. Lead them to the page with the button, because this
        # address accepts only POST.
        return redirect_to_login(f"{reverse('posts:my_posts')}?state={Post.Status.TRASH}")

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        publishing.restore_from_trash(self.get_object(), now=timezone.now())
        # After a second click, the post is already restored. It may also have been deleted for
        # good.
        post = get_object_or_404(Post.objects.own(request.user), pk=kwargs["pk"])
        messages.success(request, _("Your post was restored."))
        if post.is_draft:
            return redirect("posts:post_update", post.pk)
        return redirect(post)
