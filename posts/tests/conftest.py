"""What the tests of lists share."""

from datetime import timedelta

import pytest
from django.utils import timezone

from posts import listing
from posts.models import Post, Tag, Tagging

NOW = timezone.now()
MINUTE = timedelta(minutes=1)


@pytest.fixture
def small_step(monkeypatch):
    monkeypatch.setattr(listing, "STEP", 7)


@pytest.fixture
def many(author):
    """Return a function that writes so many posts of one author with one tag in bulk.

    They are a minute apart, the newest first.
    """

    def write(number: int) -> list[Post]:
        posts = Post.objects.bulk_create(
            Post(
                author=author,
                title=f"Post {place}",
                slug=f"post-{place}",
                status=Post.Status.PUBLISHED,
                publish_at=NOW - (place + 1) * MINUTE,
            )
            for place in range(number)
        )
        tag = Tag.objects.create(name="Tea", key="tea", slug="tea")
        Tagging.objects.bulk_create(
            Tagging(post=post, tag=tag, position=0, status=post.status, publish_at=post.publish_at)
            for post in posts
        )
        listing.rebuild_all()
        return posts

    return write
