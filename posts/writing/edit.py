"""One save of a post."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from posts.models import EDIT_SESSION_MAX_LENGTH


@dataclass(frozen=True, slots=True)
class Edit:
    """The author, time and edited version of a save. The post itself contains the text."""

    at: datetime
    # Replaces the tags of the post; None keeps them.
    tags: list[str] | None = None
    # None means the author of the post.
    by: User | None = None
    # The edited version, and the edit session that saved it.
    version: int | None = None
    session: str = ""
    # The author's note, shown in the history.
    reason: str = ""
    # The new state of the review, with `reason` as its note; None keeps it.
    review: str | None = None
    is_autosave: bool = False


def session_in(data: Mapping[str, str]) -> str:
    """Return the form's edit session. Editors opened before version 0.2.0 name it `sitting`."""
    named = data.get("edit_session") or data.get("sitting", "")
    return named.replace("\0", "")[:EDIT_SESSION_MAX_LENGTH]
