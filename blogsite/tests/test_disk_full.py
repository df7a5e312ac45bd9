"""A full disk: the page says so, and returns the text that was typed."""

import errno
import io
import sqlite3

import psycopg
import pytest
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.db import OperationalError, connection
from django.test import Client

from conftest import PASSWORD
from content import disk
from posts.models import Image, Post
from posts.tests.images import image_file

BODY = "Typed <mine>"
ESCAPED = "Typed &lt;mine&gt;</textarea>"
SQL = "DO $$BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END$$"


@pytest.fixture
def client_that_answers(client_of):
    """Return a function that returns a visitor's client; it shows error pages, and never raises."""

    def client_for(visitor: str) -> Client:
        client = client_of(visitor)
        client.raise_request_exception = False
        return client

    return client_for


def from_sqlite(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("what SQLite said")
    error.sqlite_errorcode = code
    return error


def refuse_writes(execute, sql, params, many, context):
    """Raise the database's error for a full disk."""
    if not sql.startswith(("INSERT", "UPDATE")):
        return execute(sql, params, many, context)
    if connection.vendor == "sqlite":
        raise OperationalError("database or disk is full") from from_sqlite(sqlite3.SQLITE_FULL)
    return execute(SQL, None, False, context)


@pytest.fixture
def full_database(db):
    """Return a context manager under which the database refuses every row."""
    return connection.execute_wrapper(refuse_writes)


def expect_full(response, log) -> None:
    assert response.status_code == 503 and response["Retry-After"]
    assert "because the disk of this site is full" in response.text
    assert "busy" not in response.text and PASSWORD not in response.text
    (line,) = log.getvalue().splitlines()
    assert "ERROR content.outages" in line and "A disk is full: " in line


@pytest.mark.parametrize(
    ("path", "visitor", "typed"),
    [
        ("/create/", "author", {"title": "T", "body": BODY}),
        ("/{post}/update/", "author", {"title": "T", "body": BODY}),
        ("/{post}/comments/", "reader", {"body": BODY}),
        ("/auth/account/", "reader", {"biography": BODY}),
        ("/auth/register/", "anonymous", {"username": BODY}),
    ],
)
def test_a_form_on_a_full_disk_comes_back_with_its_text(
    client_that_answers, post, full_database, log, path, visitor, typed
):
    client = client_that_answers(visitor)
    if visitor == "anonymous":
        typed = {"username": "ada", "password1": PASSWORD + "1", "password2": PASSWORD + "1"}
    with full_database:
        response = client.post(path.format(post=post.pk), typed)
    expect_full(response, log)
    assert ("ada" if visitor == "anonymous" else ESCAPED) in response.text


def test_a_log_in_without_space_for_the_session_says_so(
    client_that_answers, reader, full_database, log
):
    with full_database:
        typed = {"username": "reader", "password": PASSWORD}
        response = client_that_answers("anonymous").post("/auth/login/", typed)
    expect_full(response, log)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="a limit of SQLite")
def test_sqlites_own_error_for_a_full_disk_is_recognized(client_that_answers, author, log):
    client = client_that_answers("author")
    with connection.cursor() as cursor:
        most = cursor.execute("PRAGMA max_page_count").fetchone()[0]
        cursor.execute("PRAGMA max_page_count = 1")
        response = client.post("/create/", {"title": "T", "body": BODY + " long" * 30_000})
        cursor.execute(f"PRAGMA max_page_count = {most}")
    expect_full(response, log)
    assert "Typed &lt;mine&gt; long" in response.text


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("is_json", [True, False])
def test_an_upload_that_finds_no_space_says_so_and_leaves_no_file(
    client_that_answers, author, log, monkeypatch, settings, tmp_path, number, is_json
):
    settings.MEDIA_ROOT, save, saved = tmp_path, FileSystemStorage._save, []

    def save_the_first(storage, name, content):
        if saved:
            raise OSError(number, "No space")
        saved.append(name)
        return save(storage, name, content)

    monkeypatch.setattr(FileSystemStorage, "_save", save_the_first)
    path = "/images/" if is_json else "/create/"
    image = image_file(1000, 900)
    data = {"title": "T", "body": BODY, "image": image, "image_alt": "A", "alt": "A"}
    response = client_that_answers("author").post(path, data)
    assert saved and not [file for file in tmp_path.rglob("*") if file.is_file()]
    if is_json:
        assert response.status_code == 503 and "disk" in response.json()["error"]
    else:
        expect_full(response, log)
        assert ESCAPED in response.text
    assert not Image.objects.exists() and not Post.objects.exists()


@pytest.mark.parametrize("method", ["write", "flush"])
def test_a_large_upload_that_finds_no_space_before_it_is_read_loses_no_text(
    client_that_answers, author, log, monkeypatch, settings, method
):
    def fail(file, *data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(TemporaryUploadedFile, method, fail, raising=False)
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 10
    # The text comes after the image, as it may in a form.
    data = {"image": image_file(), "title": "T", "body": BODY}
    response = client_that_answers("author").post("/create/", data)
    expect_full(response, log)
    assert ESCAPED in response.text and not Post.objects.exists()


def test_a_large_upload_is_accepted_if_there_is_space(client_of, settings, tmp_path):
    settings.MEDIA_ROOT, settings.FILE_UPLOAD_MAX_MEMORY_SIZE = tmp_path, 10
    data = {"image": image_file(), "image_alt": "A", "title": "T", "body": BODY}
    assert client_of("author").post("/create/", data).status_code == 302
    assert Post.objects.get().cover


def test_a_full_folder_for_uploads_is_reported_too(settings, monkeypatch, rf):
    request = rf.post("/create/", {"image": io.BytesIO(b"x" * 100), "body": BODY})
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 10
    settings.FILE_UPLOAD_TEMP_DIR = "/dev/full"
    with pytest.raises(OSError, match="/dev/full"):
        disk.raise_if_full(request)
    disk.raise_if_full(request)
    assert request.POST["body"] == BODY


# Errors that mean a full disk ---------------------------------------------------------------------


def caused_by(error: BaseException) -> Exception:
    outer = OperationalError("what the driver said")
    outer.__cause__ = error
    return outer


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(errno.ENOSPC, ""), True),
        (caused_by(OSError(errno.EDQUOT, "")), True),
        (caused_by(from_sqlite(sqlite3.SQLITE_FULL)), True),
        (caused_by(psycopg.errors.DiskFull()), True),
        (OSError(errno.EACCES, ""), False),
        (caused_by(from_sqlite(sqlite3.SQLITE_BUSY)), False),
        (caused_by(psycopg.errors.AdminShutdown()), False),
        (ValueError(), False),
        (None, False),
    ],
)
def test_the_error_of_a_full_disk_is_recognized(error, expected):
    assert disk.is_full(error) is expected


def test_an_error_that_is_its_own_cause_is_looked_at_once():
    error, other = ValueError(), KeyError()
    error.__context__, other.__context__ = other, error
    assert not disk.is_full(error)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="a file of SQLite")
@pytest.mark.parametrize("code", [sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN])
@pytest.mark.parametrize("has_space", [True, False])
def test_an_unclear_error_of_sqlite_depends_on_the_free_space(monkeypatch, code, has_space):
    monkeypatch.setattr(disk, "MIN_FREE_BYTES", 0 if has_space else 2**60)
    assert disk.is_full(caused_by(from_sqlite(code))) is not has_space
