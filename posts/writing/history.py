"""The history of a post: its revisions, and the rules for keeping them.

Every function that writes runs inside the transaction of `publishing` that locks the post's row.
"""

from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise

from django.db.models import (
    BooleanField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    prefetch_related_objects,
)
from django.db.models.functions import MD5, Length
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from content.bulkhead import slot_for
from content.difference import (
    Change,
    count_changed_words,
    difference,
    removes_most,
    shortened,
)
from posts.models import BODY_MAX_LENGTH, TEXT_COLUMNS, Post, PostText, Revision
from posts.writing.edit import Edit
from posts.writing.forms import text_labels

# Only the last revision of each day (UTC) is kept after this time.
ALL_KEPT_FOR = timedelta(days=30)
# The most characters that one page of the history compares.
COMPARED_MAX = 2 * BODY_MAX_LENGTH


def newest(post: Post) -> Revision | None:
    return post.revisions.first()


def unsaved_edits(post: Post) -> Revision | None:
    """Return the newest revision if it is an automatic save beside a post that isn't a draft."""
    revision = None if post.is_draft else newest(post)
    is_beside = revision and revision.is_autosave and revision.text != post.text
    return revision if is_beside else None


def superseded_edits(post: Post) -> Revision | None:
    """Return the author's edits if someone else's later save left them out."""
    newer, *older = post.revisions.defer("body")[:2] or [None]
    is_others = newer and not newer.is_autosave and newer.saved_by_id != post.author_id
    is_left_out = is_others and older and older[0].is_autosave and older[0].text != newer.text
    return older[0] if is_left_out else None


def current_text(post: Post) -> PostText:
    """Return the text that was saved last, either beside `post` or in it."""
    edits = unsaved_edits(post)
    return edits.text if edits else post.text


def differences(old: PostText, new: PostText) -> list[tuple[str, list[Change]]]:
    """Return the differences between two versions, with the label of each field.

    Raise Busy if there is no free slot for long texts: a comparison takes up to half a second.
    """
    pairs = zip(text_labels(), old, new, strict=True)
    with slot_for("".join((*old, *new))):
        found = [(label, shortened(difference(before, after))) for label, before, after in pairs]
    return [(label, changes) for label, changes in found if changes]


def revisions_of(post: Post) -> QuerySet:
    """Return the revisions of `post`, newest first, with their authors but without their text."""
    return post.revisions.select_related("saved_by").defer(*PostText._fields)


def times_of_edits(posts: list[Post]) -> dict[int, datetime]:
    """Return the time of each post's edits that `unsaved_edits` finds, in two queries.

    It doesn't read the bodies of the posts.
    """
    by_pk = {post.pk: post for post in posts if not post.is_draft}
    newer = Revision.objects.filter(post=OuterRef("post"), number__gt=OuterRef("number"))
    rows = Revision.objects.filter(~Exists(newer), post__in=by_pk, is_autosave=True)
    is_same = Q(**{name: F(f"post__{name}") for name in TEXT_COLUMNS})
    rows = rows.annotate(is_same=ExpressionWrapper(is_same, BooleanField()))
    found = list(rows.values_list("post", "saved_at", "is_same", "tags"))
    prefetch_related_objects([by_pk[pk] for pk, *_ in found], "taggings")
    return {pk: at for pk, at, is_same, tags in found if not is_same or tags != by_pk[pk].tags_text}


def changes_in(revisions: list[Revision]) -> dict[int, list[str]]:
    """Return descriptions of the changes in `revisions`, newest first, by revision number.

    The newest bodies are compared word by word, COMPARED_MAX characters in all. For the others,
    only their lengths and digests are compared. Takes two queries.
    """
    if not revisions:
        return {}
    older = Revision.objects.filter(post=revisions[0].post_id, number__lte=revisions[0].number)
    sizes = {"length": Length("body"), "digest": MD5("body")}
    rows = older.defer("body").annotate(**sizes)[: len(revisions) + 1]
    lengths = accumulate(row.length for row in rows)
    read = [row.pk for row, total in zip(rows, lengths, strict=True) if total <= COMPARED_MAX]
    bodies = dict(Revision.objects.filter(pk__in=read).values_list("pk", "body"))
    return {new.number: describe_changes(old, new, bodies) for new, old in pairwise(rows)}


def describe_changes(old: Revision, new: Revision, bodies: dict[int, str]) -> list[str]:
    """Return sentences about what `new` changed in `old`. `bodies` has the bodies to compare."""
    said = describe_body(old, new, bodies)
    for name, label in zip(PostText._fields, text_labels(), strict=True):
        if name != "body" and getattr(old, name) != getattr(new, name):
            said.append(_("%(field)s changed") % {"field": label})
    return said


