"""Search for listed posts. docs/decisions/0006-search.md explains its design."""

from posts.search.documents import (
    index_author,
    index_names,
    index_post,
    index_posts,
    index_tagged,
    tokens_of,
)
from posts.search.query import Query
from posts.search.results import Results, find, find_among, find_for_moderators

__all__ = [
    "Query",
    "Results",
    "find",
    "find_among",
    "find_for_moderators",
    "index_author",
    "index_names",
    "index_post",
    "index_posts",
    "index_tagged",
    "tokens_of",
]
