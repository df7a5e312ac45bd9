"""Preloading: the start does all work for the first visitor, and succeeds without a database."""

import gc
import logging
import runpy
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings as site_settings
from django.db import connections
from django.template import engines

from blogsite import preloading, wsgi
from caching import fragments
from caching.tests.cached import AnonymousVisitor
from posts.models import Post


class Asked:
    """The site, with a list of its requests and responses."""

    def __init__(self) -> None:
        self.responses: list[tuple[str, str]] = []

    def __call__(self, environ: dict, start_response):
        def note(status: str, headers: list) -> None:
            self.responses.append((environ["PATH_INFO"], status))

        return wsgi.site(environ, note)


@pytest.fixture(autouse=True)
def empty_store(monkeypatch):
    """Remove fragments that other tests kept."""
    monkeypatch.setattr(fragments, "changing", fragments.Store())


def in_thread(act, *arguments):
    """Return the result of `act` in a thread with its own database connection."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(act, *arguments).result()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.parametrize(
    ("hosts", "is_https"),
    [
        (["127.0.0.1"], False),
        (["*"], False),
        ([".example.org"], False),
        (["blog.example.org"], True),
    ],
)
def test_the_first_pages_are_requested_and_no_connection_stays_open(
    settings, post, hosts, is_https
):
    settings.ALLOWED_HOSTS, settings.IS_HTTPS = hosts, is_https
    settings.SECURE_SSL_REDIRECT = is_https
    asked = Asked()

    def run() -> bool:
        preloading.request_pages(asked)
        return all(each.connection is None for each in connections.all())

    assert in_thread(run)
    pages = ["/", "/", "/auth/login/", post.get_absolute_url()]
    assert asked.responses == [(page, "200 OK") for page in pages]
    assert not logging.root.manager.disable


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_blog_without_posts_warms_up_too():
    assert not Post.objects.exists()
    asked = Asked()
    in_thread(preloading.request_pages, asked)
    assert [status for _, status in asked.responses] == ["200 OK"] * 3


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.parametrize(
    ("address", "bind", "names"),
    [
        ("", "127.0.0.1:8123", ["127.0.0.1:8123", "localhost:8123"]),
        ("", "unix:/run/blog.sock", []),
        ("http://blog.example.org", "unix:/run/blog.sock", ["blog.example.org"]),
        ("http://blog.example.org:81", "0.0.0.0:8123", ["blog.example.org:81"]),
    ],
)
def test_the_first_visitor_gets_the_index_from_the_page_cache(
    settings, tmp_path, post, address, bind, names
):
    settings.INSTANCE_DIR, settings.SITE_URL = tmp_path, address
    settings.ALLOWED_HOSTS = ["blog.example.org", "127.0.0.1", "localhost"]
    assert preloading.names_of_site(bind) == names
    worker = AnonymousVisitor()
    in_thread(preloading.request_pages, worker.cache, names)
    rendered = worker.rendered
    for name in names:
        assert post.title in worker.get(HTTP_HOST=name).text
    assert worker.rendered == rendered


@pytest.fixture
def unfrozen():
    yield
    gc.unfreeze()
    gc.enable()


def test_without_a_database_only_templates_are_compiled(dead_database, unfrozen):
    asked = Asked()
    preloading.preload(asked)
    assert asked.responses == []
    assert not logging.root.manager.disable
    loader, *_ = engines["django"].engine.template_loaders
    folder = site_settings.ASSETS_DIR / "templates"
    names = {str(path.relative_to(folder)) for path in folder.rglob("*.html")}
    assert names <= set(loader.get_template_cache)
    assert gc.get_freeze_count() > 0


def test_garbage_is_collected_only_after_the_site_is_loaded(dead_database, unfrozen):
    configuration = str(site_settings.ASSETS_DIR / "gunicorn.conf.py")
    runpy.run_path(configuration)
    assert not gc.isenabled()
    preloading.preload(Asked())
    assert gc.isenabled()
    # As on SIGHUP.
    runpy.run_path(configuration)
    assert gc.isenabled()
