"""Health checks for monitoring, and the greeting at /hello/."""

import shutil
from pathlib import Path

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from blogsite.sqlite.base import DatabaseWrapper as SQLite
from content import disk

OWN_HOST = {}
FOREIGN_HOST = {"HTTP_HOST": "10.0.0.7:8000"}


@pytest.mark.parametrize("host", [OWN_HOST, FOREIGN_HOST])
@pytest.mark.parametrize("redirects", [False, True])
@pytest.mark.parametrize("method", ["get", "head"])
def test_healthz_responds_to_any_host_without_a_database(settings, client, method, host, redirects):
    # Without the mark `django_db`, a query would raise.
    settings.SECURE_SSL_REDIRECT = redirects
    response = getattr(client, method)("/healthz", **host)
    assert response.status_code == 200
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["Cache-Control"] == "no-store"
    assert response["Content-Length"] == "3"
    assert response.text == ("ok\n" if method == "get" else "")
    assert not response.cookies


@pytest.mark.parametrize("host", [OWN_HOST, FOREIGN_HOST])
@pytest.mark.parametrize("redirects", [False, True])
def test_readyz_says_that_database_and_cache_respond(settings, client, db, host, redirects):
    settings.SECURE_SSL_REDIRECT = redirects
    response = client.get("/readyz", **host)
    assert (response.status_code, response.text) == (200, "ready\n")


def test_readyz_costs_two_queries(client, django_assert_num_queries, db):
    with django_assert_num_queries(2):
        client.get("/readyz")


@pytest.mark.parametrize("path", ["/", "/healthz/", "/readyz/"])
def test_other_addresses_keep_the_host_check(client, path):
    assert client.get(path, **FOREIGN_HOST).status_code == 400


def redis_at(port: int) -> dict:
    backend = "django.core.cache.backends.redis.RedisCache"
    return {"default": {"BACKEND": backend, "LOCATION": f"redis://127.0.0.1:{port}/0"}}


@pytest.fixture
def own_sqlite(use_database, load, tmp_path):
    """Return the path of an empty SQLite file that replaces the database."""
    path = tmp_path / "db.sqlite3"
    use_database(SQLite, **load()["DATABASES"]["default"] | {"NAME": path})
    return path


@pytest.fixture
def dead_cache(settings, dead_port):
    settings.CACHES = redis_at(dead_port)


@pytest.mark.parametrize(
    ("dead", "reason"),
    [
        (["dead_database"], "database"),
        (["dead_cache"], "cache"),
        (["dead_database", "dead_cache"], "database, cache"),
    ],
)
def test_readyz_names_each_part_that_does_not_respond(request, client, db, log, dead, reason):
    for name in dead:
        request.getfixturevalue(name)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.text == f"not ready: {reason}\n"
    for name in reason.split(", "):
        line = f"WARNING blogsite.health [{response['X-Request-ID']}] Not ready, {name}: "
        assert line in log.getvalue()


def test_readyz_sees_a_cache_that_forgets(settings, client, db):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    assert client.get("/readyz").text == "not ready: cache\n"


def expect_problem(client, log, word: str, details: str) -> None:
    """Check that the response has only the code word, and the log has the details."""
    response = client.get("/readyz")
    assert (response.status_code, response.text) == (503, f"not ready: {word}\n")
    line, *_ = [line for line in log.getvalue().splitlines() if "blogsite.health" in line]
    assert f"Not ready, {word}: " in line and details in line


def test_readyz_sees_pending_migrations(client, db, log):
    MigrationRecorder(connection).record_unapplied("posts", "0002_moderators")
    expect_problem(client, log, "migrations-pending", "posts.0002_moderators")
    MigrationRecorder(connection).record_applied("posts", "0002_moderators")
    assert client.get("/readyz").text == "ready\n"


def test_readyz_sees_migrations_of_newer_code(client, db, log):
    MigrationRecorder(connection).record_applied("accounts", "9999_from_the_future")
    expect_problem(client, log, "migrations-unknown", "accounts.9999_from_the_future")


@pytest.mark.parametrize("is_there", [True, False])
def test_readyz_sees_a_media_folder_that_can_not_be_written(
    client, db, log, settings, tmp_path, is_there
):
    # Even root can't create files in /sys; a file in its place is not a folder.
    settings.MEDIA_ROOT = Path("/sys/kernel") if is_there else tmp_path / "media"
    if not is_there:
        settings.MEDIA_ROOT.write_text("")
    expect_problem(client, log, "media", str(settings.MEDIA_ROOT))


def test_readyz_sees_a_folder_of_images_that_can_not_be_written(
    client, db, log, settings, tmp_path
):
    settings.MEDIA_ROOT = tmp_path
    (tmp_path / "images").symlink_to("/sys/kernel")
    expect_problem(client, log, "media", str(tmp_path / "images"))


def test_a_missing_media_folder_is_fine_and_is_not_created(client, db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    assert client.get("/readyz").text == "ready\n"
    assert list(tmp_path.iterdir()) == []


def test_readyz_leaves_no_file_behind(client, db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    assert client.get("/readyz").text == "ready\n"
    assert list(tmp_path.iterdir()) == []


def test_readyz_sees_an_instance_folder_that_can_not_be_written(client, db, log, settings):
    settings.INSTANCE_DIR = Path("/sys/kernel")
    expect_problem(client, log, "instance", "/sys/kernel")


def test_readyz_sees_a_disk_with_little_space(client, db, log, settings, tmp_path, monkeypatch):
    settings.INSTANCE_DIR = tmp_path
    monkeypatch.setattr(disk, "MIN_FREE_BYTES", 2 * shutil.disk_usage(tmp_path).free)
    expect_problem(client, log, "disk-full", str(tmp_path))


def test_readyz_sees_a_disk_on_which_a_write_fails(client, db, log, monkeypatch):
    # Disk usage does not show a quota, so the check has to write. /dev/full refuses every write.
    def open_full(**options):
        return Path("/dev/full").open("wb", buffering=0)

    monkeypatch.setattr(disk.tempfile, "NamedTemporaryFile", open_full)
    expect_problem(client, log, "disk-full", "No space left")


@pytest.mark.parametrize("is_allowed", [True, False])
def test_readyz_sees_a_database_file_that_can_not_be_written(client, db, monkeypatch, is_allowed):
    if connection.vendor != "sqlite":
        pytest.skip("a server decides that itself")
    # Root may write to every file.
    monkeypatch.setattr(disk.os, "access", lambda path, mode: is_allowed)
    expected = "ready" if is_allowed else "not ready: database-read-only"
    assert client.get("/readyz").text == f"{expected}\n"


def test_readyz_sees_a_replaced_database(client, own_sqlite, tmp_path, log):
    assert client.get("/readyz").text == "not ready: migrations-pending\n"
    log.truncate(0)
    own_sqlite.unlink()
    response = client.get("/readyz")
    assert response.text == "not ready: database-replaced\n"
    assert str(own_sqlite) in log.getvalue()
    assert not own_sqlite.exists()


def test_healthz_responds_while_database_and_cache_are_down(client, dead_database, dead_cache):
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/hello/"])
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_read_only_addresses_refuse_writes(path, method):
    response = getattr(Client(), method)(path)
    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD"


def test_hello_greets_in_plain_text(client):
    """Seed: test_hello"""
    response = client.get("/hello/")
    assert response.status_code == 200
    assert response.text == "Hello, World!"
    assert response["Content-Type"] == "text/plain; charset=utf-8"
