"""The discussion on a post's page: likes, a page of comments and the form."""

import re

from crispy_forms.templatetags.crispy_forms_filters import as_crispy_form
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from accounts.models import UnsavedText
from accounts.unsaved_text import unsaved_texts_of
from caching import fragments
from identity import current
from posts.discussion.forms import CommentForm
from posts.discussion.rendering import COMMENTS_PER_PAGE, Viewer, comment_page, split_at
from posts.models import COMMENT_MAX_DEPTH, PATH_STEP, Comment, Post, may_moderate

PATH = re.compile(rf"([0-9]{{{PATH_STEP}}}){{1,{COMMENT_MAX_DEPTH}}}")


def discussion_of(request: HttpRequest, post: Post, form: CommentForm | None = None) -> dict:
    """Return the context of the discussion, with one query for the comments.

    `form` is a refused form, shown again with its text. An unsaved comment is shown the same way.
    """
    now = timezone.now()
    context = {"is_listed": post.is_listed(now)}
    if not current.site().comments_enabled:
        return context
    if form is None and "recovered" in request.GET:
        recovered = unsaved_comment(request, post)
        form = recovered and CommentForm(post=post, initial=recovered.initial)
        context["recovered"] = recovered
    return context | {"comments_enabled": True, **page_of_comments(request, post, form)}


def page_of_comments(request: HttpRequest, post: Post, form: CommentForm | None) -> dict:
    """Return the comments that start at the path in `?from=`, and the start of the next page."""
    start = request.GET.get("from", "")
    # Check the value, because some values make the database query fail.
    start = start if PATH.fullmatch(start) else ""
    shown = comment_form_of(request, post, form)
    user = request.user
    may_reply = bool(shown["comment_form"])
    viewer = Viewer(start, user.is_authenticated, may_reply, may_moderate(user, post))
    page = comment_page(user, post, viewer)
    replied_to = shown["replied_to"]
    if replied_to and replied_to.pk not in dict(page.comments):
        # The comment has moved to another page in the meantime, or belongs to a refused form.
        viewer = viewer._replace(start=start_of(replied_to))
        page = comment_page(user, post, viewer)
    comments = dict(page.comments)
    before_form, after_form = split_at(comments, replied_to and replied_to.pk)
    return shown | {
        "comments": before_form,
        "comments_after_form": after_form,
        "has_form_inside": bool(replied_to) and replied_to.pk in comments,
        "may_moderate": viewer.may_moderate,
        "start": viewer.start,
        "next_start": page.next_start,
    }


def comment_form_of(request: HttpRequest, post: Post, form: CommentForm | None) -> dict:
    """Return the form, if the visitor may comment, and the comment to reply to."""
    may_comment = request.user.is_authenticated and post.comments_open
    if form is None and may_comment and post.is_listed(timezone.now()):
        asked = {"parent": request.GET["reply"]} if "reply" in request.GET else {}
        form = CommentForm(post=post, initial=asked)
    fields = fields_of(form) if form else ""
    return {"comment_form": form, "comment_fields": fields, "replied_to": form and form.replied_to}


def fields_of(form: CommentForm) -> SafeString:
    """Return the fields as HTML. Empty fields are the same for everyone, so they are cached."""
    if form.is_bound or form.initial:
        return as_crispy_form(form)
    return fragments.by_value("comment fields", "", lambda: as_crispy_form(form))


def page_of_form(post_pk: int) -> str:
    """Return the path of the form's page, without the slug that reveals the title of a draft."""
    return reverse("posts:post_short", kwargs={"pk": post_pk})


def unsaved_comment(request: HttpRequest, post: Post) -> UnsavedText | None:
    """Return the comment on `post` that the visitor typed while they were logged out."""
    return unsaved_texts_of(request.user).filter(path=page_of_form(post.pk)).first()


def start_of(comment: Comment) -> str:
    """Return the start of a page that shows `comment`, or an empty string for the first page."""
    before = Comment.objects.filter(post=comment.post_id, path__lt=comment.path)
    is_on_first_page = before[:COMMENTS_PER_PAGE].count() < COMMENTS_PER_PAGE
    return "" if is_on_first_page else comment.path


def url_in_thread(comment: Comment) -> str:
    """Return the address of `comment` on the page of its thread."""
    start = start_of(comment)
    query = f"?from={start}" if start else ""
    return f"{comment.post.get_absolute_url()}{query}#comment-{comment.pk}"
