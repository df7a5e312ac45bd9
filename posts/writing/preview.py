"""Links by which others read a post before it is out."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django.views.generic.detail import SingleObjectMixin, View

from posts.writing import preview_links
from posts.writing.mixins import AuthorRequiredMixin, ReturnToEditorMixin


@method_decorator(require_POST, name="dispatch")
class PreviewLinkEdit(ReturnToEditorMixin, AuthorRequiredMixin, SingleObjectMixin, View):
    """Make a link for readers without an account, or revoke it."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        post = self.get_object()
        if request.POST.get("action") == "revoke":
            preview_links.revoke_link(post)
            messages.success(request, _("The link is revoked: it shows nothing any more."))
        else:
            preview_links.make_link(post, now=timezone.now())
            messages.success(request, _("The link is made. Whoever has it can read this post."))
        return redirect("posts:post_update", post.pk)


@require_safe
@never_cache
def preview_by_link(request: HttpRequest, token: str) -> HttpResponse:
    """Show a post that is not out yet to whoever has the link; lead to it once it is out."""
    now = timezone.now()
    link = preview_links.link_by(token, now=now)
    if link is None:
        raise Http404
    if link.post.is_out(now):
        return redirect(link.post)
    context = {"post": link.post, "tags": link.post.tag_list, "link": link}
    response = render(request, "posts/preview.html", context)
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response
