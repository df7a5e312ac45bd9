"""Views that list, compare and restore the revisions of a post."""

from django.contrib import messages
from django.core.paginator import EmptyPage, Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django.views.generic import DetailView
from django.views.generic.detail import SingleObjectMixin, View

from accounts.mixins import OwnTimeMixin
from content.methods import READ_METHODS
from identity.language import date_format
from posts.listing import parse_number
from posts.models import Post, Revision, may_publish
from posts.writing import history, publishing
from posts.writing.edit import Edit
from posts.writing.forms import RestoreForm
from posts.writing.mixins import AuthorRequiredMixin, ReturnToEditorMixin

REVISIONS_PER_PAGE = 50


class RevisionList(OwnTimeMixin, AuthorRequiredMixin, DetailView):
    """The revisions of a post, and a comparison of `?from=` and `?to=`, or of the newest two."""

    http_method_names = READ_METHODS
    template_name = "posts/revision_list.html"

    def get_context_data(self, **kwargs) -> dict:
        page = revision_page(self.object, self.request)
        edits = history.unsaved_edits(self.object)
        context = {
            "page_obj": page,
            "readers_see": history.number_readers_see(self.object, timezone.now()),
            "edits_number": edits and edits.number,
        }
        if page.paginator.count > 1:
            context |= self.compared(page)
        add_changes([*page])
        return super().get_context_data(**context | kwargs)

    def compared(self, page: Page) -> dict:
        """Return two revisions and their differences. Raise Http404 if one doesn't exist."""
        newest = [revision.number for revision in page][:2]
        numbers = [
            parse_number(self.request.GET.get(name, str(number)))
            for name, number in (("from", newest[-1]), ("to", newest[0]))
        ]
        rows = self.object.revisions.filter(number__in=numbers).select_related("saved_by")
        found = {revision.number: revision for revision in rows}
        if not {*numbers} <= found.keys():
            raise Http404
        old, new = (found[number] for number in numbers)
        shown = {revision.number for revision in page}
        return {
            "old": old,
            "new": new,
            "differences": history.differences(old.text, new.text),
            "chosen_elsewhere": [found[number] for number in sorted(found.keys() - shown)],
        }


def add_changes(revisions: list[Revision]) -> None:
    """Add to each of `revisions` what it changed, and whether it is the first one of its post."""
    changes = history.changes_in(revisions)
    for revision in revisions:
        revision.is_first = revision.number not in changes
        revision.changes = changes.get(revision.number, [])


def revision_page(post: Post, request: HttpRequest) -> Page:
    """Return the page of revisions in `?page=`. Raise Http404 after the last page."""
    number = parse_number(request.GET.get("page", "1"))
    try:
        return Paginator(history.revisions_of(post), REVISIONS_PER_PAGE).page(number)
    except EmptyPage as error:
        raise Http404 from error


class RevisionDetail(OwnTimeMixin, AuthorRequiredMixin, DetailView):
    """A full revision as a reader would see it, and what it changed."""

    http_method_names = READ_METHODS
    template_name = "posts/revision_detail.html"

    def get_context_data(self, **kwargs) -> dict:
        revisions = self.object.revisions.select_related("saved_by")
        revision = get_object_or_404(revisions, number=self.kwargs["number"])
        before = revisions.filter(number__lt=revision.number).first()
        shown = Post()
        shown.set_text(revision.text)
        publishing.render_body(shown)
        return super().get_context_data(
            revision=revision,
            before=before,
            differences=history.differences(before.text, revision.text) if before else [],
            shown=shown,
            is_current=revision.text == history.current_text(self.object),
            is_listed=self.object.is_listed(timezone.now()),
            may_publish=may_publish(self.request.user, self.object),
            **kwargs,
        )


@method_decorator(require_POST, name="dispatch")
class RevisionRestore(
    OwnTimeMixin, ReturnToEditorMixin, AuthorRequiredMixin, SingleObjectMixin, View
):
    """Save the text of a revision as a new revision."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        post = self.get_object()
        revision = get_object_or_404(post.revisions, number=kwargs["number"])
        when = date_format(timezone.localtime(revision.saved_at), "DATETIME_FORMAT")
        try:
            self.restore(post, revision, _("Restored from %(time)s") % {"time": when})
        except publishing.TitleMissing:
            text = _("This version has no title. A published post needs a title.")
            messages.error(request, text)
        except publishing.EditConflict:
            post.refresh_from_db()
            if history.current_text(post) == revision.text:
                # The second of two clicks. The first one shows the message.
                return redirect("posts:revision_list", post.pk)
            text = _(
                "Nothing was restored, because this post was changed after you opened its history."
            )
            messages.error(request, text)
        except publishing.PostIsGone as error:
            raise Http404 from error
        else:
            text = _("The version from %(time)s was restored as the newest revision.")
            if self.is_private(post):
                text = _("The version from %(time)s is in the editor. Readers don't see it yet.")
            messages.success(request, text % {"time": when})
        return redirect("posts:revision_list", post.pk)

    def is_private(self, post: Post) -> bool:
        """Return whether readers go on seeing the current text."""
        return post.is_published and not may_publish(self.request.user, post)

    def restore(self, post: Post, revision: Revision, reason: str) -> None:
        form = RestoreForm(self.request.POST)
        form.is_valid()
        version = form.cleaned_data.get("version")
        edit = Edit(
            at=timezone.now(),
            by=self.request.user,
            version=post.version if version is None else version,
            reason=reason,
        )
        publishing.restore_revision(post, revision, edit, is_private=self.is_private(post))
