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

from posts.models import Post, PostQuerySet, is_editor, may_publish
from posts.writing import publishing
from posts.writing.mixins import AuthorRequiredMixin, ReturnToEditorMixin


@method_decorator(require_POST, name="dispatch")
class PostDelete(ReturnToEditorMixin, AuthorRequiredMixin, DeleteView):
    """Move a post to the trash."""

    http_method_names = ["post"]
    success_url = reverse_lazy("posts:post_list")

    def test_func(self) -> bool:
        """Allow authors who may not publish to delete only what readers can't see."""
        post = self.get_object()
        is_for_readers = post.is_published and not may_publish(self.request.user, post)
        return super().test_func() and not is_for_readers

    def get_permission_denied_message(self) -> str:
        only_editors = _("Only an editor can delete a post that is published or scheduled.")
        return super().get_permission_denied_message() or only_editors

    def move_to_trash(self, post: Post) -> None:
        publishing.trash_post(post, now=timezone.now())

    def form_valid(self, form: Form) -> HttpResponse:
        self.move_to_trash(self.object)
        undo = reverse("posts:post_restore", kwargs={"pk": self.object.pk})
        # The message shows a button that posts to the address in its tags.
        is_own = self.object.author_id == self.request.user.pk
        text = _("Your post is in the trash.") if is_own else _("The post is in the trash.")
        messages.success(self.request, text, extra_tags=undo)
        return redirect(self.success_url)


@method_decorator(require_POST, name="dispatch")
class PostRestore(AuthorRequiredMixin, SingleObjectMixin, View):
    """Restore a post from the trash with its earlier status."""

    http_method_names = ["post"]

    def get_queryset(self) -> PostQuerySet:
        # Other people's posts return 404, like everything in the trash, except to editors.
        user = self.request.user
        return Post.objects.all() if is_editor(user) else Post.objects.filter(author=user)

    def handle_no_permission(self) -> HttpResponse:
        # Only anonymous visitors get here. Lead them to the page with the button, because this
        # address accepts only POST.
        return redirect_to_login(f"{reverse('posts:my_posts')}?state={Post.Status.TRASH}")

    def restore(self, post: Post) -> None:
        as_draft = not may_publish(self.request.user, post)
        publishing.restore_from_trash(post, now=timezone.now(), as_draft=as_draft)

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        self.restore(self.get_object())
        # After a second click, the post is already restored. It may also have been deleted for
        # good.
        post = get_object_or_404(Post.objects.in_reach_of(request.user), pk=kwargs["pk"])
        is_own = post.author_id == request.user.pk
        text = _("Your post was restored.") if is_own else _("The post was restored.")
        messages.success(request, text)
        if post.is_draft:
            return redirect("posts:post_update", post.pk)
        return redirect(post)
