"""The job that renders posts again after the owner changed their punctuation or language."""

from copy import copy

from django.db import transaction
from django_tasks import task

from caching import takedown
from identity import current
from identity.models import Site
from posts.models import Post
from posts.writing.publishing import RENDERED_FIELDS, render_body

# One job renders this many posts, so that readers and other jobs need not wait for long.
BATCH = 50


def note_punctuation(before: Site, after: Site) -> None:
    """Render all posts again if a change of the settings changes how they look."""
    if punctuation(before) != punctuation(after):
        render_again.enqueue(punctuation(after))


def punctuation(site: Site) -> str:
    return f"{current.in_force(copy(site)).language} {site.typography}"


@task
def render_again(wanted: str, after_pk: int = 0) -> None:
    """Render the posts after `after_pk`, and leave those after them to another job."""
    if wanted != punctuation(Site.objects.get()):
        # The owner has changed it again, and another job renders the posts.
        return
    posts = list(Post.objects.filter(pk__gt=after_pk).order_by("pk")[:BATCH])
    save_changed(posts)
    if len(posts) == BATCH:
        render_again.enqueue(wanted, posts[-1].pk)


def save_changed(posts: list[Post]) -> None:
    """Render these posts, and save those that look different now.

    It renders before the transaction, because other writers wait during a transaction.
    """
    before = {post.pk: post.body_html for post in posts}
    for post in posts:
        render_body(post)
    changed = [post for post in posts if post.body_html != before[post.pk]]
    with transaction.atomic():
        save_unchanged(changed)


def save_unchanged(changed: list[Post]) -> None:
    """Save the rendered columns of the posts that no one has saved in the meantime."""
    locked = Post.objects.filter(pk__in=[post.pk for post in changed]).order_by("pk")
    versions = dict(locked.select_for_update().values_list("pk", "version"))
    # Such a save has rendered its own text, in its own language.
    unchanged = [post for post in changed if versions.get(post.pk) == post.version]
    if unchanged:
        Post.objects.bulk_update(unchanged, RENDERED_FIELDS)
        takedown.announce()
