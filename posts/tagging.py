"""Tying posts to tags."""

from collections.abc import Container
from datetime import datetime

from django.db import transaction

from content.slugs import slugify
from posts import listing, search
from posts.models import Post, Tag, Tagging, TagRedirect
from posts.models.posts import is_published
from posts.models.tags import tag_key


def split_tags(text: str) -> list[str]:
    """Return the names in a comma-separated text, each tag once, in its first spelling there."""
    names = {}
    for name in text.split(","):
        names.setdefault(tag_key(name), " ".join(name.split()))
    names.pop("", None)
    return list(names.values())


def set_tags(post: Post, names: list[str]) -> None:
    """Tag `post` with `names` alone, in this order, inside the transaction that saves it."""
    tags = get_or_create_tags(names)
    post.taggings.all().delete()
    Tagging.objects.bulk_create(
        Tagging(
            post=post, tag=tag, position=position, status=post.status, publish_at=post.publish_at
        )
        for position, tag in enumerate(tags)
    )


def get_or_create_tags(names: list[str]) -> list[Tag]:
    """Return the tags that `names` spell, new where there is none; the first spelling is kept."""
    keys = [tag_key(name) for name in names]
    while True:
        tags = {tag.key: tag for tag in Tag.objects.filter(key__in=keys)}
        missing = [name for key, name in zip(keys, names, strict=True) if key not in tags]
        if not missing:
            return [tags[key] for key in keys]
        create_tags(missing)


def create_tags(names: list[str]) -> None:
    """Add tags; one is left out where somebody is quicker with it, or with its slug."""
    tags = {}
    for name in names:
        slug = free_slug(name, besides=tags)
        tags[slug] = Tag(name=name, key=tag_key(name), slug=slug)
    # In one order, or two who add the same tags could wait for each other.
    in_order = sorted(tags.values(), key=lambda tag: tag.key)
    Tag.objects.bulk_create(in_order, ignore_conflicts=True)


def free_slug(name: str, *, besides: Container[str] = ()) -> str:
    """Return a slug that no other tag has: C is c, C++ then c-2."""
    base = slugify(name, empty="tag")
    number, slug = 1, base
    while slug in besides or Tag.objects.filter(slug=slug).exists():
        number += 1
        slug = f"{base}-{number}"
    return slug


@transaction.atomic
def rename_tag(tag: Tag, name: str) -> Tag:
    """Give `tag` a new name and leave a redirect; merges where `name` spells another tag."""
    twin = Tag.objects.filter(key=tag_key(name)).exclude(pk=tag.pk).first()
    if twin:
        return merge_tags(tag, into=twin)
    old_slug = tag.slug
    if slugify(name, empty="tag") != slugify(tag.name, empty="tag"):
        tag.slug = free_slug(name)
    tag.name, tag.key = name, tag_key(name)
    # Not the count, which others move.
    tag.save(update_fields=["name", "key", "slug"])
    redirect_slug(old_slug, tag)
    search.index_tagged(tag)
    return tag


@transaction.atomic
def merge_tags(tag: Tag, *, into: Tag) -> Tag:
    """Move all posts of `tag` to another, delete it and leave redirects."""
    # Who ties a post to one of them meanwhile waits.
    list(Tag.objects.select_for_update().filter(pk__in=(tag.pk, into.pk)).order_by("pk"))
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


def redirect_slug(slug: str, tag: Tag) -> None:
    """Lead the address of `slug` to `tag`, unless it is the tag's own."""
    TagRedirect.objects.filter(slug=tag.slug).delete()
    if slug != tag.slug:
        TagRedirect.objects.update_or_create(slug=slug, defaults={"tag": tag})


def find_renamed(slug: str, now: datetime) -> Tag | None:
    """Return the tag, in use at `now`, that an old address leads to."""
    redirects = TagRedirect.objects.filter(slug=slug)
    return Tag.objects.in_use(now).filter(pk__in=redirects.values("tag")).first()


def published_ties(tag: Tag) -> int:
    return tag.taggings.filter(is_published()).count()
