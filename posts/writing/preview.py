"""Previews of a post, for its author and for people with its preview link."""

from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django.views.generic.detail import SingleObjectMixin, View

from accounts.limits import LimitMixin
from accounts.time_zones import zone_for
from content.keys import is_key
from content.markup import render_preview
from content.slugs import tag_slug
from posts.models import Post, Tag
from posts.writing import preview_links
from posts.writing.forms import PostForm
from posts.writing.languages import typographic_language
from posts.writing.mixins import AuthorRequiredMixin, ReturnToEditorMixin, WriterRequiredMixin
from posts.writing.publishing import set_rendered


@method_decorator(require_POST, name="dispatch")
class Preview(WriterRequiredMixin, LimitMixin, View):
    """Return the form's post as a reader would see it, without saving it."""

    limit = "preview"

    def post(self, request: HttpRequest) -> HttpResponse:
        form = PostForm(request.POST, instance=self.get_post(), action="draft")
        del form.fields["body_image_alt"]
        # Authors enter times in their own time zone. Readers see the day in the site's.
        with timezone.override(zone_for(request)):
            form.is_valid()
        post = form.instance
        said = form.cleaned_data
        post.publish_at = post.publish_at or timezone.now()
        post.cover = "" if said.get("remove_image") else post.cover
        set_rendered(post, render_preview(post.body, typographic_language(post)))
        context = {
            "post": post,
            "tags": tags_named(said.get("tags", [])),
            "errors": form.errors,
            # The pane beside the text has no space for the header.
            "is_pane": "pane" in request.POST,
            # A preview shows the page of an anonymous reader, so messages wait for a regular page.
            "user": AnonymousUser(),
            "messages": [],
        }
        return render(request, "posts/preview.html", context)

    def get_post(self) -> Post:
        """Return the edited post, for its cover and time, or a new one."""
        number = self.request.POST.get("post", "")
        user = self.request.user
        posts = Post.objects.in_reach_of(user).select_related("author")
        post = posts.filter(pk=number).first() if is_key(number) else None
        return post or Post(author=user)


def tags_named(names: list[str]) -> list[Tag]:
    """Return tags with these names, and save none."""
    return [Tag(name=name, slug=tag_slug(name)) for name in names]


@method_decorator(require_POST, name="dispatch")
class PreviewLinkEdit(ReturnToEditorMixin, AuthorRequiredMixin, SingleObjectMixin, View):
    """Create or revoke a link for readers without an account."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        post = self.get_object()
        if request.POST.get("action") == "revoke":
            preview_links.revoke_link(post)
            messages.success(request, _("The link was revoked and no longer works."))
        else:
            preview_links.make_link(post, now=timezone.now())
            messages.success(request, _("The link is ready. Anyone with it can read this post."))
        return redirect("posts:post_update", post.pk)


@require_safe
@never_cache
def preview_by_link(request: HttpRequest, token: str) -> HttpResponse:
    """Show an unpublished post to anyone with the link. Redirect to the post once published."""
    now = timezone.now()
    link = preview_links.link_by(token, now=now)
    if link is None:
        raise Http404
    if link.post.is_listed(now):
        return redirect(link.post)
    context = {"post": link.post, "tags": link.post.tag_list, "link": link}
    response = render(request, "posts/preview.html", context)
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response
