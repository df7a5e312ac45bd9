"""Writing of posts in the browser."""

from copy import copy
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.db import IntegrityError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.generic import UpdateView

from accounts.mixins import KeepsTextMixin, OwnTimeMixin
from content.addresses import absolute_url
from posts import history, previews, publishing
from posts.checklist import about_images, suggestions
from posts.forms import PostForm
from posts.mixins import AuthorRequiredMixin
from posts.models import Post, Revision
from posts.tagging import split_tags
from posts.uploads import attach_images

FORM_METHODS = ["get", "head", "options", "post"]
# What a form takes from a revision, in its order.
WORDS = ("title", "body", "tags", "cover_alt")


class EditorMixin(OwnTimeMixin, KeepsTextMixin):
    """The form in which posts are written. Stands left of LoginRequiredMixin."""

    http_method_names = FORM_METHODS
    form_class = PostForm
    template_name = "posts/post_form.html"
    held_fields = (*WORDS, "body_image_alt", "remove_image", "publish_at", "reason")
    # What was edited: the text may be old when it comes back.
    # Not the sitting: each page that shows it goes on by itself, and meets what another saved.
    held_hidden = ("version", "uuid", "zone")

    @property
    def action(self) -> str:
        """The button that was pressed; without one, a new post is published, as in the seed."""
        if "action" in self.request.POST:
            return self.request.POST["action"]
        if self.object.pk is None:
            return "publish"
        return "draft" if self.object.is_draft else "update"

    @cached_property
    def edits(self) -> Revision | None:
        """What is saved beside the post, and goes on being edited."""
        return history.unsaved_edits(self.object) if self.object.pk else None

    def get_initial(self) -> dict:
        edits = dict(zip(WORDS, self.edits.words, strict=True)) if self.edits else {}
        return edits | super().get_initial()

    def get_form_kwargs(self) -> dict:
        # A form that is only shown asks for all that publishing needs.
        action = self.action if self.request.method == "POST" else "publish"
        return super().get_form_kwargs() | {"action": action}

    def form_valid(self, form: PostForm) -> HttpResponse:
        attach_images(form.instance, form.cleaned_data, self.request.user)
        try:
            post = self.save(form)
        except publishing.EditConflict:
            return self.ask_which(form)
        except publishing.PostIsGone:
            return self.offer_anew(form)
        messages.success(self.request, what_happened(post, form))
        self.warn_of_missing_words(post)
        if post.is_hidden or post.is_out(timezone.now()):
            return redirect(post)
        return redirect("posts:post_update", post.pk)

    def save(self, form: PostForm) -> Post:
        """Do what the button says, and return the post; raise EditConflict or PostIsGone."""
        uuid = form.cleaned_data.get("uuid")
        form.instance.uuid = uuid or form.instance.uuid
        try:
            return self.act(form)
        except IntegrityError:
            # The same form, sent twice at the same moment: this one goes on from the other.
            made = get_object_or_404(Post, uuid=uuid, author=self.request.user)
            for name in ("title", "body", "cover", "cover_alt", "publish_at"):
                setattr(made, name, getattr(form.instance, name))
            form.instance = made
            return self.act(form)

    def act(self, form: PostForm) -> Post:
        at = form.cleaned_data.get("publish_at")
        if self.action == "schedule" and at:
            return publishing.schedule(form.instance, at, **self.saving(form))
        acts = {
            "publish": publishing.publish,
            "draft": publishing.unpublish if form.is_out else publishing.save_draft,
        }
        act = acts.get(self.action, publishing.update)
        return act(form.instance, reason=form.cleaned_data.get("reason", ""), **self.saving(form))

    def saving(self, form: PostForm) -> dict:
        said = form.cleaned_data
        return {
            "now": timezone.now(),
            "tags": said["tags"],
            "by": self.request.user,
            "version": said["version"],
            "sitting": said["sitting"],
        }

    def warn_of_missing_words(self, post: Post) -> None:
        if post.cover and not post.cover_alt:
            text = _("The cover picture has no words that say what it shows.")
            messages.warning(self.request, text)
        for text in about_images(post.body_html):
            messages.warning(self.request, text)

    def form_invalid(self, form: PostForm) -> HttpResponse:
        if self.request.FILES:
            text = _("Choose your picture again: browsers don't keep a chosen file.")
            messages.warning(self.request, text)
        return super().form_invalid(form)

    def ask_which(self, form: PostForm) -> HttpResponse:
        """Answer 409 with both texts whole, and mine in the form; nothing is saved."""
        self.object = get_object_or_404(
            Post.objects.visible_to(self.request.user), pk=form.instance.pk
        )
        mine, theirs = words_in(form), history.current_words(self.object)
        differences = history.differences(theirs, mine)
        return self.show_again(mine, form, theirs=theirs, differences=differences)

    def offer_anew(self, form: PostForm) -> HttpResponse:
        """Answer 409 with the text of a post that has gone, in the form for a new one."""
        self.object = Post(author=self.request.user)
        return self.show_again(words_in(form), form, is_gone=True)

    def show_again(self, words: tuple, sent: PostForm, **context) -> HttpResponse:
        if sent.cleaned_data["image"]:
            messages.warning(self.request, _("Choose your cover picture again."))
        initial = dict(zip(WORDS, words, strict=True))
        initial |= {name: sent.cleaned_data.get(name) for name in ("publish_at", "reason")}
        form = PostForm(instance=self.object, initial=initial, action=self.action)
        # Mine may become a draft of its own.
        form.name_new_post()
        context = self.get_context_data(form=form, edits=None, **context)
        return self.render_to_response(context, status=409)

    def get_context_data(self, **kwargs) -> dict:
        now, context = timezone.now(), {"edits": self.edits, "action": self.action}
        if self.object.pk:
            context |= {
                "checklist": self.checklist(),
                "is_scheduled": self.object.is_scheduled(now),
                "superseded": history.superseded_edits(self.object),
                "preview_address": self.preview_address(),
            }
        return super().get_context_data(**context | kwargs)

    def checklist(self) -> list[str]:
        """Return what the saved words could do better; a form that comes back holds others."""
        if not self.edits or self.request.method == "POST":
            return suggestions(self.object, [tag.name for tag in self.object.tag_list])
        edited = copy(self.object)
        edited.title, edited.body, tags, _alt = self.edits.words
        publishing.render_body(edited)
        return suggestions(edited, split_tags(tags))

    def preview_address(self) -> str:
        """Return the whole address by which others read the post, where there is one."""
        token = previews.token_for(self.object, now=timezone.now())
        path = reverse("posts:post_preview", kwargs={"token": token}) if token else ""
        return absolute_url(self.request, path) if token else ""


