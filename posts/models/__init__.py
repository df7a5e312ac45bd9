"""What is written, said and tagged, and who may see it."""

from posts.models.discussion import (
    COMMENT_MAX_DEPTH,
    COMMENT_MAX_LENGTH,
    PATH_STEP,
    REASON_MAX_LENGTH,
    Comment,
    CommentReport,
    Like,
    ModerationEntry,
    is_comment_moderator,
    is_liked_by,
    may_moderate,
)
from posts.models.images import Image
from posts.models.listing import ListCount, ListMark
from posts.models.posts import (
    BODY_MAX_LENGTH,
    EXCERPT_MAX_LENGTH,
    LONG_COLUMNS,
    TITLE_MAX_LENGTH,
    Post,
    PostQuerySet,
    is_moderator,
)
from posts.models.search import SearchDocument
from posts.models.tags import TAG_MAX_LENGTH, TAGS_MAX, Tag, Tagging, TagRedirect

__all__ = [
    "BODY_MAX_LENGTH",
    "COMMENT_MAX_DEPTH",
    "COMMENT_MAX_LENGTH",
    "EXCERPT_MAX_LENGTH",
    "LONG_COLUMNS",
    "PATH_STEP",
    "REASON_MAX_LENGTH",
    "TAGS_MAX",
    "TAG_MAX_LENGTH",
    "TITLE_MAX_LENGTH",
    "Comment",
    "CommentReport",
    "Image",
    "Like",
    "ListCount",
    "ListMark",
    "ModerationEntry",
    "Post",
    "PostQuerySet",
    "SearchDocument",
    "Tag",
    "TagRedirect",
    "Tagging",
    "is_comment_moderator",
    "is_liked_by",
    "is_moderator",
    "may_moderate",
]
