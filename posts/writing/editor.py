"""Views of the post editor."""

from copy import copy
from uuid import UUID

from django.contrib import messages
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.generic import CreateView, UpdateView

from accounts.limits import LimitMixin, count_use
from accounts.mixins import KeepsTextMixin, OwnTimeMixin
from accounts.time_zones import ZONE_COOKIE
from accounts.unsaved_text import forget, writer_of
from content.addresses import absolute_url
from content.front_matter import split
from content.methods import FORM_METHODS
from posts.models import Post, PostText, Revision, may_publish
from posts.tagging import split_tags
from posts.writing import history, preview_links, publishing
from posts.writing.buttons import (
    ACTIONS,
    FOR_EVERYONE,
    NOT_PUBLISHED,
    PRIVATE_VERBS,
    press_button,
    private_message,
    success_message,
    verb_for,
)
from posts.writing.checklist import about_images, suggestions
from posts.writing.edit import Edit
from posts.writing.forms import (
    FILE_FIELDS,
    OTHER_FIELDS,
    SHOWN_FIELDS,
    PostForm,
    is_long,
    text_labels,
)
from posts.writing.front_matter import take_over
from posts.writing.mixins import AuthorRequiredMixin, WriterRequiredMixin
from posts.writing.uploads import FIRST_FRAME, attach_images