def words_in(form: PostForm) -> tuple[str, str, str, str]:
    """Return what was typed, as a revision holds it, with a picture that was sent for the text."""
    tags = ", ".join(form.cleaned_data["tags"])
    return form.instance.title, form.instance.body, tags, form.instance.cover_alt


def what_happened(post: Post, form: PostForm) -> str:
    """Return the message for `post`, which `form` changed."""
    if post.is_draft and form.is_out:
        return _("Your post is a draft again: readers don't see it any more.")
    if post.is_draft:
        return _("Your draft is saved.")
    if post.is_scheduled(timezone.now()):
        at = date_format(timezone.localtime(post.publish_at), "DATETIME_FORMAT")
        return _("Your post will appear by itself (%(time)s).") % {"time": at}
    if form.is_out or post.is_hidden:
        return _("Your changes are saved.")
    return _("Your post is published.")


class PostCreate(EditorMixin, LoginRequiredMixin, UpdateView):
    def get_object(self, queryset=None) -> Post:
        """Return a new post, or the one that this form made when it was sent before."""
        try:
            uuid = UUID(self.request.POST.get("uuid", ""))
        except ValueError:
            return Post(author=self.request.user)
        made = Post.objects.own(self.request.user).filter(uuid=uuid)
        return made.first() or Post(author=self.request.user)


class PostUpdate(EditorMixin, AuthorRequiredMixin, UpdateView):
    pass
