"""Cards of posts in lists. Visitors see the same card, except for the author's edit link."""

from collections.abc import Callable
from typing import NamedTuple

from django.contrib.auth.models import AnonymousUser
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString

from accounts.models import User
from caching import fragments
from posts.models import Post, PostQuerySet


class CardKey(NamedTuple):
    post_pk: int
    is_own: bool = False


class Card(NamedTuple):
    author_pk: int
    html: SafeString


MakeCards = Callable[[list[CardKey]], dict[CardKey, Card]]


def post_cards(ids: list[int], user: User | AnonymousUser) -> list[SafeString]:
    """Return the cards of the posts as `user` sees them, in the order of `ids`."""
    return cards_of(ids, user, "card", make_cards)


def cards_of(
    ids: list[int], user: User | AnonymousUser, kind: str, make: MakeCards
) -> list[SafeString]:
    """Return cards of one kind in the order of `ids`. `make` creates those not in the cache."""
    keys = [CardKey(pk) for pk in ids]
    cards = fragments.many_until_next_change(kind, keys, make)
    own = {
        key: key._replace(is_own=True)
        for key, card in cards.items()
        if card.author_pk == user.pk and user.may_write
    }
    if not own:
        return [card.html for card in cards.values()]
    own_cards = fragments.many_until_next_change(kind, list(own.values()), make)
    return [(own_cards.get(own.get(key)) or cards[key]).html for key in keys if key in cards]


def make_cards(keys: list[CardKey]) -> dict[CardKey, Card]:
    return render_cards(render_card, keys, Post.objects.for_list())


def render_cards(
    render: Callable[[Post, bool], SafeString], keys: list[CardKey], posts: PostQuerySet
) -> dict[CardKey, Card]:
    """Return the cards of published posts, read by the query `posts`.

    A post may have been unpublished and changed since its id was read.
    """
    few = posts.filter(pk__in={key.post_pk for key in keys})
    by_pk = {post.pk: post for post in few.listed_rows(timezone.now())}
    return {
        key: Card(by_pk[key.post_pk].author_id, render(by_pk[key.post_pk], key.is_own))
        for key in keys
        if key.post_pk in by_pk
    }


def render_card(post: Post, is_own: bool) -> SafeString:
    tags = tuple((tag.name, tag.slug) for tag in post.shown_tags)
    values = (is_own, *map(fragments.values_of, (post, post.author)), tags)

    context = {"post": post, "is_own": is_own}
    return fragments.by_value(
        "card", values, lambda: render_to_string("posts/_post_card.html", context)
    )