def describe_body(old: Revision, new: Revision, bodies: dict[int, str]) -> list[str]:
    if old.pk not in bodies or new.pk not in bodies:
        more = new.length - old.length
        return count_characters(more) if more else [_("Body changed")] * (old.digest != new.digest)
    before, after = bodies[old.pk], bodies[new.pk]
    added, removed = count_changed_words(before, after)
    said = []
    if added:
        said.append(ngettext("%d word added", "%d words added", added) % added)
    if removed:
        said.append(ngettext("%d word removed", "%d words removed", removed) % removed)
    return said or [_("Only punctuation, spaces or the order changed")] * (before != after)


def count_characters(more: int) -> list[str]:
    added = ngettext("%d character added", "%d characters added", more)
    removed = ngettext("%d character removed", "%d characters removed", -more)
    return [added % more if more > 0 else removed % -more]


def number_readers_see(post: Post, now: datetime) -> int | None:
    """Return the number of the revision that everyone reads at `now`."""
    on_purpose = (
        post.revisions.filter(is_autosave=False) if post.is_listed(now) else Revision.objects.none()
    )
    return on_purpose.values_list("number", flat=True).first()


def record(before: Post | None, post: Post, text: PostText, edit: Edit) -> None:
    """Add a revision with `text` to the saved `post`. The row `before` becomes the first revision.

    Don't add a revision that repeats the last one, unless the edit gives a reason.
    """
    last = find_last(before)
    if is_continued(last, text, edit):
        write(last, text, edit)
    elif edit.reason or not is_repeated(last, text, edit):
        write(Revision(post=post, number=last.number + 1 if last else 1), text, edit)
    else:
        return
    # A newer post has no revisions to thin out, and publishing takes long enough already.
    is_moved = before and (before.status, before.publish_at) != (post.status, post.publish_at)
    is_old = post.created_at < edit.at - ALL_KEPT_FOR
    if last and is_old and not edit.is_autosave and not is_moved:
        thin_out(post, edit.at)


def find_last(before: Post | None) -> Revision | None:
    """Return the newest revision, creating it if there is none. Return None for a new post."""
    return (newest(before) or first_revision(before)) if before else None


def is_continued(last: Revision | None, text: PostText, edit: Edit) -> bool:
    """Return whether `edit` continues the last autosave of the same edit session.

    Return False if it removes most of the body, because the autosave may be the only copy of a text
    that was selected and overwritten by mistake.
    """
    is_own = last and last.is_autosave and edit.session and last.edit_session == edit.session
    return bool(is_own) and not removes_most(last.body, text.body)


def is_repeated(last: Revision | None, text: PostText, edit: Edit) -> bool:
    is_same = last is not None and last.text == text
    return is_same and (edit.is_autosave or not last.is_autosave)


def write(revision: Revision, text: PostText, edit: Edit) -> None:
    revision.set_text(text)
    revision.saved_by_id = edit.by.pk if edit.by else revision.post.author_id
    revision.saved_at = edit.at
    revision.reason = edit.reason
    revision.is_autosave = edit.is_autosave
    revision.edit_session = edit.session
    revision.save()


def first_revision(before: Post) -> Revision:
    """Save the original text of a post made in bulk, before its first change."""
    return Revision.objects.create(
        post_id=before.pk,
        number=1,
        **before.text._asdict(),
        saved_by_id=before.author_id,
        saved_at=before.updated_at,
    )


def thin_out(post: Post, now: datetime) -> int:
    """Delete old revisions of `post` except the last of each day; return the number deleted.

    It also keeps the last one saved on purpose, because readers see it or have seen it.
    """
    return post.revisions.filter(pk__in=superfluous(post, now)).delete()[0]


def superfluous(post: Post, now: datetime) -> list[int]:
    """Return the ids of the revisions that `thin_out` deletes."""
    days = set()
    found = []
    for pk, saved_at, last_on_purpose in old_revisions(post, now):
        day = saved_at.astimezone(UTC).date()
        if day in days and pk != last_on_purpose:
            found.append(pk)
        days.add(day)
    return found


def old_revisions(post: Post, now: datetime) -> QuerySet:
    """Return the old revisions, newest first: id, time, and the id of the last manual save."""
    old = post.revisions.filter(saved_at__lt=now - ALL_KEPT_FOR)
    on_purpose = Subquery(post.revisions.filter(is_autosave=False).values("pk")[:1])
    return old.annotate(on_purpose=on_purpose).values_list("pk", "saved_at", "on_purpose")
