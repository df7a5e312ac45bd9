"""Long bodies, which are parsed only for people who are or were logged in."""

import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.core import signing
from django.test import Client
from django.utils import timezone

from accounts.long_bodies import ANONYMOUS_MAX, COOKIE_AGE, RENEWED_AFTER, SALT
from accounts.models import UnsavedText
from conftest import PASSWORD
from posts.models import Post

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=X"
LONG = "a" * (ANONYMOUS_MAX + 1)
PATHS = ["/", "/create/", "/auth/login/", "/auth/register/", "/admin/login/", "/images/", "/nope/"]


@pytest.fixture
def strict(client) -> Client:
    """Client of an anonymous visitor that checks CSRF tokens as the site does."""
    client.handler.enforce_csrf_checks = True
    return client


@pytest.fixture
def name(settings) -> str:
    return settings.EDITOR_COOKIE_NAME


@pytest.mark.django_db
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("kind", [FORM, MULTIPART, "text/plain", "application/json", ""])
def test_a_long_body_of_an_anonymous_visitor_is_refused_unread(strict, path, kind):
    response = strict.post(path, LONG, content_type=kind)
    request = response.wsgi_request
    assert response.status_code == 413 and "Log in" in response.text
    assert not request._read_started and not hasattr(request, "_post")


@pytest.mark.django_db
@pytest.mark.parametrize("path", PATHS)
def test_a_body_that_is_not_too_long_passes(strict, path):
    response = strict.post(path, "a".ljust(ANONYMOUS_MAX, "a"), content_type=FORM)
    assert response.status_code != 413


@pytest.mark.django_db
@pytest.mark.parametrize("length", ["x", "-1", "²"])
def test_an_invalid_content_length_causes_no_error(client, length):
    assert client.generic("POST", "/", CONTENT_LENGTH=length).status_code == 405


@pytest.mark.parametrize("page", ["/create/", "/auth/account/", "/{post}-test-title/"])
def test_a_page_with_a_form_for_long_texts_sets_the_cookie_once(client_of, post, name, page):
    client = client_of("author")
    page = page.format(post=post.pk)
    cookie = client.get(page).cookies[name]
    assert cookie["max-age"] == COOKIE_AGE.total_seconds()
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert not cookie["secure"]
    assert name not in client.get(page).cookies


def test_a_page_of_the_admin_sets_the_cookie(client_of, name):
    assert name in client_of("moderator").get("/admin/").cookies


def test_with_https_the_cookie_is_secure(client_of, settings, name):
    settings.IS_HTTPS = True
    assert client_of("author").get("/create/").cookies[name]["secure"]


@pytest.mark.parametrize("page", ["/", "/auth/login/", "/auth/register/", "/{post}-test-title/"])
def test_an_anonymous_visitor_gets_no_cookie(client, post, name, page):
    assert name not in client.get(page.format(post=post.pk)).cookies


def test_the_cookie_is_renewed_after_a_day(client_of, name):
    client = client_of("author")
    client.get("/create/")
    client.cookies[name] = made_ago(name, RENEWED_AFTER + timedelta(minutes=1))
    assert name in client.get("/create/").cookies


def made_ago(name: str, age: timedelta) -> str:
    """Return a cookie that was set `age` ago."""
    signer = signing.get_cookie_signer(salt=name + SALT)
    signer.timestamp = lambda: signing.b62_encode(int((timezone.now() - age).timestamp()))
    return signer.sign("1")


@pytest.mark.parametrize(
    ("cookie", "status"),
    [
        (lambda name: made_ago(name, timedelta(days=29)), 403),
        (lambda name: made_ago(name, timedelta(days=31)), 413),
        (lambda name: made_ago(name + "x", timedelta()), 413),
        (lambda name: "1", 413),
    ],
    ids=["valid", "old", "of another name", "not signed"],
)
def test_the_cookie_proves_that_a_long_body_may_be_parsed(strict, db, name, cookie, status):
    strict.cookies[name] = cookie(name)
    assert strict.post("/create/", LONG, content_type=FORM).status_code == status


def test_the_cookie_opens_nothing_else(client, post, name):
    client.cookies[name] = made_ago(name, timedelta())
    for page in ("/create/", "/mine/", f"/{post.pk}/update/", "/auth/account/"):
        assert client.get(page).status_code == 302
    assert "private" not in client.get("/").headers.get("Cache-Control", "")


@pytest.mark.parametrize("session", ["expired", "gone from the browser"])
@pytest.mark.parametrize("kind", ["form", "multipart"])
def test_300000_characters_sent_after_the_session_ended_are_kept(
    client_of, strict, settings, session, kind
):
    client = client_of("author")
    page = client.get("/create/").text
    fields = re.findall(r'<input type="hidden" name="([a-z]+)" value="([^"]*)"', page)
    body = "😀" * 300_000
    typed = dict(fields) | {"title": "Long", "body": body, "tags": "one", "action": "draft"}
    if session == "expired":
        client.session.flush()
    else:
        del client.cookies[settings.SESSION_COOKIE_NAME]
    if kind == "form":
        response = client.post("/create/", urlencode(typed), content_type=FORM)
    else:
        response = client.post("/create/", typed)
    assert response.status_code == 302 and "/auth/login/" in response["Location"]
    assert UnsavedText.objects.get().texts["body"] == body
    form = {"username": "author", "password": PASSWORD}
    strict.handler.enforce_csrf_checks = False
    page = client.post(response["Location"], form, follow=True).text
    assert body in page and not Post.objects.exists()


def test_a_logged_in_person_sends_a_long_text_without_the_cookie(client_of, name):
    client = client_of("author")
    assert name not in client.cookies
    response = client.post("/create/", urlencode({"title": "T", "body": LONG}), content_type=FORM)
    assert response.status_code == 302
    assert Post.objects.get().body == LONG
