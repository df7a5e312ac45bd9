"""The write path for posts that bring their own dates: sample posts, imports and tests.

Such a post has no revision. Its history begins with its first change.
"""

from collections.abc import Iterable, Sequence

from caching import pages
from content.slugs import slugify
from posts import listing, search
from posts.models import Post, Tag, Tagging
from posts.models.tags import tag_key
from posts.tagging import find_and_lock_tags, retry_if_tags_moved
from posts.writing.publishing import render_body


@retry_if_tags_moved
def add_posts(posts: list[Post], names: Sequence[Sequence[str]]) -> None:
    """Save new, rendered `posts`, each with the tags of these names.

    No list counts them yet. Call `listing.recount_all` after the last batch, because counting each
    post takes longer than saving it.
    """
    save(posts, names)


@retry_if_tags_moved
def add_post(post: Post, names: Sequence[str]) -> None:
    """Render and save a new `post` with the tags of these names, and count it in its lists."""
    render_body(post)
    (tags,) = save([post], [names])
    listing.add(post, tags)


def save(posts: list[Post], names: Sequence[Sequence[str]]) -> list[list[Tag]]:
    """Save new `posts` with their tags and search documents, and return the tags of each."""
    tags = tags_by_key(name for own in names for name in own)
    for post in posts:
        post.slug = slugify(post.title)
    Post.objects.bulk_create(posts)
    own_tags = [[tags[tag_key(name)] for name in own] for own in names]
    Tagging.objects.bulk_create(
        Tagging(
            post=post, tag=tag, position=position, status=post.status, publish_at=post.publish_at
        )
        for post, own in zip(posts, own_tags, strict=True)
        for position, tag in enumerate(own)
    )
    search.index_posts(posts)
    pages.changed()
    return own_tags


def tags_by_key(names: Iterable[str]) -> dict[str, Tag]:
    """Lock and return the tags with these names, and create any that don't exist."""
    spellings = {tag_key(name): name for name in names}
    return dict(zip(spellings, find_and_lock_tags(list(spellings.values())), strict=True))
