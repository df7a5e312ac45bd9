"""Search: words in, posts that are listed and match out. docs/decisions/0006-search.md says why."""

from posts.search.documents import index_post, index_posts, index_tagged
from posts.search.results import Results, find

__all__ = ["Results", "find", "index_post", "index_posts", "index_tagged"]
