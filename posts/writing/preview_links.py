"""Signed links that show a post before publication to people without an account."""

import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db.models import Q

from posts.models import Post, PreviewLink

SIGNER = Signer(salt="posts.preview")


def make_link(post: Post, *, now: datetime) -> PreviewLink:
    """Give `post` a new link that works for PREVIEW_LINK_DAYS. It replaces the previous link."""
    values = {
        "key": secrets.token_urlsafe(16),
        "expires_at": now + timedelta(days=settings.PREVIEW_LINK_DAYS),
    }
    return PreviewLink.objects.update_or_create(post=post, defaults=values)[0]


def revoke_link(post: Post) -> None:
    PreviewLink.objects.filter(post=post).delete()


def token_for(post: Post, *, now: datetime) -> str:
    """Return the token of the valid link to `post`, or an empty string."""
    link = PreviewLink.objects.valid(now).filter(post=post).first()
    return SIGNER.sign(link.key) if link else ""


def link_by(token: str, *, now: datetime) -> PreviewLink | None:
    """Return the valid link for `token`.

    Return None if it is forged, revoked or expired, or if the post is hidden or in the trash.
    """
    try:
        key = SIGNER.unsign(token)
    except BadSignature:
        return None
    gone = Q(post__status__in=(Post.Status.HIDDEN, Post.Status.TRASH))
    links = PreviewLink.objects.valid(now).filter(key=key).exclude(gone)
    return links.select_related("post__author").first()
