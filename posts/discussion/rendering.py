"""HTML of the comments on a page, rendered once for all visitors who see the same."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import NamedTuple

from django.contrib.auth.models import AnonymousUser
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from accounts.models import User
from caching import fragments
from posts.discussion.commenting import EDIT_LIMIT
from posts.models import (
    Comment,
    CommentPlace,
    CommentWords,
    Post,
    is_comment_moderator,
    may_moderate,
)

NOTHING = SafeString("")


class CommentKey(NamedTuple):
    """Everything besides the comment itself that its HTML depends on."""

    pk: int
    # The page of the thread, to which a reply returns. Empty if the visitor may not reply.
    start: str
    # The status by which its visibility was decided. With another status, others may see it.
    status: str
    is_shown: bool
    is_member: bool
    is_own: bool
    may_reply: bool
    may_edit: bool
    may_moderate: bool
    may_restore: bool

    @property
    def has_acts(self) -> bool:
        """Return whether the visitor may do anything with the comment."""
        return self.is_member and self.is_shown and self.status != Comment.Status.DELETED


@dataclass(frozen=True, slots=True)
class Reader:
    """A visitor to the comments of a post, and the visitor's permissions there."""

    pk: int | None
    start: str
    is_member: bool
    may_reply: bool
    may_moderate: bool
    is_comment_moderator: bool
    # None for a visitor who wrote no comment here.
    edit_since: datetime | None

    @classmethod
    def of(cls, user: User | AnonymousUser, post: Post, start: str, *, may_reply: bool) -> "Reader":
        return cls(
            user.pk,
            start,
            user.is_authenticated,
            may_reply,
            may_moderate(user, post),
            is_comment_moderator(user),
            timezone.now() - EDIT_LIMIT,
        )

    def as_anybody(self) -> "Reader":
        """Return a reader with the same permissions who wrote none of the comments."""
        return replace(self, pk=None, edit_since=None)

    def keys_of(self, places: Sequence[CommentPlace]) -> list[CommentKey]:
        return [self.key_of(place) for place in places]

    def key_of(self, place: CommentPlace) -> CommentKey:
        is_own = place.author_pk == self.pk
        is_hidden = place.status == Comment.Status.HIDDEN
        may_reply = self.may_reply and place.status == Comment.Status.APPROVED
        return CommentKey(
            place.pk,
            self.start if may_reply else "",
            place.status,
            place.is_shown,
            self.is_member,
            is_own,
            may_reply,
            is_own and not is_hidden and place.created_at >= self.edit_since,
            self.may_moderate,
            is_hidden and (self.is_comment_moderator or place.hidden_by == self.pk),
        )


class PublicPage(NamedTuple):
    """A page of a thread without private comments, for visitors who wrote none of them."""

    # These include the first comment of the next page.
    places: tuple[CommentPlace, ...]
    comments: tuple[tuple[int, SafeString], ...]


def public_page(post: Post, reader: Reader, size: int) -> PublicPage:
    """Return the reader's page, cached for all readers with the same permissions."""
    anybody = reader.as_anybody()

    def make(keys: list) -> dict:
        thread = Comment.objects.filter(post=post, path__gte=reader.start)
        places = thread.public_places(size + 1)
        comments = by_pk(render_comments(post, anybody.keys_of(places[:size])))
        return {keys[0]: PublicPage(tuple(places), tuple(comments.items()))}

    key = (post.pk, anybody)
    return fragments.until_next_change("comments", [key], make)[key]


def own_comments(post: Post, reader: Reader, page: PublicPage) -> dict[int, SafeString]:
    """Return the comments on `page` that `reader` wrote, with the buttons for their writer."""
    shown = {pk for pk, _ in page.comments}
    own = [place for place in page.places if place.author_pk == reader.pk and place.pk in shown]
    make = partial(render_comments, post)
    return by_pk(fragments.until_next_change("own comment", reader.keys_of(own), make))


def render_comments(post: Post, keys: list[CommentKey]) -> dict[CommentKey, SafeString]:
    """Return the HTML of comments on `post`, without their closing </li>.

    Leave out comments whose status has changed since their visibility was decided.
    """
    said = Comment.objects.said([key.pk for key in keys])
    same = [key for key in keys if key.pk in said and said[key.pk].status == key.status]
    words = {key: (said[key.pk], key.is_shown, post.author_id) for key in same}
    acts = {key: (key, post.pk) for key in same if key.has_acts}
    html = fragments.by_value("comment", list(words.values()), make_comments)
    html |= fragments.by_value("comment acts", list(acts.values()), make_acts)
    return {key: html[words[key]] + html.get(acts.get(key), NOTHING) for key in same}


def make_comments(keys: list[tuple[CommentWords, bool, int]]) -> dict[tuple, SafeString]:
    return {key: render_comment(*key) for key in keys}


def render_comment(words: CommentWords, is_shown: bool, post_author_pk: int) -> SafeString:
    """Return the HTML of a comment, or of its placeholder if it is not shown."""
    comment = Comment.of_words(words)
    context = {"comment": comment, "is_shown": is_shown, "post_author_pk": post_author_pk}
    return render_to_string("posts/_comment.html", context)


def make_acts(keys: list[tuple[CommentKey, int]]) -> dict[tuple, SafeString]:
    return {key: render_acts_on(*key) for key in keys}


def render_acts_on(key: CommentKey, post_pk: int) -> SafeString:
    """Return the HTML of the links for acting on a comment."""
    context = {"post_pk": post_pk, **key._asdict()}
    return render_to_string("posts/_comment_acts.html", context)


def by_pk(comments: dict[CommentKey, SafeString]) -> dict[int, SafeString]:
    return {key.pk: html for key, html in comments.items()}


def split_at(comments: dict[int, SafeString], pk: int | None) -> tuple[SafeString, SafeString]:
    """Return the HTML up to the comment `pk`, which stays open for a form, and the rest."""
    parts = list(comments.values())
    end = list(comments).index(pk) + 1 if pk in comments else len(parts)
    return join(parts[:end]), join(["", *parts[end:], ""])


def join(parts: list[SafeString]) -> SafeString:
    return mark_safe("</li>\n".join(parts))  # noqa: S308  a template made each of them
