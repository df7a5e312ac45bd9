"""The admin of posts and their discussion. Importing these modules registers their classes."""

from posts.admin import discussion, people, posts, tags

__all__ = ["discussion", "people", "posts", "tags"]
