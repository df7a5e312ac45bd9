"""Matching by SQLite's FTS5.

`posts_search` is an external-content table over `posts_searchdocument`, kept by triggers; both come
by migration 0004. Its tokenizer is `ascii`, which parts at the spaces that ours left and does
nothing else to tokens: they are casefolded, and of ASCII they hold letters and digits alone.
"""

from typing import Any

from django.db import connection

from posts.models import PostQuerySet
from posts.search.query import Query, Term

_COLUMNS = {"": "", "tag": "tags : ", "author": "author : "}


def find_newest(
    posts: PostQuerySet, query: Query, limit: int, *, first: int = 0, skip: int = 0
) -> list[tuple[int, str, Any]]:
    """Return id, title tokens and time of the newest of `posts` that match, by id.

    None with an id below `first`, and none of the newest `skip`.

    FTS5 walks its index by row id backwards, so a common word stops after `limit` rows; CROSS JOIN
    keeps SQLite from walking the posts first. The title comes from the documents themselves: asked
    of FTS5, it reads the whole document.
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
    """Return `query` in FTS5's language. Tags that are not wanted are left to the caller."""
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
