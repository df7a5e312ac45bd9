"""The columns of a post that lists and pages read."""

# Deferred on pages that don't show them, because they can be long.
LONG_COLUMNS = ("body", "body_html")
AUTHOR_COLUMNS = ("author__username", "author__display_name")
# The columns that a card shows. Reading all columns takes twice as long.
CARD_COLUMNS = (
    "title",
    "slug",
    "excerpt",
    "description",
    "language",
    "word_count",
    "cover",
    "status",
    "publish_at",
    *AUTHOR_COLUMNS,
)
# The columns that the page of a post shows besides the text.
PAGE_COLUMNS = (
    *AUTHOR_COLUMNS,
    "title",
    "slug",
    "excerpt",
    "description",
    "language",
    "status",
    "publish_at",
    "comments_open",
    "like_count",
    "comment_count",
)
