"""Asking: the posts that are listed and match, the newest of them ranked."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Exists, OuterRef

from posts.models import Post, PostQuerySet, Tag, Tagging
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
    """Return what `text` asks for among the posts that are listed at `now`.

    Of more than `limit` matches the newest, by id, are ranked: words in the title first, then
    newness.
    """
    query = parse(text)
    if not query.is_question:
        return Results(query, [])
    posts = _tagged(Post.objects.listed(now), query)
    rows = _find_newest(posts, query, limit + 1)
    return Results(query, _rank(rows[:limit], query), is_more=len(rows) > limit)


def find_any(text: str, *, limit: int = RANKED_MAX) -> list[int]:
    """Return the ids of the newest posts that match `text`, listed or not, for moderators."""
    query = parse(text)
    if not query.is_question:
        return []
    posts = _tagged(Post.objects.all(), query)
    return [row[0] for row in _find_newest(posts, query, limit)]


def _find_newest(posts: PostQuerySet, query: Query, limit: int) -> list[tuple]:
    """Return id, title and time of the newest of `posts`, tagged as wanted, that match, by id."""
    find = BACKENDS[connection.vendor].find_newest
    if query.has_words:
        return find(posts, query, limit)
    # Tags of signs alone: no index of words holds them.
    keys = [tag_key(term.typed) for term in query.wanted]
    tied = Tagging.objects.filter(tag__key__in=keys).order_by().values("post")
    newest = posts.filter(pk__in=tied).order_by("-pk")
    rows = list(newest.values_list("pk", "title", "publish_at")[:limit])
    for term in query.unwanted:
        if term.field != "tag":
            among = posts.filter(pk__in=[pk for pk, *_ in rows])
            unwanted = {pk for pk, *_ in find(among, Query(wanted=(term,)), limit)}
            rows = [row for row in rows if row[0] not in unwanted]
    return rows


def _tagged(posts: PostQuerySet, query: Query) -> PostQuerySet:
    """Those of `posts` with the tags wanted, by their whole names, and none that is not."""
    asked = [
        (is_wanted, tag_key(term.typed)) for is_wanted, term in query.filters if term.field == "tag"
    ]
    # Looked up before: PostgreSQL knows of a tag by its id alone whether half of all posts have it.
    tags = dict(Tag.objects.filter(key__in=[key for _, key in asked]).values_list("key", "pk"))
    for is_wanted, key in asked:
        has_tag = Exists(Tagging.objects.filter(post=OuterRef("pk"), tag=tags.get(key, 0)))
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
