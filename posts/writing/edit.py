"""One save of a post."""

from dataclasses import dataclass
from datetime import datetime

from accounts.models import User


@dataclass(frozen=True, slots=True)
class Edit:
    """Who saves a post, when, and from which version. The post itself contains the text."""

    at: datetime
    # Replaces the tags of the post; None keeps them.
    tags: list[str] | None = None
    # None means the author of the post.
    by: User | None = None
    # The edited version, and the edit session that saved it.
    version: int | None = None
    sitting: str = ""
    # The author's note, shown in the history.
    reason: str = ""
    is_autosave: bool = False
