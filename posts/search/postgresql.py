"""Matching with PostgreSQL's text search.

Migration 0004 adds two generated `tsvector` columns with GIN indexes to `posts_searchdocument`.
`words` contains all tokens. `names` contains the tokens of tags after `#` and those of the author
after `@`, two signs that no token contains. It is a separate column, because reading the long one
takes three times as long. Both contain our tokens unchanged, without PostgreSQL's parser and
without positions: PostgreSQL keeps only 256 per word and none above 16,383. So a phrase is matched
against the text of the documents that contain all of its words.
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
    """Return id, title tokens and time of the newest matching posts, by id.

    Leave out ids below `first` and the newest `skip` matches.
    """
    # Filter the posts too. Otherwise, PostgreSQL would join all of them with the few documents.
    posts = posts.filter(pk__gte=first)
    listed, params = posts.values("id", "publish_at").query.sql_with_params()
    condition, values = compile_condition(query)
    sql = f"""
        SELECT document.post_id, document.title, listed.publish_at
        FROM posts_searchdocument document JOIN ({listed}) listed ON listed.id = document.post_id
        WHERE {condition} AND document.post_id >= %s
        ORDER BY document.post_id DESC LIMIT %s OFFSET %s
    """  # noqa: S608  the ORM's SQL, and our own
    # Uses the replica, if there is one and this request may read from it.
    with connections[posts.db].cursor() as cursor:
        cursor.execute(sql, [*params, *values, first, limit, skip])
        return cursor.fetchall()


def compile_condition(query: Query) -> tuple[str, list[str]]:
    """Return `query` as a condition and its parameters. The caller excludes unwanted tags."""
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
    """Return all words of `term` in `tsquery` syntax, each quoted."""
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
