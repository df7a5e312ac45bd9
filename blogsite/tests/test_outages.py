"""503 during an outage: the page returns the text that was typed, and the log has the cause."""

import sqlite3

import psycopg
import pytest
from django.db import InterfaceError, OperationalError, connection
from django.utils.html import escape

from accounts.long_bodies import ANONYMOUS_MAX
from conftest import PASSWORD
from content.bulkhead import LONG_TEXT, Busy
from content.outages import is_outage, unavailable
from content.tests.slots import all_slots_taken
from posts.models import Comment, Like, Post
from posts.tests.images import image_file

BODY = "Typed </textarea> & mine"
# The form, the visitor who sends it, and the texts that must be on the page.
FORMS = {
    "post": ("/create/", "author", {"title": "A title", "body": BODY, "tags": "one, two"}),
    "edited post": ("/{post}/update/", "author", {"title": "T", "body": BODY, "reason": "Typo"}),
    "comment": ("/{post}/comments/", "reader", {"body": BODY}),
    "edited comment": ("/{post}/comments/{comment}/edit/", "reader", {"body": BODY}),
    "report": ("/{post}/comments/{comment}/report/", "author", {"reason": BODY}),
    "account": ("/auth/account/", "reader", {"biography": BODY, "display_name": "Ada"}),
    "post in the admin": ("/admin/posts/post/{post}/change/", "moderator", {"body": BODY}),
    "registration": ("/auth/register/", "anonymous", {"username": "ada", "email": "a@b.example"}),
    "log-in": ("/auth/login/", "anonymous", {"username": "reader"}),
    "log-in to the admin": ("/admin/login/", "anonymous", {"username": "moderator"}),
    "like": ("/{post}/like/", "reader", {}),
}
PASSWORDS = {"password": PASSWORD, "password1": PASSWORD, "password2": PASSWORD}
SCRIPTS = {
    "autosave of a new post": ("/create/autosave/", {"title": "T", "body": BODY}),
    "autosave": ("/{post}/autosave/", {"title": "T", "body": BODY}),
    "upload": ("/images/", {"alt": "A house"}),
}


@pytest.fixture
def paths(post, make_comment) -> dict[str, int]:
    return {"post": post.pk, "comment": make_comment().pk}


@pytest.fixture
def client_that_answers(client_of):
    """Return a function that returns a visitor's client; it shows error pages, and never raises."""

    def client_for(visitor: str):
        client = client_of(visitor)
        client.raise_request_exception = False
        return client

    return client_for


@pytest.fixture
def lock():
    """Return a function that locks the database for longer than the site waits."""
    others = []

    def take() -> None:
        options = connection.settings_dict["OPTIONS"]
        others.append(options.get("timeout"))
        options["timeout"] = 0
        connection.close()
        other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        others.append(other)

    yield take
    patience, other = others
    other.close()
    connection.settings_dict["OPTIONS"]["timeout"] = patience
    connection.close()


def expect_typed(response, typed: dict[str, str]) -> None:
    assert response.status_code == 503
    assert int(response["Retry-After"]) < 10
    for text in typed.values():
        assert f">\n{escape(text)}</textarea>" in response.text
    assert PASSWORD not in response.text


def expect_one_line(log, level: str, reason: str) -> None:
    (line,) = log.getvalue().splitlines()
    assert f" {level} content.outages [" in line and reason in line


@pytest.mark.parametrize("name", FORMS)
def test_without_a_database_a_form_comes_back_with_its_text(
    client_that_answers, paths, log, request, name
):
    path, visitor, typed = FORMS[name]
    client = client_that_answers(visitor)
    request.getfixturevalue("dead_database")
    response = client.post(path.format(**paths), typed | PASSWORDS)
    expect_typed(response, typed)
    expect_one_line(log, "ERROR", "127.0.0.1")


@pytest.mark.parametrize("name", SCRIPTS)
def test_without_a_database_a_script_gets_a_message(client_that_answers, paths, request, name):
    path, typed = SCRIPTS[name]
    client = client_that_answers("author")
    request.getfixturevalue("dead_database")
    response = client.post(path.format(**paths), typed | {"image": image_file()})
    assert response.status_code == 503 and response["Retry-After"]
    assert "not saved yet" in response.json()["message"]


@pytest.mark.parametrize("visitor", ["anonymous", "author"])
def test_without_a_database_a_page_says_that_it_may_be_back_soon(
    client_that_answers, request, visitor
):
    client = client_that_answers(visitor)
    request.getfixturevalue("dead_database")
    response = client.get("/")
    assert response.status_code == 503 and response["Retry-After"]
    assert "reload this page" in response.text and "send it again" not in response.text


def test_without_a_database_an_unknown_address_is_an_outage_without_a_traceback(
    client_that_answers, log, request
):
    """The 404 page names the person who is logged in, which takes a query."""
    client = client_that_answers("author")
    request.getfixturevalue("dead_database")
    response = client.get("/no/such/page/")
    assert response.status_code == 503 and response["Retry-After"]
    expect_one_line(log, "ERROR", "127.0.0.1")


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL locks rows, not everything")
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.parametrize("name", FORMS)
def test_a_form_is_returned_with_its_text_if_the_database_is_locked(
    client_that_answers, paths, log, lock, name
):
    path, visitor, typed = FORMS[name]
    path = path.format(**paths)
    client = client_that_answers(visitor)
    lock()
    expect_typed(client.post(path, form_for(name) | typed | PASSWORDS), typed)
    expect_one_line(log, "ERROR", "database is locked")
    assert not Like.objects.exists() and not Post.objects.filter(body=BODY).exists()
    assert not Comment.objects.filter(body=BODY).exists()


