"""Matching by PostgreSQL's text search.

`posts_searchdocument` has two generated `tsvector` columns with GIN indexes, by migration 0004.
`words` holds all tokens; `names` those of tags behind `#` and of the author behind `@`, which no
token holds: a column of its own, because reading the long one of a row takes three times as long.
Both are made of our tokens as they are, without PostgreSQL's own parser and without positions (of
which it keeps 256 a word and none past 16,383), so a phrase is looked for in the text of tokens of
those documents that hold all its words.
"""

from typing import Any

from django.db import connection, connections

from posts.models import PostQuerySet
from posts.search.documents import COLUMNS
from posts.search.query import Query, Term

_SIGNS = {"": "", "tag": "#", "author": "@"}


def find_newest(
    posts: PostQuerySet, query: Query, limit: int, *, first: int = 0, skip: int = 0
) -> list[tuple[int, str, Any]]:
    """Return id, title tokens and time of the newest of `posts` that match, by id.

    None with an id below `first`, and none of the newest `skip`.
    """
    # Said of the posts too, or all of them are joined with the few documents.
    posts = posts.filter(pk__gte=first)
    listed, params = posts.values("id", "publish_at").query.sql_with_params()
    condition, values = compile_condition(query)
    sql = f"""
        SELECT document.post_id, document.title, listed.publish_at
        FROM posts_searchdocument document JOIN ({listed}) listed ON listed.id = document.post_id
        WHERE {condition} AND document.post_id >= %s
        ORDER BY document.post_id DESC LIMIT %s OFFSET %s
    """  # noqa: S608  the ORM's SQL, and our own
    # The replica's, where there is one and this may read from it.
    with connections[posts.db].cursor() as cursor:
        cursor.execute(sql, [*params, *values, first, limit, skip])
        return cursor.fetchall()


def compile_condition(query: Query) -> tuple[str, list[str]]:
    """Return `query` as a condition and its parameters. Unwanted tags are left to the caller."""
    wanted = [term for term in query.wanted if term.tokens]
    unwanted = [term for term in query.unwanted if term.field != "tag"]
    conditions = []
    values = []
    for column, fields in (("words", {""}), ("names", {"tag", "author"})):
        words = [_compile_words(term) for term in wanted if term.field in fields]
        words += [
            f"!({_compile_words(term)})"
            for term in unwanted
            if term.field in fields and len(term.tokens) == 1
        ]
        if words:
            conditions.append(f"document.{column} @@ %s::tsquery")
            values.append(" & ".join(words))
    for terms, operator in ((wanted, ""), (unwanted, "NOT ")):
        for term in terms:
            if len(term.tokens) > 1 and term.field != "tag":
                condition, needles = _compile_phrase(term)
                conditions.append(f"{operator}({condition})")
                values += needles
    return " AND ".join(conditions), values


def _compile_words(term: Term) -> str:
    """All words of `term` in the language of `tsquery`, each quoted."""
    words = [f"'{_SIGNS[term.field]}{token}'" for token in term.tokens]
    return " & ".join(words) + (":*" if term.is_prefix else "")


def _compile_phrase(term: Term) -> tuple[str, list[str]]:
    columns = [term.field] if term.field else COLUMNS
    needle = f" {' '.join(term.tokens)}" + ("" if term.is_prefix else " ")
    sql = " OR ".join(f"strpos(' ' || document.{name} || ' ', %s) > 0" for name in columns)
    return sql, [needle] * len(columns)


def rebuild() -> None:
    """Rebuild the indexes from their columns."""
    with connection.cursor() as cursor:
        cursor.execute("REINDEX TABLE posts_searchdocument")
