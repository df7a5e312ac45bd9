"""Tying posts to tags."""

from collections.abc import Callable, Container, Sequence
from contextlib import suppress
from datetime import datetime
from functools import wraps

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from caching import fragments, takedown
from content.slugs import slugify
from posts import listing, search
from posts.models import TAG_MAX_LENGTH, Post, Tag, Tagging, TagRedirect
from posts.models.posts import is_published
from posts.models.tags import TAG_KEY_MAX_LENGTH, tag_key


def split_tags(text: str) -> list[str]:
    """Return the names in a comma-separated text, each tag once, in its first spelling there."""
    names = {}
    for name in text.split(","):
        names.setdefault(tag_key(name), " ".join(name.split()))
    names.pop("", None)
    return list(names.values())


def refuse_long_tag(name: str) -> None:
    """Raise ValidationError where a tag has too many characters, as typed or written out."""
    if len(name) > TAG_MAX_LENGTH or len(tag_key(name)) > TAG_KEY_MAX_LENGTH:
        message = _("“%(name)s” is too long. Use at most %(limit)d characters for a tag.")
        raise ValidationError(message % {"limit": TAG_MAX_LENGTH, "name": name})


class TagsMoved(Exception):  # noqa: N818  a state, not a mistake
    """Somebody merged or renamed a tag before it was locked."""


def again_where_tags_moved(write: Callable) -> Callable:
    """Make `write` one transaction, which is tried again after TagsMoved.

    A failed try is undone as a whole, which releases its locks. `write` locks its tags before it
    changes the post that it was given, because no database brings that back.
    """

    @wraps(write)
    def run(*args, **kwargs) -> object:
        while True:
            with suppress(TagsMoved), transaction.atomic():
                return write(*args, **kwargs)

    return run


def find_and_lock_tags(names: list[str] | None, before: Post | None = None) -> list[Tag]:
    """Return the tags that `names` spell, new where there is none; without any, those it has.

    They, and those of the post as it was `before`, stay as they are until the transaction ends:
    whoever merges one of them waits, and so does whoever counts a post more in them.
    Raises TagsMoved, as `lock_tags` does.
    """
    had = before.tag_list if before else []
    had_names = [tag.name for tag in had]
    if names is None:
        names = had_names
    elif names != had_names:
        # First: two that lock tags and make the same one would wait for each other.
        create_missing(names)
    return lock_tags(names, had)


def lock_tags(names: list[str], had: list[Tag]) -> list[Tag]:
    """Lock the tags that `names` spell and those in `had`, in one order, and return the former.

    Raises TagsMoved where one was merged or renamed. A merge deletes the tag that it takes from a
    post, so a post whose tags are all there has no other.
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
    """Tag `post`, which `had` others, with `tags` alone, in this order, which are locked."""
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
    """Add a tag for each of `names` that spells none yet; the first spelling is kept."""
    keys = [tag_key(name) for name in names]
    slugs = [slugify(name, empty="tag") for name in names]
    # Those whose addresses they would have, too.
    found = Tag.objects.filter(Q(key__in=keys) | Q(slug__in=slugs))
    known = {tag.key for tag in found}
    missing = [name for key, name in zip(keys, names, strict=True) if key not in known]
    if missing:
        create_tags(missing, taken={tag.slug for tag in found})


def create_tags(names: list[str], *, taken: set[str]) -> None:
    """Add tags; one is left out where somebody is quicker with it, or with its slug."""
    slugs = {name: slugify(name, empty="tag") for name in names}
    tags = []
    for name, slug in slugs.items():
        free = free_slug(name, besides=taken) if slug in taken else slug
        tags.append(Tag(name=name, key=tag_key(name), slug=free))
        taken.add(free)
    # In one order, or two who add the same tags could wait for each other.
    Tag.objects.bulk_create(sorted(tags, key=lambda tag: tag.key), ignore_conflicts=True)


def free_slug(name: str, *, besides: Container[str] = ()) -> str:
    """Return a slug that no other tag has: C is c, C++ then c-2."""
    base = slugify(name, empty="tag")
    number = 1
    slug = base
    while slug in besides or Tag.objects.filter(slug=slug).exists():
        number += 1
        slug = f"{base}-{number}"
    return slug


def rename_tag(tag: Tag, name: str) -> Tag:
    """Give `tag` a new name and leave a redirect; merges where `name` spells another tag.

    Raises TagsMoved where somebody moved one of them meanwhile.
    """
    try:
        return rename_or_merge(tag, name)
    except IntegrityError as error:
        # Somebody was quicker with this name, or with its slug.
        raise TagsMoved from error


@transaction.atomic
def rename_or_merge(tag: Tag, name: str) -> Tag:
    twin = Tag.objects.filter(key=tag_key(name)).exclude(pk=tag.pk).first()
    if twin:
        return merge_tags(tag, into=twin)
    lock_rows(tag)
    old_slug = tag.slug
    if slugify(name, empty="tag") != slugify(tag.name, empty="tag"):
        tag.slug = free_slug(name)
    tag.name = name
    tag.key = tag_key(name)
    # Not the count, which others move.
    tag.save(update_fields=["name", "key", "slug"])
    redirect_slug(old_slug, tag)
    search.index_tagged(tag)
    return tag


@transaction.atomic
def merge_tags(tag: Tag, *, into: Tag) -> Tag:
    """Move all posts of `tag` to another, delete it and leave redirects.

    Raises TagsMoved where one of them has gone.
    """
    lock_rows(tag, into)
    doubled = tag.taggings.filter(post__in=into.taggings.values("post"))
    doubled.delete()
    tag.taggings.update(tag=into)
    TagRedirect.objects.filter(tag=tag).update(tag=into)
    slug = tag.slug
    listing.rebuild(listing.posts_tagged(tag), 0)
    tag.delete()
    redirect_slug(slug, into)
    search.index_tagged(into)
    listing.rebuild(listing.posts_tagged(into), published_ties(into))
    return into


def lock_rows(*tags: Tag) -> None:
    """Let whoever ties a post to one of `tags` wait; raise TagsMoved where one moved."""
    names = {tag.pk: tag.name for tag in tags}
    locked = Tag.objects.select_for_update().filter(pk__in=names).order_by("pk")
    if {tag.pk: tag.name for tag in locked} != names:
        raise TagsMoved


def redirect_slug(slug: str, tag: Tag) -> None:
    """Lead the address of `slug` to `tag`, unless it is its own; cached pages name the old one."""
    takedown.announce()
    TagRedirect.objects.filter(slug=tag.slug).delete()
    if slug != tag.slug:
        TagRedirect.objects.update_or_create(slug=slug, defaults={"tag": tag})


def find_tag(slug: str, now: datetime) -> Tag | None:
    """Return the tag with this address that is in use at `now`, the same object for everyone."""

    def ask(keys: list[str]) -> dict[str, Tag]:
        return {tag.slug: tag for tag in Tag.objects.in_use(now).filter(slug=slug)}

    return fragments.until_next_change("tag", [slug], ask, now=now).get(slug)


def find_renamed(slug: str, now: datetime) -> Tag | None:
    """Return the tag, in use at `now`, that an old address leads to."""
    redirects = TagRedirect.objects.filter(slug=slug)
    return Tag.objects.in_use(now).filter(pk__in=redirects.values("tag")).first()


def published_ties(tag: Tag) -> int:
    return tag.taggings.filter(is_published()).count()
