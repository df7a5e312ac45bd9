"""Fixtures for all tests: people, posts, comments and static files."""

import math
from datetime import timedelta

import pytest
from django.conf import settings as site_settings
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.test import Client
from django.test import client as client_module
from django.utils import timezone, translation
from django.utils.formats import reset_format_cache

from accounts.models import User
from accounts.roles import Role
from caching import pages
from caching.tests.cached import AnonymousVisitor
from identity import current
from identity.models import Site
from jobs.runner import run_next
from posts.discussion import commenting
from posts.models import Comment, Post
from posts.reading import sitemaps
from posts.tagging import split_tags
from posts.writing.bulk import add_post

PASSWORD = "correct horse battery staple"
SET_AFTERWARDS = ("status", "waiting_because", "created_at")
store_rendered_templates = client_module.store_rendered_templates


def pytest_configure() -> None:
    # Each test client starts a new site. With this setting, WhiteNoise looks for a file when it is
    # requested, instead of scanning all files for each of 6,000 clients.
    site_settings.WHITENOISE_AUTOREFRESH = True
    # A real password hash takes up to a second on purpose, and these tests are not about Argon2.
    site_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    client_module.store_rendered_templates = store_page


def store_page(store: dict, *args, **kwargs) -> None:
    """Store the context of a page's template, which is rendered first, for `response.context`.

    Django's function also copies the context of every template and widget in it.
    """
    if not store:
        store_rendered_templates(store, *args, **kwargs)


@pytest.fixture(scope="session", autouse=True)
def collected_static_files(tmp_path_factory):
    """Collect the static files, because pages link to them by hashed names, as in production."""
    site_settings.STATIC_ROOT = tmp_path_factory.mktemp("static")
    # Each process of a test run has its own. Otherwise, changes by another process raise the
    # cache version, and this one reads the settings again, with one query more.
    site_settings.INSTANCE_DIR = tmp_path_factory.mktemp("instance")
    site_settings.LIMITS_FILE = tmp_path_factory.mktemp("limits") / "limits.sqlite3"
    call_command("collectstatic", verbosity=0, interactive=False)


@pytest.fixture(autouse=True)
def fresh_limits():
    """Forget what other tests did, because their accounts had the same ids."""
    site_settings.LIMITS_FILE.unlink(missing_ok=True)


@pytest.fixture(autouse=True)
def fresh_site():
    """Start with the defaults, because a test without a database can't read the site's row."""
    current.kept = current.Kept(Site(), pages.find_counter().read(), math.inf)
    reset_format_cache()
    # Requests set these and don't restore them.
    timezone.deactivate()
    translation.deactivate()


@pytest.fixture
def set_site(db):
    """Return a function that changes the site's settings at once, as after a commit."""

    def change(**values) -> None:
        current.change(**values)
        current.keep(pages.find_counter().read())

    return change


@pytest.fixture
def make_user(db):
    """Return a function that creates a user who can log in with PASSWORD."""

    def make(username: str, **fields) -> User:
        return User.objects.create_user(username, password=PASSWORD, **fields)

    return make


@pytest.fixture
def run_jobs(db):
    """Return a function that runs all jobs that are due."""

    def run() -> None:
        while run_next(timezone.now()):
            pass

    return run


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
def as_role(make_user):
    """Return a function that returns the client of a person of that role, with its name."""

    def client_for(role: str) -> Client:
        client = Client()
        name = f"the-{role}"
        client.force_login(User.objects.filter(username=name).first() or make_user(name, role=role))
        return client

    return client_for


@pytest.fixture
def client_of(client, author, reader, moderator, make_user):
    """Return a function that returns a visitor's client by name; `anonymous` is not logged in.

    `reader` is an author too, but wrote nothing.
    """
    people = {"author": author, "reader": reader, "moderator": moderator}

    def client_for(visitor: str) -> Client:
        if visitor in Role.values and visitor not in people:
            people[visitor] = make_user(visitor, role=visitor)
        if visitor in people:
            client.force_login(people[visitor])
        return client

    return client_for


@pytest.fixture
def make_post(author):
    """Return a function that creates a post, by default published an hour ago."""

    def make(*, tags: str = "", **fields) -> Post:
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
        post = Post(**values | fields)
        # `publishing.save_post` would set `updated_at`.
        add_post(post, split_tags(tags))
        return post

    return make


@pytest.fixture
def post(make_post) -> Post:
    return make_post()


@pytest.fixture
def draft(make_post) -> Post:
    return make_post(title="Draft title", status=Post.Status.DRAFT, publish_at=None)


@pytest.fixture
def make_comment(post, reader):
    """Return a function that adds a comment, by default by `reader` on `post`.

    Fields in SET_AFTERWARDS get the given values, even if the rules would set others.
    """

    def make(body: str = "A comment.", *, parent: Comment | None = None, **fields) -> Comment:
        set_afterwards = {name: fields.pop(name) for name in SET_AFTERWARDS if name in fields}
        values = {"post": post, "author": reader, "now": timezone.now()} | fields
        values["parent_pk"] = parent and parent.pk
        comment = commenting.add_comment(values.pop("post"), values.pop("author"), body, **values)
        if "status" in set_afterwards:
            change = (set_afterwards["status"] == "approved") - comment.is_approved
            commenting.count_comments(comment.post_id, change)
        for name, value in set_afterwards.items():
            setattr(comment, name, value)
        comment.save()
        return comment

    return make


@pytest.fixture
def one_sitemap(monkeypatch):
    """Let sitemap.xml contain all posts. On PostgreSQL, ids keep growing during a test run."""
    monkeypatch.setattr(sitemaps, "PART_SIZE", 1_000_000)


@pytest.fixture
def anonymous(db, settings, tmp_path) -> AnonymousVisitor:
    """Return an anonymous visitor with a page cache and a cache version of their own."""
    settings.INSTANCE_DIR = tmp_path
    return AnonymousVisitor()