def form_for(name: str) -> dict[str, str]:
    """Return the other fields that the form needs to be saved."""
    if name != "post in the admin":
        return {}
    post = Post.objects.get()
    return {"title": "T", "author": post.author_id, "status": post.status}


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL locks rows, not everything")
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_gets_a_message_if_the_database_is_locked(client_that_answers, paths, lock, name):
    path, typed = SCRIPTS[name]
    path = path.format(**paths)
    client = client_that_answers("author")
    lock()
    response = client.post(path, typed | {"image": image_file()})
    assert response.status_code == 503 and response["Retry-After"]
    assert "not saved yet" in response.json()["message"]


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/create/", {"title": "A title", "body": "a" * (LONG_TEXT + 1)}),
        ("/create/", {"title": "A title", "body": BODY, "body_image": image_file}),
        ("/preview/", {"title": "A title", "body": "a" * (LONG_TEXT + 1)}),
        ("/auth/account/", {"biography": BODY, "image": image_file}),
    ],
)
def test_a_form_is_returned_with_its_text_if_no_slot_is_free(client_of, log, path, form):
    client = client_of("author")
    typed = {name: text for name, text in form.items() if text is not image_file}
    files = {name: image_file() for name in form.keys() - typed.keys()}
    with all_slots_taken():
        response = client.post(path, typed | files)
    expect_typed(response, typed)
    expect_one_line(log, "WARNING", "No slot")
    assert not Post.objects.exists()
    again = client.post(path, typed | {name: image_file() for name in files})
    assert again.status_code in (200, 302)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_gets_a_message_if_no_slot_is_free(client_of, paths, name):
    path, typed = SCRIPTS[name]
    path, typed = path.format(**paths), typed | {"body": "a" * (LONG_TEXT + 1)}
    client = client_of("author")
    with all_slots_taken():
        response = client.post(path, typed | {"image": image_file()})
    assert response.status_code == 503 and response["Retry-After"]
    assert response.json()["error"] == response.json()["message"]
    response = client.post(path, typed | {"image": image_file()})
    assert response.status_code in (200, 201)


def fail_with(error: type[Exception], cause: Exception | None) -> Exception:
    failure = error("what the driver said")
    failure.__cause__ = cause
    return failure


def from_sqlite(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("what SQLite said")
    error.sqlite_errorcode = code
    return error


OUTAGES = {
    "busy": Busy(),
    "raised by us": OperationalError("The file was replaced."),
    "SQLite is locked": fail_with(OperationalError, from_sqlite(sqlite3.SQLITE_BUSY_SNAPSHOT)),
    "SQLite can't be opened": fail_with(OperationalError, from_sqlite(sqlite3.SQLITE_CANTOPEN)),
    "PostgreSQL is away": fail_with(OperationalError, psycopg.OperationalError()),
    "PostgreSQL stops": fail_with(OperationalError, psycopg.errors.AdminShutdown()),
    "closed meanwhile": fail_with(InterfaceError, psycopg.InterfaceError()),
}
MISTAKES = {
    "no error of a database": ValueError(),
    "no such table": fail_with(OperationalError, from_sqlite(sqlite3.SQLITE_ERROR)),
    # Its code has details in the higher byte.
    "no such collation": fail_with(
        OperationalError, from_sqlite(sqlite3.SQLITE_ERROR_MISSING_COLLSEQ)
    ),
    "misuse of SQLite": fail_with(InterfaceError, from_sqlite(sqlite3.SQLITE_MISUSE)),
    "a parameter of no type": fail_with(InterfaceError, sqlite3.InterfaceError()),
    "too long for an index": fail_with(OperationalError, psycopg.errors.ProgramLimitExceeded()),
}


@pytest.mark.parametrize(
    ("error", "expected"),
    [(each, True) for each in OUTAGES.values()] + [(each, False) for each in MISTAKES.values()],
    ids=[*OUTAGES, *MISTAKES],
)
def test_a_bug_in_our_code_is_not_an_outage(error, expected):
    assert is_outage(error) is expected


def ask_for_what_is_not_there(execute, sql, params, many, context):
    return execute("SELECT 1 FROM no_such_table", None, many, context)


@pytest.mark.django_db
def test_a_mistake_in_our_sql_stays_a_500_with_a_traceback(client_that_answers, log):
    with connection.execute_wrapper(ask_for_what_is_not_there):
        response = client_that_answers("anonymous").get("/")
    assert response.status_code == 500
    assert "Traceback" in log.getvalue()


def test_a_form_that_nothing_read_before_may_be_unreadable_too(rf):
    sent = rf.post("/", "username=ada", content_type="multipart/form-data; boundary=é")
    sent.resolver_match = None
    response = unavailable(sent, Busy())
    assert response.status_code == 503 and "textarea" not in response.text


def test_an_unreadable_form_gets_the_page_without_a_text(client_that_answers, request):
    client = client_that_answers("author")
    request.getfixturevalue("dead_database")
    # The view loads the session before it reads the form.
    kind = "multipart/form-data; boundary=é"
    response = client.post("/auth/login/", "username=ada", content_type=kind)
    expect_typed(response, {})
    assert "textarea" not in response.text


def test_without_a_database_a_long_body_of_an_unknown_visitor_is_not_parsed(
    client_that_answers, request
):
    client = client_that_answers("author")
    request.getfixturevalue("dead_database")
    response = client.post("/create/", {"title": "T", "body": "a" * ANONYMOUS_MAX})
    expect_typed(response, {})
    assert not hasattr(response.wsgi_request, "_post")


def test_without_a_database_a_long_body_is_returned_to_a_known_browser(
    client_that_answers, request
):
    client = client_that_answers("author")
    client.get("/create/")
    request.getfixturevalue("dead_database")
    typed = {"title": "T", "body": "a" * ANONYMOUS_MAX}
    expect_typed(client.post("/create/", typed), typed)
