"""Fixtures shared by the tests of posts."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from caching.tests.conftest import clock, worker
from posts import listing
from posts.demo import images
from posts.management.commands import seed_demo
from posts.models import Post, Tag, Tagging

NOW = timezone.now()
MINUTE = timedelta(minutes=1)

# Make these fixtures available in this folder.
__all__ = ["clock", "worker"]


@pytest.fixture
def many(author):
    """Return a function that bulk-creates the given number of posts by one author with one tag.

    They are a minute apart, newest first.
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
        listing.recount_all()
        return posts

    return write


@pytest.fixture
def small_sample(settings, tmp_path, monkeypatch):
    """Have seed_demo draw two small covers and one face, and write threads on eight posts.

    These test as much as the usual twelve, six and forty would, and a sample takes 0.3 s instead of
    2 s.
    """
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(seed_demo, "LIVELY_POSTS", 8)
    monkeypatch.setattr(seed_demo, "COVERED_POSTS", 3)
    monkeypatch.setattr(seed_demo, "FACES", 1)
    monkeypatch.setattr(images, "WIDTH", 320)
    monkeypatch.setattr(images, "HEIGHT", 180)


@pytest.fixture
def patient_database():
    """Raise SQLite's lock timeout: writers on a loaded machine may wait longer than it allows."""
    if connection.vendor == "sqlite":
        connection.settings_dict["OPTIONS"]["timeout"] = 60
        connection.close()


@pytest.fixture
def people(patient_database) -> list[User]:
    """Four users, for tests in which people write at the same moment."""
    return [User.objects.create_user(f"writer{number}") for number in range(4)]


@pytest.fixture
def own_post(as_role, make_post):
    """Return a function that makes a post of a person with a role, and their client."""

    def make(role: str, **fields) -> tuple:
        client = as_role(role)
        fields = {"title": "Title", "body": "Old", **fields}
        return client, make_post(author=User.objects.get(username=f"the-{role}"), **fields)

    return make
