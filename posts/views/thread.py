"""What a post's page shows of its discussion: likes, a page of comments, the form."""

import re

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from posts.discussion import EDIT_LIMIT
from posts.forms import CommentForm
from posts.models import (
    COMMENT_MAX_DEPTH,
    COMMENT_MAX_LENGTH,
    PATH_STEP,
    Comment,
    Post,
    is_comment_moderator,
    may_moderate,
)

COMMENTS_PER_PAGE = 100
# In the session: a comment that nobody could be asked about.
UNSENT = "unsent_comment"
PATH = re.compile(rf"([0-9]{{{PATH_STEP}}}){{1,{COMMENT_MAX_DEPTH}}}")


def discussion_of(request: HttpRequest, post: Post, form: CommentForm | None = None) -> dict:
    """Return what the page says, with one query for the comments.

    `form` is a refused one, which comes back with what was typed.
    """
    now = timezone.now()
    context = {"is_out": post.is_out(now)}
    if not settings.COMMENTS_ENABLED:
        return context
    return context | {
        "comments_enabled": True,
        "may_moderate": may_moderate(request.user, post),
        "is_comment_moderator": is_comment_moderator(request.user),
        "edit_since": now - EDIT_LIMIT,
        **page_of_comments(request, post, form),
        **comment_form_of(request, post, form),
    }


def page_of_comments(request: HttpRequest, post: Post, form: CommentForm | None) -> dict:
    """Return the comments from the path on that `?from=` names, and where the next page begins."""
    start = start_of(form.answered) if form and form.answered else request.GET.get("from", "")
    # Checked, because the database would stumble over some of what it is compared with.
    start = start if PATH.fullmatch(start) else ""
    comments = Comment.objects.visible_to(request.user, post).filter(path__gte=start)
    found = list(comments.for_page()[: COMMENTS_PER_PAGE + 1])
    next_start = found[-1].path if len(found) > COMMENTS_PER_PAGE else ""
    return {"comments": found[:COMMENTS_PER_PAGE], "start": start, "next_start": next_start}


def comment_form_of(request: HttpRequest, post: Post, form: CommentForm | None) -> dict:
    """Return the form, where the visitor may comment, and the comment that it answers."""
    may_comment = request.user.is_authenticated and post.comments_open
    if form is None and may_comment and post.is_out(timezone.now()):
        asked = {"parent": request.GET["reply"]} if "reply" in request.GET else {}
        form = CommentForm(post=post, initial=unsent_comment(request, post) | asked)
    return {"comment_form": form, "answered": form and form.answered}


def keep_unsent(request: HttpRequest, post_pk: int) -> None:
    """Keep what was typed while the session ended, until its writer has logged in again."""
    body, parent = request.POST.get("body", ""), request.POST.get("parent", "")
    if body.strip() and len(body) <= COMMENT_MAX_LENGTH and len(parent) <= PATH_STEP:
        request.session[UNSENT] = {"post": post_pk, "body": body, "parent": parent}


def unsent_comment(request: HttpRequest, post: Post) -> dict[str, str]:
    unsent = request.session.get(UNSENT, {})
    return unsent if unsent.get("post") == post.pk else {}


def start_of(comment: Comment) -> str:
    """Return the path at which a page begins that shows `comment`; empty for the first page."""
    before = Comment.objects.filter(post=comment.post_id, path__lt=comment.path)
    is_on_first_page = before[:COMMENTS_PER_PAGE].count() < COMMENTS_PER_PAGE
    return "" if is_on_first_page else comment.path


def place_of(comment: Comment) -> str:
    """Return the address of `comment` on the page of its thread."""
    start = start_of(comment)
    query = f"?from={start}" if start else ""
    return f"{comment.post.get_absolute_url()}{query}#comment-{comment.pk}"
