"""Functions that tag posts, and rename and merge tags."""

from collections.abc import Callable, Container, Sequence
from contextlib import suppress
from datetime import datetime
from functools import wraps

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from caching import fragments, takedown
from content.slugs import tag_slug
from identity import redirects
from posts import search
from posts.models import TAG_MAX_LENGTH, Post, Tag, Tagging
from posts.models.posts import is_published
from posts.models.tags import TAG_KEY_MAX_LENGTH, tag_key


def split_tags(text: str) -> list[str]:
    """Return the names in a comma-separated text. If a tag is repeated, keep its first spelling."""
    names = {}
    for name in text.split(","):
        names.setdefault(tag_key(name), " ".join(name.split()))
    names.pop("", None)
    return list(names.values())


def refuse_long_tag(name: str) -> None:
    """Raise ValidationError if a tag is too long, either as typed or as a key."""
    if len(name) > TAG_MAX_LENGTH or len(tag_key(name)) > TAG_KEY_MAX_LENGTH:
        message = _("“%(name)s” is too long. Use at most %(limit)d characters for a tag.")
        raise ValidationError(message % {"limit": TAG_MAX_LENGTH, "name": name})


class TagsMoved(Exception):  # noqa: N818  a state, not a mistake
    """Someone merged or renamed a tag before it was locked."""


def retry_if_tags_moved(write: Callable) -> Callable:
    """Run `write` in a transaction and try again after TagsMoved.

    A failed try is rolled back, which releases its locks. `write` must lock its tags before it
    changes the post in memory, because a rollback doesn't undo that.
    """

    @wraps(write)
    def run(*args, **kwargs) -> object:
        while True:
            with suppress(TagsMoved), transaction.atomic():
                return write(*args, **kwargs)

    return run


def find_and_lock_tags(names: list[str] | None, before: Post | None = None) -> list[Tag]:
    """Lock and return the tags in `names`, creating missing ones. None means the tags of `before`.

    These tags and those of `before` don't change until the transaction ends. Other transactions
    that merge them, or count a post in them, wait. Raises TagsMoved.
    """
    had = before.tag_list if before else []
    had_names = [tag.name for tag in had]
    if names is None:
        names = had_names
    elif names != had_names:
        # Create them before locking. Two transactions that have locked tags and then create the
        # same tag would wait for each other.
        create_missing(names)
    return lock_tags(names, had)


def lock_tags(names: list[str], had: list[Tag]) -> list[Tag]:
    """Lock the tags in `names` and in `had`, always in the same order, and return the former.

    Raises TagsMoved if one was merged or renamed. A merge deletes a tag. So if all tags that a post
    had still exist, they are its current tags.
    """
    keys = [tag_key(name) for name in names]
    tags = Tag.objects.filter(Q(key__in=keys) | Q(pk__in=[tag.pk for tag in had]))
    locked = list(tags.select_for_update(no_key=True).order_by("pk"))
    by_key = {tag.key: tag for tag in locked}
    names_now = {tag.pk: tag.name for tag in locked}
    if not by_key.keys() >= set(keys) or any(names_now.get(tag.pk) != tag.name for tag in had):
        raise TagsMoved
    return [by_key[key] for key in keys]


def set_tags(post: Post, tags: list[Tag], had: Sequence[Tag] = ()) -> None:
    """Replace the tags `had` of `post` with the locked `tags`, in this order."""
    state = {"status": post.status, "publish_at": post.publish_at}
    if tags and tags == had:
        post.taggings.update(**state)
        return
    if had:
        post.taggings.all().delete()
    Tagging.objects.bulk_create(
        Tagging(post=post, tag=tag, position=position, **state) for position, tag in enumerate(tags)
    )


def create_missing(names: list[str]) -> None:
    """Create a tag for each name that has none. Existing tags keep their spelling."""
    keys = [tag_key(name) for name in names]
    slugs = [tag_slug(name) for name in names]
    # Look for tags that already have one of these slugs, too.
    found = Tag.objects.filter(Q(key__in=keys) | Q(slug__in=slugs))
    known = {tag.key for tag in found}
    missing = [name for key, name in zip(keys, names, strict=True) if key not in known]
    if missing:
        create_tags(missing, taken={tag.slug for tag in found})


