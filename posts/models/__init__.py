"""Posts, comments and tags, and the rules for their visibility."""

from posts.models.columns import LONG_COLUMNS, PAGE_COLUMNS
from posts.models.derived import DerivedVersion
from posts.models.discussion import (
    COMMENT_MAX_DEPTH,
    COMMENT_MAX_LENGTH,
    PATH_STEP,
    REASON_MAX_LENGTH,
    Comment,
    CommentReport,
    Like,
    ModerationEntry,
    has_private_comments,
    is_liked_by,
)
from posts.models.feeds import FeedDate
from posts.models.images import Image
from posts.models.listing import ListCount
from posts.models.permissions import (
    is_comment_moderator,
    is_editor,
    is_moderator,
    may_edit,
    may_moderate,
    may_publish,
)
from posts.models.posts import (
    BODY_MAX_LENGTH,
    EDIT_SESSION_MAX_LENGTH,
    EXCERPT_MAX_LENGTH,
    KEPT_IN_TRASH,
    NOT_PUBLISHED,
    TITLE_MAX_LENGTH,
    Post,
    PostQuerySet,
    is_open_to,
    people_to_read,
)
from posts.models.revisions import WHY_MAX_LENGTH, PreviewLink, Revision
from posts.models.search import SearchDocument
from posts.models.tags import TAG_MAX_LENGTH, TAGS_MAX, Tag, Tagging, TagRedirect
from posts.models.texts import TEXT_COLUMNS, PostText

__all__ = [
    "BODY_MAX_LENGTH",
    "COMMENT_MAX_DEPTH",
    "COMMENT_MAX_LENGTH",
    "EDIT_SESSION_MAX_LENGTH",
    "EXCERPT_MAX_LENGTH",
    "KEPT_IN_TRASH",
    "LONG_COLUMNS",
    "NOT_PUBLISHED",
    "PAGE_COLUMNS",
    "PATH_STEP",
    "REASON_MAX_LENGTH",
    "TAGS_MAX",
    "TAG_MAX_LENGTH",
    "TEXT_COLUMNS",
    "TITLE_MAX_LENGTH",
    "WHY_MAX_LENGTH",
    "Comment",
    "CommentReport",
    "DerivedVersion",
    "FeedDate",
    "Image",
    "Like",
    "ListCount",
    "ModerationEntry",
    "Post",
    "PostQuerySet",
    "PostText",
    "PreviewLink",
    "Revision",
    "SearchDocument",
    "Tag",
    "TagRedirect",
    "Tagging",
    "has_private_comments",
    "is_comment_moderator",
    "is_editor",
    "is_liked_by",
    "is_moderator",
    "is_open_to",
    "may_edit",
    "may_moderate",
    "may_publish",
    "people_to_read",
]
