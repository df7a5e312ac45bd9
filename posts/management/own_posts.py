"""Private posts for the account that can log in to the sample blog."""

from datetime import datetime, timedelta

from django.utils.translation import gettext

from accounts.models import User
from posts.demo.writer import DemoText, demo_post
from posts.models import Post
from posts.writing import publishing
from posts.writing.edit import Edit

# Far from the numbers of other sample posts, so that no text appears twice.
FIRST_NUMBER = 50_000_000
DRAFTS = 3
SCHEDULED_IN_DAYS = (1, 6)


def add_own_posts(author: User, *, now: datetime) -> None:
    """Add drafts with a history, scheduled posts, unsaved edits and a post in the trash."""
    numbers = iter(range(FIRST_NUMBER, FIRST_NUMBER + 20))
    for age in range(DRAFTS, 0, -1):
        write_in_sessions(author, demo_post(next(numbers)), now=now - timedelta(days=age))
    for days in SCHEDULED_IN_DAYS:
        text = demo_post(next(numbers))
        at = (now + timedelta(days=days)).replace(hour=8, minute=0, second=0, microsecond=0)
        publishing.schedule(begin(author, text), at, Edit(now, tags=list(text.tags)))
    text = demo_post(next(numbers))
    edit = Edit(now - timedelta(days=5), tags=list(text.tags))
    post = publishing.save_draft(begin(author, text), edit)
    publishing.trash_post(post, now=now - timedelta(days=2))
    edit_newest(author, demo_post(next(numbers)), now=now)


def begin(author: User, text: DemoText) -> Post:
    """Return an unsaved post."""
    return Post(author=author, title=text.title, body=text.body)


def write_in_sessions(author: User, text: DemoText, *, now: datetime) -> None:
    """Write a draft in parts, each first autosaved and then saved with a reason."""
    post = begin(author, text)
    reasons = [gettext("A beginning"), gettext("The middle, still rough"), gettext("Read aloud")]
    for number, reason in enumerate(reasons, start=1):
        at = now + timedelta(hours=3 * number)
        part = text.passages[: max(1, len(text.passages) * number // len(reasons))]
        post.body = "\n\n".join(part)
        edit = Edit(at, tags=list(text.tags), session=f"session {number}", reason=reason)
        publishing.autosave(post, edit)
        if number < len(reasons):
            publishing.save_draft(post, edit)


def edit_newest(author: User, text: DemoText, *, now: datetime) -> None:
    """Add unsaved edits to the newest post of `author`, if there is one."""
    for post in Post.objects.listed(now).filter(author=author).newest_first()[:1]:
        names = [tag.name for tag in post.tag_list]
        post.body += f"\n\n{text.passages[0]}"
        publishing.autosave(post, Edit(now, tags=names, by=author, session="session 1"))
