"""Matching with SQLite's FTS5.

`posts_search` is an external-content table of `posts_searchdocument`, updated by triggers.
Migration 0004 adds both. Its tokenizer is `ascii`, which only splits our tokens at spaces: they are
already casefolded, and their only ASCII characters are letters and digits.
"""

from typing import Any

from django.db import connection

from posts.models import PostQuerySet
from posts.search.query import Query, Term

_COLUMNS = {"": "", "tag": "tags : ", "author": "author : "}


def find_newest(
    posts: PostQuerySet, query: Query, limit: int, *, first: int = 0, skip: int = 0
) -> list[tuple[int, str, Any]]:
    """Return id, title tokens and time of the newest matching posts, by id.

    Leave out ids below `first` and the newest `skip` matches.

    FTS5 reads its index backward by row id, so a common word stops after `limit` rows. CROSS JOIN
    keeps SQLite from reading the posts first. The title comes from the document table, because FTS5
    would read the whole document for it.
    """
    listed, params = posts.values("id", "publish_at").query.sql_with_params()
    sql = f"""
        SELECT document.post_id, document.title, listed.publish_at
        FROM posts_search
        CROSS JOIN posts_searchdocument document ON document.post_id = posts_search.rowid
        CROSS JOIN ({listed}) listed ON listed.id = posts_search.rowid
        WHERE posts_search MATCH %s AND posts_search.rowid >= %s
        ORDER BY posts_search.rowid DESC LIMIT %s OFFSET %s
    """  # noqa: S608  the ORM's SQL
    with connection.cursor() as cursor:
        cursor.execute(sql, [*params, compile_match(query), first, limit, skip])
        return cursor.fetchall()


def compile_match(query: Query) -> str:
    """Return `query` in FTS5 syntax. The caller excludes unwanted tags."""
    wanted = " AND ".join(_compile_term(term) for term in query.wanted if term.tokens)
    unwanted = " OR ".join(_compile_term(term) for term in query.unwanted if term.field != "tag")
    return f"({wanted}) NOT ({unwanted})" if unwanted else wanted


def _compile_term(term: Term) -> str:
    return f'{_COLUMNS[term.field]}"{" ".join(term.tokens)}"{" *" if term.is_prefix else ""}'


def rebuild() -> None:
    """Rebuild the index from all documents, and merge its segments into one."""
    with connection.cursor() as cursor:
        for command in ("rebuild", "optimize"):
            cursor.execute("INSERT INTO posts_search (posts_search) VALUES (%s)", [command])
