"""HTML of the comments on a page, rendered once for all visitors who see the same."""

from datetime import datetime
from functools import partial
from typing import NamedTuple

from django.contrib.auth.models import AnonymousUser
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from accounts.models import User
from caching import fragments
from posts.discussion.commenting import EDIT_LIMIT, is_editable
from posts.models import Comment, Post, is_comment_moderator

COMMENTS_PER_PAGE = 100


class Viewer(NamedTuple):
    """Everything about visitors on which the HTML of other people's public comments depends."""

    # The position in the thread where the page begins. A visitor returns there after a reply.
    start: str
    is_member: bool
    may_reply: bool
    may_moderate: bool


class CommentPage(NamedTuple):
    """A page of a thread: the HTML of each comment by id, without its closing </li>."""

    comments: tuple[tuple[int, SafeString], ...]
    # The id, author and time of each comment.
    written: tuple[tuple[int, int, datetime], ...]
    next_start: str


def comment_page(user: User | AnonymousUser, post: Post, viewer: Viewer) -> CommentPage:
    """Return the page as `user` sees it. It is cached unless the user sees private comments."""
    if post.has_private and sees_private(user, post, viewer):
        return render_page(user, post, viewer)
    make = partial(render_page, AnonymousUser(), post, viewer)
    page = fragments.until_next_change("comments", (post.pk, viewer), make)
    comments = dict(page.comments) | own_comments(user, post, viewer, page)
    return page._replace(comments=tuple(comments.items()))


def sees_private(user: User | AnonymousUser, post: Post, viewer: Viewer) -> bool:
    own = post.comments.private().filter(author=user.pk or 0)
    return viewer.may_moderate or (viewer.is_member and own.exists())


def render_page(user: User | AnonymousUser, post: Post, viewer: Viewer) -> CommentPage:
    thread = Comment.objects.in_thread(user, post).filter(path__gte=viewer.start)
    # This includes the first comment of the next page.
    found = list(thread.for_page()[: COMMENTS_PER_PAGE + 1])
    comments = found[:COMMENTS_PER_PAGE]
    return CommentPage(
        tuple((comment.pk, render_comment(comment, user, post, viewer)) for comment in comments),
        tuple((comment.pk, comment.author_id, comment.created_at) for comment in comments),
        found[-1].path if len(found) > COMMENTS_PER_PAGE else "",
    )


def own_comments(
    user: User | AnonymousUser, post: Post, viewer: Viewer, page: CommentPage
) -> dict[int, SafeString]:
    """Return the comments on `page` that `user` wrote, with the buttons for their writer."""
    user_pk = user.pk
    editable_since = timezone.now() - EDIT_LIMIT
    # Whether a comment has a link for editing depends on the time, so this is part of the key.
    own = {pk: at >= editable_since for pk, author, at in page.written if author == user_pk}
    if not own:
        return {}

    def make() -> tuple[tuple[int, SafeString], ...]:
        comments = Comment.objects.in_thread(user, post).for_page().filter(pk__in=own)
        return tuple((c.pk, render_comment(c, user, post, viewer)) for c in comments)

    key = (viewer, user_pk, *own.items())
    return dict(fragments.until_next_change("own comments", key, make))


def render_comment(
    comment: Comment, user: User | AnonymousUser, post: Post, viewer: Viewer
) -> SafeString:
    """Return the HTML of a comment with links for acting on it, or of its placeholder."""
    is_own = comment.author_id == user.pk
    may_reply = viewer.may_reply and comment.is_approved
    is_hider = is_comment_moderator(user) or comment.hidden_by == user.pk
    values = {
        "post_pk": post.pk,
        "post_author_pk": post.author_id,
        "is_member": viewer.is_member,
        "is_own": is_own,
        "may_reply": may_reply,
        # A refused comment is shown again at another address, where a relative link would fail.
        "post_url": post.get_absolute_url() if may_reply else "",
        "start": viewer.start if may_reply else "",
        "may_edit": is_own and is_editable(comment, timezone.now()),
        "may_moderate": viewer.may_moderate,
        "may_restore": comment.is_hidden and is_hider,
    }
    key = (*values.values(), *map(fragments.values_of, (comment, comment.author)))
    context = {"comment": comment, **values}
    return fragments.by_value(
        "comment", key, lambda: render_to_string("posts/_comment.html", context)
    )


def split_at(comments: dict[int, SafeString], pk: int | None) -> tuple[SafeString, SafeString]:
    """Return the HTML up to the comment `pk`, which stays open for a form, and the rest."""
    parts = list(comments.values())
    end = list(comments).index(pk) + 1 if pk in comments else len(parts)
    return join(parts[:end]), join(["", *parts[end:], ""])


def join(parts: list[SafeString]) -> SafeString:
    return mark_safe("</li>\n".join(parts))  # noqa: S308  a template made each of them
