"""The single write path of posts, used by the web form, the admin and the commands."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from django.db import transaction

from caching import pages, takedown
from content.directions import with_directions
from content.excerpts import make_excerpt
from content.markup import RENDERER_VERSION, plain_text, render_with_lead
from content.reading import count_words
from posts import listing, search, tagging
from posts.models import EXCERPT_MAX_LENGTH, Post, PostText, Revision, Tag
from posts.writing import history
from posts.writing.edit import Edit
from posts.writing.languages import typographic_language


class PostIsGone(Exception):  # noqa: N818  a state, not a mistake
    """The post was deleted or moved to the trash during the edit."""


class EditConflict(Exception):  # noqa: N818  a state, not a mistake
    """Another person or tab has saved a newer version than the edited one."""


class TitleMissing(Exception):  # noqa: N818  a state, not a mistake
    """A published or scheduled post needs a title."""


# Queries in `discussion` change these columns. Saving a post that was read earlier would restore
# their old values.
NOT_EDITED = {"like_count", "comment_count", "comments_open"}
REVIEW_COLUMNS = ("review", "review_at", "review_note")
# A post's status and publication time.
State = tuple[str, datetime | None]


def save_post(post: Post, edit: Edit, move: Callable[[Post], State] | None = None) -> Post:
    """Save `post`, new or changed, with a revision.

    `move` returns the new state, given the locked row. Without it, the post keeps its own state,
    but a post that a moderator hid stays hidden. Raises PostIsGone and EditConflict.
    """
    # Render before the transaction, because on SQLite an open one makes all other writers wait.
    text = render_body(post)
    found_by = None if edit.is_autosave else search.tokens_of(post, text)
    return write_post(post, found_by, edit, move)


@tagging.retry_if_tags_moved
def write_post(
    post: Post,
    found_by: dict[str, str] | None,
    edit: Edit,
    move: Callable[[Post], State] | None,
) -> Post:
    """Write the rendered `post`, its revision, its list positions and its search document."""
    before = lock_for_edit(post, edit)
    if edit.is_autosave and before and not before.is_draft:
        # The draft has been published in the meantime. An automatic save never changes what readers
        # see.
        raise EditConflict
    state = next_state(post, before, move)
    locked = tags_to_save(post, before, state, edit)
    post.status, post.publish_at = state
    text = text_to_save(post, before, edit)
    set_dates(post, before, text, edit.at)
    set_review(post, before, edit)
    post.version = before.version + 1 if before else 1
    post.edit_session = edit.session
    save_row(post, before)
    history.record(before, post, text, edit)
    if found_by:
        search.index_post(post, found_by, locked)
    update_lists(post, before, locked)
    return post


def lock_for_edit(post: Post, edit: Edit) -> Post | None:
    """Lock and return the row.

    Raise PostIsGone if it was deleted, EditConflict if it is newer than the edited version.
    """
    before = lock(post)
    if post.pk and (before is None or before.is_in_trash):
        # Saving would restore a post that someone has just deleted.
        raise PostIsGone
    is_newer = before and edit.version is not None and edit.version != before.version
    if is_newer and not may_continue(before, edit):
        raise EditConflict
    return before


def may_continue(before: Post, edit: Edit) -> bool:
    """Return whether the editor may continue from its own save whose response was lost.

    An autosave may not continue from a save made on purpose: it may arrive late with older text.
    """
    if not edit.session or before.edit_session != edit.session:
        return False
    last = history.newest(before)
    return not edit.is_autosave or last.is_autosave or last.edit_session != edit.session


def next_state(post: Post, before: Post | None, move: Callable[[Post], State] | None) -> State:
    if before and before.is_hidden:
        return before.status, before.publish_at
    return move(before) if before and move else (post.status, post.publish_at)


def text_to_save(post: Post, before: Post | None, edit: Edit) -> PostText:
    """Return the text of `post` with the tags of `edit`, or else with those that it has."""
    if edit.tags is not None:
        return post.text_with(", ".join(edit.tags))
    return post.text_with(before.tags_text if before else "")


def set_dates(post: Post, before: Post | None, text: PostText, at: datetime) -> None:
    """Set the dates of a new `post`, or of one whose text or cover changes."""
    if before is None:
        post.created_at = post.updated_at = at
    elif (text, post.cover) != (before.text, before.cover):
        post.updated_at = at


def set_review(post: Post, before: Post | None, edit: Edit) -> None:
    """Set the columns of the review. It ends when an editor publishes or unpublishes the post."""
    is_as_before = before and before.status == post.status and not post.is_published
    if edit.review is None and is_as_before:
        for name in REVIEW_COLUMNS:
            setattr(post, name, getattr(before, name))
        return
    post.review = edit.review or ""
    post.review_at = edit.at if post.review else None
    post.review_note = edit.reason if post.review else ""


def save_row(post: Post, before: Post | None) -> None:
    """Insert `post`, or update its row except for the columns in NOT_EDITED."""
    if before is None:
        post.save()
        return
    columns = {field.attname for field in post._meta.concrete_fields if not field.primary_key}
    post.save(update_fields=columns - post.get_deferred_fields() - NOT_EDITED)


@tagging.retry_if_tags_moved
def change_status(post: Post, status: str, *, to: str) -> bool:
    """Change the status to `to`. Return False if the current status is not `status`."""
    before = lock(post)
    if before is None or before.status != status:
        return False
    move_row(post, before, to)
    return True


def lock(post: Post) -> Post | None:
    """Lock the row against changes and return it with its tags."""
    if post.pk is None:
        return None
    found = Post.objects.select_for_update().filter(pk=post.pk)
    return found.prefetch_related("taggings").first()


def tags_to_save(post: Post, before: Post | None, state: State, edit: Edit) -> list[Tag]:
    """Return the new tags of `post`, locked unless they and its list positions stay the same."""
    had = before.tag_list if before else []
    is_tagged_so = edit.tags is None or edit.tags == [tag.name for tag in had]
    is_placed_so = before and listed_as(before) == (*state, post.author_id)
    if edit.is_autosave and is_tagged_so and is_placed_so:
        return had
    # Lock tags before counting. A transaction that counts blocks all others, so it must not wait
    # for one that creates the same tag.
    return tagging.find_and_lock_tags(edit.tags, before)


def update_lists(post: Post, before: Post | None, tags: list[Tag]) -> None:
    """Move `post` in its lists from its position `before`, and set its locked `tags`.

    Call it last: from the first counter on, all others who publish wait. Invalidate cached pages if
    the post is or was published. That includes scheduled posts, because pages are cached until the
    next one is published.
    """
    if before and before.is_published:
        takedown.announce()
    elif post.is_published:
        pages.changed()
    had = before.tag_list if before else []
    if before and tags == had and listed_as(before) == listed_as(post):
        return
    tagging.set_tags(post, tags, had)
    if before:
        listing.remove(before)
    listing.add(post, tags)


def listed_as(post: Post) -> tuple:
    return post.status, post.publish_at, post.author_id


def render_body(post: Post) -> str:
    """Set the fields derived from the body, and return its plain text. Save nothing."""
    return set_rendered(post, *render_with_lead(post.body, typographic_language(post)))


def set_rendered(post: Post, html: str, lead: str = "") -> str:
    """Do the work of `render_body` with the results of `render_with_lead`."""
    post.body_html = with_directions(html)
    post.rendered_by = RENDERER_VERSION
    text = plain_text(html)
    first = plain_text(lead) if lead else text
    post.excerpt = make_excerpt(lead or html, first, EXCERPT_MAX_LENGTH)
    post.word_count = count_words(text)
    return text


# The columns that `render_body` sets, for commands that save only these.
RENDERED_FIELDS = ["body_html", "rendered_by", "excerpt", "word_count"]


def publish(post: Post, edit: Edit) -> Post:
    """Save `post` and publish it now. A post that is already published keeps its time."""

    def published(before: Post) -> State:
        at = before.publish_at if before.is_listed(edit.at) else edit.at
        return Post.Status.PUBLISHED, at

    if post.pk is None:
        post.status = Post.Status.PUBLISHED
        post.publish_at = edit.at
    return save_post(post, edit, published)


def schedule(post: Post, at: datetime, edit: Edit) -> Post:
    """Save `post` so that everyone can read it from `at`, to the second and without a job.

    Raise EditConflict if the post was published after it was read.
    """
    was_listed = post.is_published and post.is_listed(edit.at)

    def later(before: Post) -> State:
        if before.is_listed(edit.at) and not was_listed:
            raise EditConflict
        return Post.Status.PUBLISHED, at

    post.status = Post.Status.PUBLISHED
    post.publish_at = at
    return save_post(post, edit, later)


def save_draft(post: Post, edit: Edit) -> Post:
    """Save `post` so that only its author can read it, with its later time if it has one.

    Raise EditConflict if the draft was published after it was read.
    """
    was_draft = post.is_draft
    at = post.publish_at

    def draft(before: Post) -> State:
        if was_draft and before.is_published:
            raise EditConflict
        return Post.Status.DRAFT, at

    post.status = Post.Status.DRAFT
    return save_post(post, edit, draft)


def save_hidden(post: Post, edit: Edit) -> Post:
    """Save a post that a moderator hid. Raise EditConflict if it has since been restored."""

    def refuse(before: Post) -> State:
        raise EditConflict

    return save_post(post, edit, refuse)


def unpublish(post: Post, edit: Edit) -> Post:
    """Save `post` as a draft without a time, which readers no longer see."""
    post.publish_at = None
    return save_draft(post, edit)


def update(post: Post, edit: Edit) -> Post:
    """Save the text of `post` and keep its state."""
    return save_post(post, edit, lambda before: (before.status, before.publish_at))


def restore_revision(
    post: Post, revision: Revision, edit: Edit, *, is_private: bool = False
) -> Post:
    """Save the text of `revision` again and keep the state of `post`.

    If `is_private`, readers don't see it. Raises TitleMissing, PostIsGone and EditConflict.
    """
    if not revision.title and not post.is_draft:
        raise TitleMissing
    post.set_text(revision.text)
    # Use a new edit session, so that this doesn't count as continuing unsaved edits.
    tags = tagging.split_tags(revision.tags)
    save = autosave if is_private else update
    return save(post, replace(edit, tags=tags, session=uuid4().hex))


def autosave(post: Post, edit: Edit) -> Post:
    """Save the text while the author types: in a draft itself, or beside any other post.

    Raises PostIsGone and EditConflict.
    """
    edit = replace(edit, is_autosave=True, reason="")
    if post.pk is None or post.is_draft:
        return save_draft(post, edit)
    return save_private_version(post, edit)


@transaction.atomic
def save_private_version(post: Post, edit: Edit) -> Post:
    """Save edits of a post without changing what its readers see."""
    before = lock_for_edit(post, edit)
    history.record(before, post, post.text_with(", ".join(edit.tags)), edit)
    post.version = before.version + 1
    post.edit_session = edit.session
    changed = ["version", "edit_session"]
    if edit.review is not None:
        set_review(post, before, edit)
        changed += REVIEW_COLUMNS
    Post.objects.filter(pk=post.pk).update(**{name: getattr(post, name) for name in changed})
    return post


@tagging.retry_if_tags_moved
def trash_post(post: Post, *, now: datetime) -> bool:
    """Move `post` and all that belongs to it to the trash. Return False if it is already there."""
    before = lock(post)
    if before is None or before.is_in_trash:
        return False
    move_row(post, before, Post.Status.TRASH, trashed_from=before.status, trashed_at=now)
    return True


@tagging.retry_if_tags_moved
def restore_from_trash(post: Post, *, now: datetime, as_draft: bool = False) -> bool:
    """Restore `post` from the trash with its earlier status. Return False if it is not there.

    A post whose scheduled time has passed becomes a draft, because no one decided to publish it.
    With `as_draft`, any published or scheduled post does.
    """
    before = lock(post)
    if before is None or not before.is_in_trash:
        return False
    was = Post(status=before.trashed_from, publish_at=before.publish_at)
    came_due = was.is_listed(now) and not was.is_listed(before.trashed_at)
    is_draft = came_due or (as_draft and was.is_published)
    move_row(post, before, Post.Status.DRAFT if is_draft else was.status)
    return True


def move_row(
    post: Post,
    before: Post,
    status: str,
    *,
    trashed_from: str = "",
    trashed_at: datetime | None = None,
) -> None:
    """Save the status of `post` and move it in its lists. Its other values may be outdated."""
    tags = tagging.find_and_lock_tags(None, before)
    post.status = status
    post.trashed_from = trashed_from
    post.trashed_at = trashed_at
    post.publish_at = before.publish_at
    post.author_id = before.author_id
    post.save(update_fields=["status", "trashed_from", "trashed_at"])
    update_lists(post, before, tags)


@tagging.retry_if_tags_moved
def delete_post(post: Post) -> None:
    """Delete `post` permanently, with its comments, likes, revisions and taggings."""
    before = lock(post)
    # Someone may have deleted or moved it since it was read.
    if before:
        tagging.find_and_lock_tags(None, before)
        post.delete()
        listing.remove(before)
        takedown.announce()


@transaction.atomic
def delete_from_trash(post: Post) -> bool:
    """Delete `post` permanently. Return False if someone has restored it since it was read."""
    before = lock(post)
    if before is None or before.trashed_at != post.trashed_at:
        return False
    delete_post(post)
    return True
