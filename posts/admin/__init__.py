"""Moderation; Django finds what these modules register by this import."""

from posts.admin import discussion, people, posts, tags

__all__ = ["discussion", "people", "posts", "tags"]
