"""Asking: the posts that are listed and match, the newest of them ranked."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Exists, OuterRef

from posts.models import Post, PostQuerySet, Tagging
from posts.models.tags import tag_key
from posts.search import postgresql, sqlite
from posts.search.query import Query, Term, parse

BACKENDS = {"sqlite": sqlite, "postgresql": postgresql}
RANKED_MAX = 1_000


@dataclass(frozen=True)
class Results:
    """Ids of the posts found, best first; `is_more` if older ones match than were ranked."""

    query: Query
    ids: list[int]
    is_more: bool = False


def find(text: str, *, now: datetime, limit: int = RANKED_MAX) -> Results:
    """Return what `text` asks for among the posts that are listed at `now`, in one query.

    Of more than `limit` matches the newest, by id, are ranked: words in the title first, then
    newness.
    """
    query = parse(text)
    if not query.has_words:
        return Results(query, [])
    rows = BACKENDS[connection.vendor].find_newest(_tagged(query, now), query, limit + 1)
    return Results(query, _rank(rows[:limit], query), is_more=len(rows) > limit)


def _tagged(query: Query, now: datetime) -> PostQuerySet:
    """Listed posts with the tags wanted, by their whole names, and none that is not."""
    posts = Post.objects.listed(now)
    for is_wanted, term in query.filters:
        if term.field == "tag":
            has_tag = Exists(
                Tagging.objects.filter(post=OuterRef("pk"), tag__key=tag_key(term.typed))
            )
            posts = posts.filter(has_tag if is_wanted else ~has_tag)
    return posts


def _rank(rows: list[tuple], query: Query) -> list[int]:
    needles = [_needle(term) for term in query.wanted if term.tokens and not term.field]

    def rank(row: tuple) -> tuple:
        post_id, title, publish_at = row
        padded = f" {title} "
        return sum(needle in padded for needle in needles), publish_at, post_id

    return [row[0] for row in sorted(rows, key=rank, reverse=True)]


def _needle(term: Term) -> str:
    return f" {' '.join(term.tokens)}" + ("" if term.is_prefix else " ")
