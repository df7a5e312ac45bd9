"""Search results: the listed posts that match. The newest matches are ranked."""

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
# How many of the newest posts with the wanted terms are checked for unwanted ones. A thousand
# remain even if a search excludes a tag that every second post has.
SIFTED_MAX = 2_000


@dataclass(frozen=True)
class Results:
    """Ids of the posts found, best first. `is_more` is true if older matches were not ranked.

    `is_partial` is true if older posts have the wanted terms but were not checked for unwanted
    ones.
    """

    query: Query
    ids: list[int]
    is_more: bool = False
    is_partial: bool = False


def find(text: str, *, now: datetime, limit: int = RANKED_MAX) -> Results:
    """Return the posts listed at `now` that match `text`.

    If there are more than `limit` matches, only the newest by id are ranked. Matches in the title
    come first, and then newer posts.
    """
    query = parse(text)
    if not query.is_question:
        return Results(query, [])
    rows, is_sifted = _find_newest(Post.objects.listed(now), query, limit + 1)
    is_more = len(rows) > limit
    return Results(query, _rank(rows[:limit], query), is_more, is_sifted and not is_more)


def find_for_moderators(text: str, *, limit: int = RANKED_MAX) -> list[int]:
    """Return the ids of the newest posts that match `text`, listed or not, for moderators."""
    return find_among(Post.objects.all(), text, limit=limit)


def find_among(posts: PostQuerySet, text: str, *, limit: int = RANKED_MAX) -> list[int]:
    """Return the ids of the newest of `posts` that match `text`."""
    query = parse(text)
    if not query.is_question:
        return []
    rows, _ = _find_newest(posts, query, limit)
    return [row[0] for row in rows]


def _find_newest(posts: PostQuerySet, query: Query, limit: int) -> tuple[list[tuple], bool]:
    """Return id, title and time of the newest matching posts by id, and whether it stopped early.

    It stops checking for unwanted terms after SIFTED_MAX posts with the wanted ones. Otherwise, a
    query that excludes nearly all posts would read all of them.
    """
    find_newest = BACKENDS[connection.vendor].find_newest if query.has_words else _find_signs
    tagged, untagged = _compile_tags(query)
    posts = posts.filter(*tagged)
    if not query.unwanted:
        return find_newest(posts, query, limit), False
    older = find_newest(posts, Query(query.wanted), 1, skip=SIFTED_MAX)
    first = older[0][0] + 1 if older else 0
    found = find_newest(posts.filter(*untagged), query, limit, first=first)
    return found, bool(older)


def _find_signs(
    posts: PostQuerySet, query: Query, limit: int, *, first: int = 0, skip: int = 0
) -> list[tuple]:
    """Like `find_newest`, for tags that consist only of signs, which the index doesn't contain."""
    find_newest = BACKENDS[connection.vendor].find_newest
    keys = [tag_key(term.typed) for term in query.wanted]
    tagged = Tagging.objects.filter(tag__key__in=keys).order_by().values("post")
    newest = posts.filter(pk__in=tagged, pk__gte=first).order_by("-pk")
    end = skip + (SIFTED_MAX if query.unwanted else limit)
    rows = list(newest.values_list("pk", "title", "publish_at")[skip:end])
    for term in query.unwanted:
        # With an empty list of ids, Django can't generate the SQL and raises an exception.
        if rows and term.field != "tag":
            among = posts.filter(pk__in=[pk for pk, *_ in rows])
            found = find_newest(among, Query((term,)), len(rows), first=first)
            unwanted = {pk for pk, *_ in found}
            rows = [row for row in rows if row[0] not in unwanted]
    return rows[:limit]


def _compile_tags(query: Query) -> tuple[list[Exists], list[Exists]]:
    """Return conditions for the wanted and for the unwanted tags, by their full names."""
    asked = [
        (is_wanted, tag_key(term.typed)) for is_wanted, term in query.filters if term.field == "tag"
    ]
    # Look up the ids of tags first. PostgreSQL's statistics show how many posts have a tag only if
    # its id is known.
    tags = dict(Tag.objects.filter(key__in=[key for _, key in asked]).values_list("key", "pk"))
    tagged = []
    untagged = []
    for is_wanted, key in asked:
        has_tag = Exists(Tagging.objects.filter(post=OuterRef("pk"), tag=tags.get(key, 0)))
        (tagged if is_wanted else untagged).append(has_tag if is_wanted else ~has_tag)
    return tagged, untagged


def _rank(rows: list[tuple], query: Query) -> list[int]:
    needles = [_needle(term) for term in query.wanted if term.tokens and not term.field]

    def rank(row: tuple) -> tuple:
        post_id, title, publish_at = row
        padded = f" {title} "
        return sum(needle in padded for needle in needles), publish_at, post_id

    return [row[0] for row in sorted(rows, key=rank, reverse=True)]


def _needle(term: Term) -> str:
    return f" {' '.join(term.tokens)}" + ("" if term.is_prefix else " ")
