"""The language of a post, as far as its punctuation depends on it."""

from identity import current
from posts.models import Post


def typographic_language(post: Post) -> str:
    """Return the language whose punctuation readers see, or "" if they see it as typed."""
    site = current.site()
    return (post.language or site.language) if site.typography else ""
