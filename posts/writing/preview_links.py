"""Signed links by which people without an account read a post before it is published."""

import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db.models import Q

from posts.models import Post, PreviewLink

SIGNER = Signer(salt="posts.preview")


def make_link(post: Post, *, now: datetime) -> PreviewLink:
    """Give `post` a new link, which works for PREVIEW_LINK_DAYS; the one before works no more."""
    values = {
        "key": secrets.token_urlsafe(16),
        "expires_at": now + timedelta(days=settings.PREVIEW_LINK_DAYS),
    }
    return PreviewLink.objects.update_or_create(post=post, defaults=values)[0]


def revoke_link(post: Post) -> None:
    PreviewLink.objects.filter(post=post).delete()


def token_for(post: Post, *, now: datetime) -> str:
    """Return the token of the link to `post` that works, or nothing."""
    link = PreviewLink.objects.valid(now).filter(post=post).first()
    return SIGNER.sign(link.key) if link else ""


def link_by(token: str, *, now: datetime) -> PreviewLink | None:
    """Return the link that `token` stands for, while it works.

    None for one that is forged, revoked or expired, and where the post was hidden or thrown away.
    """
    try:
        key = SIGNER.unsign(token)
    except BadSignature:
        return None
    gone = Q(post__status__in=(Post.Status.HIDDEN, Post.Status.TRASH))
    links = PreviewLink.objects.valid(now).filter(key=key).exclude(gone)
    return links.select_related("post__author").first()
