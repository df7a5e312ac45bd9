"""Canaries for docs/private-apis.md: each fails if a package changes a private API that we use."""

import ast
import inspect
import io
import pkgutil
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth import SESSION_KEY
from django.core.exceptions import BadRequest, ValidationError
from django.db import connection, connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import BigIntegerField
from django.db.models.sql.compiler import SQLCompiler
from django.http import HttpResponse
from django.middleware import csrf
from django.test import RequestFactory
from django.utils.log import log_response
from redis.connection import ConnectionPool

from accounts import sessions
from accounts.admin import GuardedAdmin, KeySelect, NamedSplitDateTime, OfferedRows, UserForm
from accounts.models import User
from accounts.sessions import SessionStore
from blogsite import wsgi
from blogsite.flash import FlashStorage
from blogsite.sqlite.base import DatabaseWrapper
from blogsite.urlencoded import parse_form
from blogsite.wsgi import FORM, Handler, StrictRequest
from content.bulkhead import Busy
from content.outages import unavailable
from content.prepared import Parameter, Prepared
from posts.admin.tags import TagAdmin
from posts.models import Post

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/private-apis.md").read_text()
ADMIN_TEMPLATES = Path(admin.__file__).parent / "templates/admin"
# These are public and documented, in spite of their names.
PUBLIC = {"_asdict", "_default_manager", "_fields", "_meta", "_replace", "_state"}


@pytest.fixture
def watch(monkeypatch) -> Callable:
    """Return a function that records the calls of an override, which still does its work."""

    def watch_override(owner: type, name: str) -> list[tuple]:
        override = vars(owner)[name]
        calls = []

        def called(*args, **kwargs):
            calls.append(args)
            return override(*args, **kwargs)

        monkeypatch.setattr(owner, name, called)
        return calls

    return watch_override


# The table ----------------------------------------------------------------------------------------


def names_of_tests() -> set[str]:
    sources = "".join(path.read_text() for path in ROOT.glob("**/tests/test_*.py"))
    return set(re.findall(r"^def (test_\w+)", sources + Path(__file__).read_text(), re.M))


def test_every_canary_of_the_table_exists_and_every_canary_is_in_the_table():
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert named <= names_of_tests()
    own = {name for name in globals() if name.startswith("test_")}
    assert own - named == {name for name in own if name.endswith("_in_the_table")}


def private_names(tree: ast.AST) -> set[str]:
    """Return the private attributes that code uses, and the private methods of its classes."""
    methods = {
        node.name
        for parent in ast.walk(tree)
        if isinstance(parent, ast.ClassDef)
        for node in parent.body
        if isinstance(node, ast.FunctionDef)
    }
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return {name for name in methods | attributes if re.match("_[a-z]", name)} - PUBLIC


def test_every_private_name_is_in_the_table():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    for path in (path for package in packages for path in (ROOT / package).rglob("*.py")):
        if not {"tests", "migrations"} & set(path.parts):
            unknown = private_names(ast.parse(path.read_text())) - set(re.findall(r"\w+", PAGE))
            assert not unknown, f"{path}: add {unknown} to docs/private-apis.md, with a canary"


# Django: requests and responses -------------------------------------------------------------------


def form_request(body: bytes = b"title=a", content_type: str = FORM) -> StrictRequest:
    return StrictRequest(RequestFactory().post("/", body, content_type=content_type).environ)


def test_the_handler_makes_requests_of_our_class(db, watch):
    made = watch(StrictRequest, "__init__")
    Handler()(RequestFactory().get("/hello/").environ, lambda *started: None)
    assert made


def test_django_has_our_request_load_a_form(monkeypatch):
    monkeypatch.setattr(wsgi, "parse_form", lambda body: {"parsed": body})
    request = form_request()
    assert request.POST == {"parsed": b"title=a"}
    assert request.FILES == {}
    upload = form_request(b"--x--", "multipart/form-data; boundary=x")
    assert not upload.POST and not upload.FILES


