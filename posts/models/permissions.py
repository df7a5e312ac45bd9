"""Permissions for posts and comments, decided by role.

They cost no query, except for moderators: staff below the editors, whose rights come from their
groups.
"""

from django.contrib.auth.models import AnonymousUser
from django.db import models

from accounts.models import User
from accounts.roles import Role, is_at_least

Visitor = User | AnonymousUser


def is_moderator(user: Visitor) -> bool:
    """Return whether `user` may see every post: editors and moderators."""
    return is_editor(user) or (user.is_staff and user.has_perm("posts.view_post"))


def is_comment_moderator(user: Visitor) -> bool:
    """Return whether `user` moderates all comments: editors and moderators."""
    return is_editor(user) or (user.is_staff and user.has_perm("posts.change_comment"))


def is_editor(user: Visitor) -> bool:
    """Return whether `user` may write and publish in every post."""
    return is_at_least(user, Role.EDITOR)


def may_edit(user: Visitor, post: models.Model) -> bool:
    """Return whether `user` may write in `post`: editors, and its author unless only a reader."""
    is_own = post.author_id == user.pk
    return is_editor(user) or (is_own and is_at_least(user, Role.CONTRIBUTOR))


def may_publish(user: Visitor, post: models.Model) -> bool:
    """Return whether `user` may change what readers see of `post`."""
    return is_editor(user) or (post.author_id == user.pk and is_at_least(user, Role.AUTHOR))


def may_moderate(user: Visitor, post: models.Model) -> bool:
    """Return whether `user` may approve and hide the comments on `post`."""
    return may_publish(user, post) or is_comment_moderator(user)
