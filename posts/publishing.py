"""The one write path of posts: web form, admin and commands save through here."""

from datetime import datetime

from django.db import transaction

from content.markup import RENDERER_VERSION, plain_text, render_post
from content.reading import count_words, excerpt
from posts import listing, search, tagging
from posts.models import EXCERPT_MAX_LENGTH, Post


class PostIsGone(Exception):  # noqa: N818  a state, not a mistake
    """The post was deleted while it was edited."""


def save_post(post: Post, *, now: datetime, tags: list[str] | None = None) -> Post:
    """Save `post`, new or changed, as updated at `now`; its status and time stay as they are.

    `tags` replaces its tags where it is given. Raises PostIsGone.
    """
    # Before the transaction: on SQLite, all who write wait for the one that is open.
    render_body(post)
    post.updated_at = now
    if post.pk is None:
        post.created_at = now
    with transaction.atomic():
        before = lock(post)
        if post.pk and before is None:
            # Saving would bring back what somebody deleted meanwhile.
            raise PostIsGone
        post.save()
        place_post(post, before, tags)
        search.index_post(post)
    return post


@transaction.atomic
def change_status(post: Post, status: str, *, to: str) -> bool:
    """Change the status from the one to the other; return False where it is neither."""
    before = lock(post)
    if before is None or before.status != status:
        return False
    # `post` may have been read before somebody moved it.
    post.status, post.publish_at, post.author_id = to, before.publish_at, before.author_id
    post.save(update_fields=["status"])
    place_post(post, before, None)
    return True


def lock(post: Post) -> Post | None:
    """Return the row as it is, with its tags, and make others wait who would change it."""
    found = Post.objects.select_for_update().filter(pk=post.pk)
    return found.prefetch_related("taggings").first()


def place_post(post: Post, before: Post | None, tags: list[str] | None) -> None:
    """Move `post` in its lists from where it was `before`, if it was anywhere and moves at all.

    `before` has its tags loaded: they are asked for after the new ones are set.
    """
    names = [tag.name for tag in before.tag_list] if before else []
    tags = names if tags is None else tags
    if before and (place(before), names) == (place(post), tags):
        return
    # First: who counts makes all others wait, and must not wait for one who makes the same tag.
    tagging.set_tags(post, tags)
    if before:
        listing.remove(before)
    listing.add(post)


def place(post: Post) -> tuple:
    return post.status, post.publish_at, post.author_id


def render_body(post: Post) -> None:
    """Derive from the body all that is shown of it; nothing is saved."""
    set_rendered(post, render_post(post.body))


def set_rendered(post: Post, html: str) -> None:
    """Take `html`, which `render_post` made of the body, and derive the rest; nothing is saved."""
    post.body_html, post.rendered_by = html, RENDERER_VERSION
    text = plain_text(html)
    post.excerpt = excerpt(text, EXCERPT_MAX_LENGTH)
    post.word_count = count_words(text)


# The columns that `render_body` fills, for commands that save no others.
RENDERED_FIELDS = ["body_html", "rendered_by", "excerpt", "word_count"]


def publish(post: Post, *, now: datetime, tags: list[str] | None = None) -> Post:
    """Save `post` and let everyone read it from `now` on; a post already out keeps its time."""
    if post.status != Post.Status.PUBLISHED:
        post.status = Post.Status.PUBLISHED
        post.publish_at = now
    return save_post(post, now=now, tags=tags)


@transaction.atomic
def delete_post(post: Post) -> None:
    """Remove `post` for good, with its comments, likes and ties to tags."""
    before = lock(post)
    # Somebody may have deleted it, or moved it, since it was read.
    if before:
        listing.remove(before)
        post.delete()