def test_django_reads_a_body_through_our_stream():
    environ = RequestFactory().post("/", content_type=FORM).environ
    sent = {"CONTENT_LENGTH": "5", "wsgi.input": io.BytesIO(b"titl")}
    request = StrictRequest(environ | sent)
    assert request.read(3) == b"tit"
    with pytest.raises(BadRequest):
        request.read(2)


def test_django_remembers_whether_a_body_was_read():
    request = form_request()
    assert request.is_body_there
    request.read(1)
    assert not request.is_body_there
    request = form_request()
    assert request.body and request.is_body_there


def test_django_asks_our_request_for_the_content_type():
    request = form_request(content_type="TEXT/plain; charset=punycode")
    assert (request.content_type, request.content_params) == ("text/plain", {})
    assert request.encoding is None


def test_a_parsed_form_is_immutable():
    with pytest.raises(AttributeError):
        parse_form(b"title=a")["title"] = "b"


def test_django_logs_no_response_a_second_time(caplog):
    request = RequestFactory().get("/")
    response = unavailable(request, Busy())
    caplog.clear()
    log_response("Service Unavailable", response=response, request=request)
    assert not caplog.records


def test_messages_are_in_the_cookie_with_our_name():
    storage = FlashStorage(RequestFactory().get("/"))
    storage.add(messages.INFO, "Saved.")
    response = HttpResponse()
    storage.update(response)
    assert list(response.cookies) == [settings.MESSAGES_COOKIE_NAME]


# Django: sessions and accounts --------------------------------------------------------------------


def test_loading_a_session_brings_its_user(author):
    session = SessionStore()
    session[SESSION_KEY] = str(author.pk)
    session.create()
    read = SessionStore(session.session_key)
    read.load()
    assert read.user == author


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (sessions.SessionMiddleware, "process_request"),
        (sessions.SessionMiddleware, "process_response"),
        (sessions.AuthenticationMiddleware, "process_request"),
    ],
)
def test_django_calls_the_middleware_of_sessions(watch, client, owner, name):
    calls = watch(owner, name)
    client.get("/hello/")
    assert len(calls) == 1


def test_the_csrf_check_gives_its_reasons():
    reasons = []
    check = csrf.CsrfViewMiddleware(lambda request: None)
    check._reject = lambda request, reason: reasons.append(reason)
    for headers in ({}, {"HTTP_ORIGIN": "https://other.example"}):
        request = RequestFactory().post("/", headers={}, **headers)
        check.process_view(request, lambda request: None, (), {})
    assert reasons == [
        csrf.REASON_NO_CSRF_COOKIE,
        csrf.REASON_BAD_ORIGIN % "https://other.example",
    ]


# Django: forms and the admin ----------------------------------------------------------------------


class BlamedForm(forms.Form):
    blamed_fields = ("name",)
    name = forms.CharField()

    def clean(self) -> None:
        raise ValidationError("Wrong.")


def test_a_form_builds_its_fields_with_our_attributes():
    field = str(BlamedForm({"name": "a"})["name"])
    assert "autofocus" in field and "aria-invalid" in field
    assert 'aria-describedby="form_error"' in field


def test_the_widget_of_a_password_hash_has_the_attribute_that_we_remove():
    form = UserForm(instance=User(password="a"))
    assert "disabled" not in str(form["password"])
    context = UserForm.base_fields["password"].widget.get_context(
        "password", "a", {"disabled": True}
    )
    assert "disabled" not in context["widget"]["attrs"]


def test_the_two_fields_of_a_time_get_their_names():
    html = NamedSplitDateTime().render("at", None)
    assert html.count("aria-label=") == 2


@pytest.mark.parametrize(
    ("owner", "name", "path"),
    [
        (OfferedRows, "get_ordering_field", "post/?o=1"),
        (OfferedRows, "get_results", "post/"),
        (GuardedAdmin, "get_object", "post/{post}/change/"),
        (GuardedAdmin, "formfield_for_dbfield", "post/{post}/change/"),
        (KeySelect, "optgroups", "post/{post}/change/"),
        (TagAdmin, "changeform_view", "tag/{tag}/change/"),
    ],
)
def test_the_admin_calls_our_overrides(client_of, watch, make_post, owner, name, path):
    calls = watch(owner, name)
    post = make_post(tags="bread")
    path = path.format(post=post.pk, tag=post.tags.get().pk)
    page = client_of("owner").get(f"/admin/posts/{path}")
    assert page.status_code == 200
    assert calls


