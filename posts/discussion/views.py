"""Views for likes and comments: edit, delete, report and moderate."""

from datetime import timedelta

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views import View
from django.views.decorators.http import require_http_methods, require_POST
from django.views.generic import FormView

from accounts.limits import LimitMixin
from accounts.mixins import KeepsTextMixin
from accounts.models import User
from content.methods import READ_METHODS
from identity import current
from posts.discussion import commenting, liking, moderation
from posts.discussion.forms import CommentBodyForm, ReasonForm
from posts.discussion.mixins import CommentMixin, CommentsMixin, DiscussionMixin
from posts.discussion.threads import url_in_thread
from posts.models import Comment, Post, is_comment_moderator, may_moderate

EDIT_MINUTES = commenting.EDIT_LIMIT // timedelta(minutes=1)
TOO_LATE = _("You can edit a comment for %(minutes)d minutes. Copy your text before you leave.")


@method_decorator(require_POST, name="dispatch")
class PostLike(DiscussionMixin, LimitMixin, View):
    """Like or unlike a post, as the button says, so that a second click does not undo the first."""

    limit = "like"
    section = "like"

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        post = self.post_in_question
        post.is_liked = request.POST.get("action") != "unlike"
        act = liking.like if post.is_liked else liking.unlike
        act(post, request.user)
        if not request.htmx:
            return redirect(f"{post.get_absolute_url()}#{self.section}")
        counts = Post.objects.values_list("like_count", flat=True)
        post.like_count = get_object_or_404(counts, pk=post.pk)
        return render(request, "posts/_likes.html", {"post": post, "is_listed": True})


def tell_comment_status(request: HttpRequest, comment: Comment, published: str) -> None:
    if comment.is_waiting:
        because = gettext("Your comment is waiting for approval: %(reason)s.")
        messages.warning(request, because % {"reason": comment.waiting_reason})
    else:
        messages.success(request, published)


class CommentDetail(View):
    """Redirect to a comment on its page of the thread."""

    http_method_names = READ_METHODS

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        post = get_object_or_404(Post.objects.visible_to(request.user), pk=kwargs["pk"])
        comments = Comment.objects.visible_to(request.user, post)
        if not current.site().comments_enabled:
            raise Http404
        return redirect(url_in_thread(get_object_or_404(comments, pk=kwargs["comment"])))


@method_decorator(require_http_methods(["GET", "HEAD", "OPTIONS", "POST"]), name="dispatch")
class CommentAction(CommentMixin, FormView):
    """A confirmation page for an act on one comment, and the act itself."""

    template_name = "posts/comment_act.html"
    form_class = forms.Form
    heading: str
    button: str
    is_danger = False

    def get_context_data(self, **kwargs) -> dict:
        return super().get_context_data(
            comment=self.comment, back=url_in_thread(self.comment), view=self, **kwargs
        )

    def form_invalid(self, form: forms.Form, status: int = 422) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=status)


class CommentEdit(KeepsTextMixin, LimitMixin, CommentAction):
    form_class = CommentBodyForm
    limit = "comment"
    text_fields = ("body",)
    heading = _("Edit your comment")
    button = _("Save")

    def may_act(self, user: User, comment: Comment) -> bool:
        if comment.author_id != user.pk:
            return False
        # An edit that is submitted too late gets a message, with the text to copy.
        is_sent = self.request.method == "POST" or self.recovered is not None
        return is_sent or commenting.is_editable(comment, timezone.now())

    def get_initial(self) -> dict:
        return {"body": self.comment.body} | super().get_initial()

    def form_valid(self, form: CommentBodyForm) -> HttpResponse:
        body = form.cleaned_data["body"]
        if not commenting.edit_comment(self.comment, body, now=timezone.now()):
            form.add_error("body", TOO_LATE % {"minutes": EDIT_MINUTES})
            return self.form_invalid(form, status=403)
        self.comment.refresh_from_db(fields=["status", "waiting_because"])
        tell_comment_status(self.request, self.comment, gettext("Your comment was updated."))
        return redirect(url_in_thread(self.comment))


class CommentDelete(CommentAction):
    heading = _("Delete your comment?")
    button = _("Delete this comment")
    is_danger = True

    def may_act(self, user: User, comment: Comment) -> bool:
        return comment.author_id == user.pk

    def form_valid(self, form: forms.Form) -> HttpResponse:
        commenting.delete_comment(self.comment)
        messages.success(self.request, _("Your comment was deleted."))
        return redirect(f"{self.post_in_question.get_absolute_url()}#comments")


class CommentReportCreate(LimitMixin, CommentAction):
    form_class = ReasonForm
    limit = "report"
    heading = _("Report this comment to the moderators?")
    button = _("Report")

    def may_act(self, user: User, comment: Comment) -> bool:
        return comment.is_approved and comment.author_id != user.pk

    def form_valid(self, form: ReasonForm) -> HttpResponse:
        commenting.report_comment(self.comment, self.request.user, **form.cleaned_data)
        messages.success(self.request, _("Thank you. The moderators will review it."))
        return redirect(url_in_thread(self.comment))


class CommentModerate(CommentAction):
    """An act of moderation. The entry records its reason."""

    form_class = ReasonForm
    done: str

    def may_act(self, user: User, comment: Comment) -> bool:
        return may_moderate(user, self.post_in_question)

    def form_valid(self, form: ReasonForm) -> HttpResponse:
        is_done = self.act(self.comment, self.request.user, **form.cleaned_data, now=timezone.now())
        messages.success(self.request, self.done if is_done else _("This has already been done."))
        return redirect(url_in_thread(self.comment))


class CommentApprove(CommentModerate):
    heading = _("Approve this comment?")
    button = _("Approve")
    done = _("The comment is published.")
    act = staticmethod(moderation.approve)


class CommentHide(CommentModerate):
    heading = _("Hide this comment from readers?")
    button = _("Hide")
    is_danger = True
    done = _("The comment is hidden.")
    act = staticmethod(moderation.hide)


class CommentRestore(CommentModerate):
    """Restore a hidden comment. A post's author can't restore what a moderator has hidden."""

    heading = _("Show this comment to readers again?")
    button = _("Restore")
    done = _("The comment was restored.")
    act = staticmethod(moderation.restore)

    def may_act(self, user: User, comment: Comment) -> bool:
        is_own_act = comment.hidden_by == user.pk and may_moderate(user, self.post_in_question)
        return is_own_act or is_comment_moderator(user)


@method_decorator(require_POST, name="dispatch")
class CommentsClose(CommentsMixin, View):
    act = staticmethod(moderation.close_comments)
    done = _("Comments are closed.")

    def test_func(self) -> bool:
        return may_moderate(self.request.user, self.post_in_question)

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        self.act(self.post_in_question, request.user, now=timezone.now())
        messages.success(request, self.done)
        return redirect(f"{self.post_in_question.get_absolute_url()}#comments")


class CommentsOpen(CommentsClose):
    act = staticmethod(moderation.open_comments)
    done = _("Comments are open again.")
