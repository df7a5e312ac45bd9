"""What all tests share: people, posts, static files as a visitor gets them."""

from datetime import timedelta

import pytest
from django.conf import settings as site_settings
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts.models import User
from posts.models import Post

PASSWORD = "correct horse battery staple"


def pytest_configure() -> None:
    # A real hash takes a second on purpose; what is tested is ours, not Argon2.
    site_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session", autouse=True)
def collected_static_files(tmp_path_factory):
    """Pages name static files by their hashes, as deployed, so the files must be collected."""
    site_settings.STATIC_ROOT = tmp_path_factory.mktemp("static")
    call_command("collectstatic", verbosity=0, interactive=False)


@pytest.fixture
def make_user(db):
    """Return a function that creates a user who can log in with PASSWORD."""

    def make(username: str, **fields) -> User:
        return User.objects.create_user(username, password=PASSWORD, **fields)

    return make


@pytest.fixture
def author(make_user) -> User:
    return make_user("author")


@pytest.fixture
def reader(make_user) -> User:
    return make_user("reader")


@pytest.fixture
def moderator(make_user) -> User:
    user = make_user("moderator", is_staff=True)
    user.groups.add(Group.objects.get(name="Moderators"))
    return user


@pytest.fixture
def client_of(client, author, reader, moderator):
    """Return a function that gives the client of a visitor by name; `anonymous` is nobody."""
    people = {"author": author, "reader": reader, "moderator": moderator}

    def client_for(visitor: str) -> Client:
        if visitor in people:
            client.force_login(people[visitor])
        return client

    return client_for


@pytest.fixture
def make_post(author):
    """Return a function that creates a post, published an hour ago unless told otherwise."""

    def make(**fields) -> Post:
        an_hour_ago = timezone.now() - timedelta(hours=1)
        values = {
            "author": author,
            "title": "Test title",
            "body": "test\nbody",
            "status": Post.Status.PUBLISHED,
            "publish_at": an_hour_ago,
            "created_at": an_hour_ago,
            "updated_at": an_hour_ago,
        }
        return Post.objects.create(**values | fields)

    return make


@pytest.fixture
def post(make_post) -> Post:
    return make_post()


@pytest.fixture
def draft(make_post) -> Post:
    return make_post(title="Draft title", status=Post.Status.DRAFT, publish_at=None)