def test_the_admin_acts_through_our_override(client_of, watch, post):
    calls = watch(GuardedAdmin, "response_action")
    action = {"action": "hide", "_selected_action": [str(post.pk)], "reason": "Spam"}
    client_of("moderator").post("/admin/posts/post/", action)
    assert calls
    assert Post.objects.get(pk=post.pk).status == Post.Status.HIDDEN


def test_the_templates_of_the_admin_have_the_blocks_that_ours_override():
    django = {path.name: path.read_text() for path in ADMIN_TEMPLATES.glob("*.html")}
    for path in (ROOT / "templates/admin").glob("*.html"):
        text = path.read_text()
        if "{% extends" in text:
            parents = django[path.name] + django["base.html"]
            blocks = set(re.findall(r"{% block (\w+)", text))
            assert blocks <= set(re.findall(r"{% block (\w+)", parents)), path.name
        else:
            assert path.name in {*django, "author_filter.html"}


# Django: databases --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["get_new_connection", "create_cursor", "_start_transaction_under_autocommit", "_commit"],
)
def test_a_transaction_on_sqlite_calls_our_overrides(db, tmp_path, watch, name):
    calls = watch(DatabaseWrapper, name)
    options = {"transaction_mode": "IMMEDIATE"}
    changes = {"NAME": tmp_path / "db.sqlite3", "OPTIONS": options}
    wrapper = DatabaseWrapper(connections.settings["default"] | changes, "other")
    # `transaction.atomic` calls it this way.
    wrapper.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    wrapper.cursor().execute("CREATE TABLE kept (number integer)")
    wrapper.commit()
    wrapper.close()
    assert calls


def test_a_wrapper_of_queries_can_replace_the_cursor(db):
    def ask_another(execute, sql, params, many, context):
        other = connection.cursor()
        other.cursor.execute("SELECT 2")
        context["cursor"].cursor = other.cursor

    with connection.execute_wrapper(ask_another):
        cursor = connection.cursor()
        cursor.execute("SELECT 1")
    assert cursor.fetchone() == (2,)


def test_migrations_of_code_and_database_can_be_listed(db):
    loader = MigrationLoader(None, ignore_no_migrations=True)
    assert ("posts", "0001_initial") in loader.disk_migrations
    assert "posts" in loader.migrated_apps
    assert loader.disk_migrations["posts", "0001_initial"].replaces == []
    assert ("posts", "0001_initial") in MigrationRecorder(connection).applied_migrations()


def test_a_prepared_query_is_compiled_once(monkeypatch, author):
    query = Prepared(lambda: User.objects.filter(pk=Parameter("pk", BigIntegerField())))
    assert query.first(pk=author.pk) == author
    for name in ("as_sql", "get_converters", "pre_sql_setup"):
        monkeypatch.delattr(SQLCompiler, name)
    found = query.first(pk=author.pk)
    assert found == author
    assert found.is_active is True
    assert found.date_joined == author.date_joined


def test_a_queryset_says_whether_it_has_an_order():
    assert not Post.objects.order_by().query.order_by
    assert Post.objects.order_by("pk").query.order_by


# Names that code imports. Without one of them, the site does not start. ---------------------------


@pytest.mark.parametrize(
    "name", sorted(set(re.findall(r"`((?:django|gunicorn|mdit|markdown)\w*\.[\w.]+)`", PAGE)))
)
def test_every_imported_name_exists(name):
    pkgutil.resolve_name(name)


# Redis --------------------------------------------------------------------------------------------


def test_a_connection_to_redis_sends_a_packed_command():
    options = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5}
    pool = ConnectionPool.from_url("redis://127.0.0.1:1/0", **options)
    redis = pool.make_connection()
    question = redis.pack_command("GET", "key")
    assert b"".join(question) == b"*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n"
    inspect.signature(redis.send_packed_command).bind(question, check_health=False)
    inspect.signature(redis.read_response).bind()
    redis.disconnect()
