"""The text fields of a post."""

from typing import NamedTuple


class PostText(NamedTuple):
    """The text that an author types into a post, and that each of its revisions contains.

    The form, revisions, autosaves, conflicts, comparisons and the browser's copy use these fields.
    "Add a field to a post" in docs/architecture.md says how to add one.
    """

    title: str = ""
    body: str = ""
    # The names of the tags, separated by commas.
    tags: str = ""
    cover_alt: str = ""
    description: str = ""


# Fields with a column in Post. The tags of a post are rows of Tagging.
TEXT_COLUMNS = tuple(name for name in PostText._fields if name != "tags")
