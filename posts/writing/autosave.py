"""Views for the editor's script: automatic saves and comparisons of texts."""

import re

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.formats import date_format
from django.utils.text import normalize_newlines
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django.views.generic import View

from accounts.limits import LimitMixin
from accounts.models import User
from content.bulkhead import slot_for
from posts.models import BODY_MAX_LENGTH, Post, PostText, Revision
from posts.models.tags import tag_key
from posts.tagging import split_tags
from posts.writing import history, publishing
from posts.writing.checklist import suggestions
from posts.writing.edit import session_in
from posts.writing.editor import PostCreate, PostUpdate
from posts.writing.forms import PostForm, is_long
from posts.writing.mixins import ONLY_READS, WriterRequiredMixin

NUMBER = re.compile("[0-9]{1,11}")


class AutosaveMixin:
    """Save the text while the author types; return JSON."""

    http_method_names = ["post"]
    sends_json = True
    action = "draft"
    saved_status = 200

    def get_form_path(self) -> str:
        """Return the path of the editor that shows unsaved text again."""
        if "pk" in self.kwargs:
            return reverse("posts:post_update", kwargs=self.kwargs)
        return reverse("posts:post_create")

    def handle_no_permission(self) -> HttpResponse:
        user = self.request.user
        if not user.is_authenticated:
            return self.ask_to_log_in()
        if not user.may_write:
            return JsonResponse({"message": ONLY_READS}, status=403)
        return super().handle_no_permission()

    def refuse_and_keep(self) -> HttpResponse:
        self.keep_typed()
        return self.ask_to_log_in()

    def ask_to_log_in(self) -> HttpResponse:
        text = _("You are logged out. Log in again to save your text.")
        login = redirect_to_login(f"{self.get_form_path()}?recovered")
        return JsonResponse({"message": text, "login_url": login.url}, status=401)

    def get_form(self, form_class=None) -> PostForm:
        form = super().get_form(form_class)
        # This field describes an image that is not chosen yet, or is uploaded separately.
        del form.fields["body_image_alt"]
        return form

    def form_valid(self, form: PostForm) -> HttpResponse:
        # The save and its response share one slot of the bulkhead, so that a saved text is never
        # reported as unsaved.
        with slot_for(form.instance.body):
            return self.save_and_describe(form)

    def save_and_describe(self, form: PostForm) -> HttpResponse:
        try:
            post = self.save(form)
        except publishing.EditConflict:
            text = _("This post was changed in another tab or by someone else.")
            return JsonResponse({"message": text}, status=409)
        except publishing.PostIsGone:
            return JsonResponse({"message": _("This post was deleted.")}, status=404)
        return JsonResponse(describe_save(post, form.cleaned_data["tags"]))

    def act(self, form: PostForm) -> Post:
        return publishing.autosave(form.instance, self.edit_of(form))

    def form_invalid(self, form: PostForm) -> HttpResponse:
        return JsonResponse({"errors": form.errors}, status=422)


def describe_save(post: Post, names: list[str]) -> dict:
    """Return the data that the editor needs to report a save and to make the next one."""
    now = timezone.localtime()
    if not post.is_draft:
        # Text that was saved beside a post has not been rendered.
        publishing.render_body(post)
    return {
        "version": post.version,
        "saved_at": now.isoformat(timespec="seconds"),
        "saved_text": _("Saved %(time)s") % {"time": date_format(now, "H:i")},
        "is_beside": not post.is_draft,
        "update_url": reverse("posts:post_update", kwargs={"pk": post.pk}),
        "autosave_url": reverse("posts:autosave", kwargs={"pk": post.pk}),
        "checklist": suggestions(post, names),
    }


@method_decorator(require_POST, name="dispatch")
class AutosaveNew(AutosaveMixin, PostCreate):
    limit = "autosave"


@method_decorator(require_POST, name="dispatch")
class Autosave(AutosaveMixin, PostUpdate):
    limit = "autosave"


@method_decorator(require_POST, name="dispatch")
class Difference(WriterRequiredMixin, LimitMixin, View):
    """Return the differences between two texts, word by word, as part of a page.

    Return 204 if `edit_session` last saved the new text, so that the browser needs no copy. Return
    205 if that save arrived after the page with this `version` was rendered. Name the editor of the
    post that `edit_session` saved in the header Content-Location.
    """

    limit = "difference"

    def post(self, request: HttpRequest) -> HttpResponse:
        old, new = (text_in(request, side) for side in ("old", "new"))
        if max(map(len, (*old, *new))) > BODY_MAX_LENGTH:
            return HttpResponse(_("The texts are too long to compare."), status=422)
        last = last_save(request.user, session_in(request.POST))
        if last and as_saved(last.text) == as_saved(new):
            is_shown = request.POST.get("version", "") in ("", str(last.post.version))
            response = HttpResponse(status=204 if is_shown else 205)
        else:
            is_older = is_typed_earlier(request)
            both = (new, old) if is_older else (old, new)
            context = {"differences": history.differences(*both), "is_older": is_older}
            response = render(request, "posts/_kept_text.html", context)
        if last and not last.post.is_in_trash:
            path = reverse("posts:post_update", kwargs={"pk": last.post_id})
            response["Content-Location"] = path
        return response


def is_typed_earlier(request: HttpRequest) -> bool:
    """Return whether the new text was typed before the page's text was saved.

    `shown_at` is a time of this server, and `typed_ago` a number of seconds, because the clock of a
    device may be wrong.
    """
    shown_at, typed_ago = (request.POST.get(name, "") for name in ("shown_at", "typed_ago"))
    if not (NUMBER.fullmatch(shown_at) and NUMBER.fullmatch(typed_ago)):
        return False
    return timezone.now().timestamp() - int(typed_ago) < int(shown_at)


def text_in(request: HttpRequest, side: str) -> PostText:
    return PostText(*(request.POST.get(f"{side}_{name}", "") for name in PostText._fields))


def last_save(user: User, edit_session: str) -> Revision | None:
    """Return the last revision that `edit_session` of `user` saved, with its post."""
    known = Revision.objects.filter(saved_by=user, edit_session=edit_session)
    return known.select_related("post").order_by("-pk").first() if edit_session else None


def as_saved(text: PostText) -> list:
    """Return a text in a form that ignores white space, line ends and the spelling of tags."""
    fields = text._replace(tags="")._asdict().items()
    keys = [tag_key(name) for name in split_tags(text.tags)]
    return [keys, *(normalize_newlines(t) if is_long(name) else t.split() for name, t in fields)]