class EditorMixin(OwnTimeMixin, KeepsTextMixin):
    """The post form and its buttons. List it before LoginRequiredMixin."""

    http_method_names = FORM_METHODS
    form_class = PostForm
    template_name = "posts/post_form.html"
    text_fields = tuple(name for name in SHOWN_FIELDS if name not in FILE_FIELDS)
    # These name the edited version, because the text may be old when the form is shown again. They
    # don't include the edit session: each page has its own, so that conflicts with other saves are
    # noticed.
    hidden_fields = ("version", "uuid", "zone", "own_cover")

    @property
    def action(self) -> str:
        """The action of the button. If the person may not publish this post, it may become "draft".

        The role may have changed while the editor was open.
        """
        wanted = self.wanted_action
        return wanted if self.may_publish or wanted in FOR_EVERYONE else "draft"

    @property
    def may_publish(self) -> bool:
        return may_publish(self.request.user, self.object)

    @property
    def wanted_action(self) -> str:
        """The button that was pressed. A script that names none publishes a new post."""
        if "action" in self.request.POST:
            pressed = self.request.POST["action"]
            return pressed if pressed in ACTIONS else "update"
        if self.object.pk is None:
            return "publish"
        return "draft" if self.object.is_draft else "update"

    @cached_property
    def edits(self) -> Revision | None:
        """The text that was saved beside the post and that the author continues to edit."""
        return history.unsaved_edits(self.object) if self.object.pk else None

    def get_initial(self) -> dict:
        edits = self.edits.text._asdict() if self.edits else {}
        return edits | super().get_initial()

    def get_form_kwargs(self) -> dict:
        # Before it is submitted, the form marks every field that publishing requires.
        action = self.action if self.request.method == "POST" else "publish"
        kwargs = super().get_form_kwargs() | {"action": action, "may_publish": self.may_publish}
        if action == "front_matter":
            kwargs["data"] = take_over(self.request)
        return kwargs

    def form_valid(self, form: PostForm) -> HttpResponse:
        # Values that were taken over are only shown.
        return self.form_invalid(form) if self.action == "front_matter" else self.apply(form)

    def apply(self, form: PostForm) -> HttpResponse:
        """Save the valid form as its button says, and return the next page."""
        is_less = self.action != self.wanted_action
        attach_images(form.instance, form.cleaned_data, self.request.user)
        made = [form.cleaned_data[name] for name in FILE_FIELDS]
        if any(image and image.is_still for image in made):
            messages.warning(self.request, FIRST_FRAME)
        if self.action == "compare" and form.instance.pk:
            return self.show_conflict(form)
        try:
            post = self.save(form)
        except publishing.EditConflict:
            return self.show_conflict(form)
        except publishing.PostIsGone:
            return self.offer_new_post(form)
        if is_less and not post.is_hidden:
            messages.warning(self.request, NOT_PUBLISHED)
        if post.is_published and verb_for(self.action, form) in PRIVATE_VERBS:
            return self.return_to_editor(form)
        if self.action == "panel" and post.is_draft:
            return redirect(f"{reverse('posts:post_update', args=[post.pk])}?panel")
        messages.success(self.request, success_message(post, form))
        self.warn_of_missing_words(post)
        if self.action == "return":
            return redirect(f"{reverse('posts:my_posts')}?state=review")
        if post.is_listed(timezone.now()) or (post.is_hidden and self.action != "draft"):
            return redirect(post)
        return redirect("posts:post_update", post.pk)

    def save(self, form: PostForm) -> Post:
        """Do what the button says, and return the post. Raise EditConflict or PostIsGone."""
        uuid = form.cleaned_data.get("uuid")
        form.instance.uuid = uuid or form.instance.uuid
        try:
            return self.act(form)
        except IntegrityError:
            # The same form was sent twice at once. This request continues from the other one.
            typed = form.instance
            made = get_object_or_404(Post, uuid=uuid, author=self.request.user)
            form.set_post(made)
            for name in (*PostForm.Meta.fields, "cover"):
                setattr(made, name, getattr(typed, name))
            return self.act(form)

    def act(self, form: PostForm) -> Post:
        return press_button(self.action, form, self.edit_of(form))

    def edit_of(self, form: PostForm) -> Edit:
        said = form.cleaned_data
        return Edit(
            at=timezone.now(),
            tags=said["tags"],
            by=self.request.user,
            version=said["version"],
            session=said["edit_session"],
            reason=said.get("reason", ""),
        )

    def warn_of_missing_words(self, post: Post) -> None:
        if post.cover and not post.cover_alt:
            text = _("The cover image has no alt text.")
            messages.warning(self.request, text)
        for text in about_images(post.body_html):
            messages.warning(self.request, text)

    def form_invalid(self, form: PostForm) -> HttpResponse:
        if self.request.FILES:
            text = _("Choose your image again. Browsers don't keep a chosen file.")
            messages.warning(self.request, text)
        return super().form_invalid(form)

    def return_to_editor(self, form: PostForm) -> HttpResponse:
        """Redirect to the editor after a private save, or show any unsaved fields again."""
        messages.success(self.request, private_message(form))
        left = [form.fields[name].label for name in OTHER_FIELDS if name in form.changed_data]
        if not left:
            return redirect("posts:post_update", form.instance.pk)
        if writer := writer_of(self.request):
            forget(writer)
        text = _("Not saved yet: %(fields)s. Press Update to save these changes too.")
        if not self.may_publish:
            text = _("Not saved: %(fields)s. Only an editor can change these in a published post.")
        messages.warning(self.request, text % {"fields": ", ".join(map(str, left))})
        self.object = self.saved_post(form)
        edits = history.unsaved_edits(self.object)
        return self.show_again(form.text, form, status=200, edits=edits, is_left=True)

    def saved_post(self, form: PostForm) -> Post:
        """Return the post from the database. The form's post has the typed text."""
        posts = Post.objects.visible_to(self.request.user)
        return get_object_or_404(posts, pk=form.instance.pk)

    def show_conflict(self, form: PostForm) -> HttpResponse:
        """Return a 409 response with both full texts, the typed one in the form. Save nothing."""
        self.object = self.saved_post(form)
        theirs = history.current_text(self.object)
        differences = history.differences(theirs, form.text)
        shown = [
            {"name": name, "label": label, "text": text, "is_long": is_long(name)}
            for label, (name, text) in zip(text_labels(), theirs._asdict().items(), strict=True)
        ]
        return self.show_again(form.text, form, theirs=shown, differences=differences)

    def offer_new_post(self, form: PostForm) -> HttpResponse:
        """Return a 409 response whose form makes a new post with the text of a deleted one."""
        self.object = Post(author=self.request.user)
        return self.show_again(form.text, form, is_gone=True)

    def show_again(
        self, text: PostText, sent: PostForm, *, status: int = 409, **context
    ) -> HttpResponse:
        if sent.cleaned_data["image"]:
            messages.warning(self.request, _("Choose your cover image again."))
        kept = [name for name in OTHER_FIELDS if name not in FILE_FIELDS]
        initial = text._asdict() | {name: sent.cleaned_data.get(name) for name in kept}
        form = PostForm(instance=self.object, initial=initial, may_publish=self.may_publish)
        if status == 409:
            # The typed text can be saved as a new draft.
            form.name_new_post()
        context = self.get_context_data(form=form, **{"edits": None} | context)
        return self.render_to_response(context, status=status)

    def get_context_data(self, **kwargs) -> dict:
        context = super().get_context_data(**self.default_context() | kwargs)
        form = context["form"]
        can_publish = self.may_publish and form.is_private
        is_panel_open = can_publish and self.is_panel_wanted(form)
        has_front_matter = split(context["form"]["body"].value() or "") is not None
        return context | {
            "can_publish": can_publish,
            "is_panel_open": is_panel_open,
            "has_front_matter": has_front_matter,
        }

    def is_panel_wanted(self, form: PostForm) -> bool:
        """Return whether the page shows the panel in which a draft is published or scheduled."""
        if self.request.method == "POST":
            return form.action in ("publish", "schedule") and "publish_at" in form.errors
        return "panel" in self.request.GET

    def default_context(self) -> dict:
        context = {
            "edits": self.edits,
            "may_publish": self.may_publish,
            "zone_cookie": ZONE_COOKIE,
        }
        if self.object.pk:
            context |= {
                "checklist": self.checklist(),
                "superseded": history.superseded_edits(self.object),
                "is_own": self.object.author_id == self.request.user.pk,
                "preview_address": self.preview_address(),
                "address": absolute_url(self.request, self.object.get_absolute_url()),
            }
        return context

    def checklist(self) -> list[str]:
        """Return suggestions for the saved text. A form that is shown again has other text."""
        if not self.edits or self.request.method == "POST":
            return suggestions(self.object, [tag.name for tag in self.object.tag_list])
        edited = copy(self.object)
        edited.set_text(self.edits.text)
        publishing.render_body(edited)
        return suggestions(edited, split_tags(self.edits.tags))

    def preview_address(self) -> str:
        """Return the absolute URL of the preview link, or an empty string if there is none."""
        token = preview_links.token_for(self.object, now=timezone.now())
        path = reverse("posts:post_preview", kwargs={"token": token}) if token else ""
        return absolute_url(self.request, path) if token else ""


class PostCreate(EditorMixin, WriterRequiredMixin, LimitMixin, CreateView):
    limit = "update"

    # Replaces Django's method, which starts without an object: this form needs a post with an
    # author.
    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        self.object = Post(author=request.user)
        return self.render_to_response(self.get_context_data())

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        self.object = self.find_created_post() or Post(author=request.user)
        form = self.get_form()
        if self.object.pk is None and form.is_valid() and self.action != "front_matter":
            count_use(request, "post")
        return self.form_valid(form) if form.is_valid() else self.form_invalid(form)

    def find_created_post(self) -> Post | None:
        """Return the post that an earlier submission of this form made."""
        try:
            uuid = UUID(self.request.POST.get("uuid", ""))
        except ValueError:
            return None
        return Post.objects.own(self.request.user).filter(uuid=uuid).first()


class PostUpdate(EditorMixin, AuthorRequiredMixin, LimitMixin, UpdateView):
    limit = "update"