def create_tags(names: list[str], *, taken: set[str]) -> None:
    """Create tags. Skip those whose key or slug someone else takes first."""
    slugs = {name: tag_slug(name) for name in names}
    tags = []
    for name, slug in slugs.items():
        free = free_slug(name, besides=taken) if slug in taken else slug
        tags.append(Tag(name=name, key=tag_key(name), slug=free))
        taken.add(free)
    # Create them in a fixed order. Otherwise, two transactions that add the same tags could wait
    # for each other.
    Tag.objects.bulk_create(sorted(tags, key=lambda tag: tag.key), ignore_conflicts=True)


def free_slug(name: str, *, besides: Container[str] = ()) -> str:
    """Return a slug that no other tag has: I O gets i-o, and then I/O gets i-o-2."""
    base = tag_slug(name)
    number = 1
    slug = base
    while slug in besides or Tag.objects.filter(slug=slug).exists():
        number += 1
        slug = f"{base}-{number}"
    return slug


def rename_tag(tag: Tag, name: str) -> Tag:
    """Rename `tag` and add a redirect. If another tag has this name, merge the two.

    Raises TagsMoved if someone changed one of the tags in the meantime.
    """
    try:
        return rename_or_merge(tag, name)
    except IntegrityError as error:
        # Someone else took this name or its slug first.
        raise TagsMoved from error


@transaction.atomic
def rename_or_merge(tag: Tag, name: str) -> Tag:
    twin = Tag.objects.filter(key=tag_key(name)).exclude(pk=tag.pk).first()
    if twin:
        return merge_tags(tag, into=twin)
    lock_rows(tag)
    old_path = tag.get_absolute_url()
    if tag_slug(name) != tag_slug(tag.name):
        tag.slug = free_slug(name)
    tag.name = name
    tag.key = tag_key(name)
    # Don't save the count, which other transactions change.
    tag.save(update_fields=["name", "key", "slug"])
    search.index_tagged(tag)
    # Last, as in `merge_tags`, so that two transactions never wait for each other.
    redirect_tag(old_path, tag)
    return tag


@transaction.atomic
def merge_tags(tag: Tag, *, into: Tag) -> Tag:
    """Move all posts of `tag` to another tag, delete `tag` and add redirects.

    Raises TagsMoved if one of them was deleted.
    """
    lock_rows(tag, into)
    doubled = tag.taggings.filter(post__in=into.taggings.values("post"))
    doubled.delete()
    tag.taggings.update(tag=into)
    old_path = tag.get_absolute_url()
    tag.delete()
    search.index_tagged(into)
    Tag.objects.filter(pk=into.pk).update(published_count=count_published(into))
    redirect_tag(old_path, into)
    return into


def lock_rows(*tags: Tag) -> None:
    """Lock `tags`, so that no one adds them to a post. Raise TagsMoved if one has changed."""
    names = {tag.pk: tag.name for tag in tags}
    locked = Tag.objects.select_for_update().filter(pk__in=names).order_by("pk")
    if {tag.pk: tag.name for tag in locked} != names:
        raise TagsMoved


def redirect_tag(old_path: str, tag: Tag) -> None:
    """Redirect the old address of `tag`, and invalidate pages that show it.

    If readers don't see the tag, a redirect would reveal its new name.
    """
    takedown.announce()
    if Tag.objects.in_use(timezone.now()).filter(pk=tag.pk).exists():
        redirects.add(old_path, tag.get_absolute_url())


def find_tag(slug: str, now: datetime) -> Tag | None:
    """Return the tag with this slug, shared by all visitors, if it is in use at `now`."""

    def ask(keys: list[str]) -> dict[str, Tag]:
        return {tag.slug: tag for tag in Tag.objects.in_use(now).filter(slug=slug)}

    return fragments.many_until_next_change("tag", [slug], ask, now=now).get(slug)


def count_published(tag: Tag) -> int:
    return tag.taggings.filter(is_published()).count()
