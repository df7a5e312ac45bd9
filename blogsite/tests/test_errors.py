"""Error pages: each says what happened and has a link back."""

import re
from urllib.parse import urlencode

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.test import Client

from posts.models import BODY_MAX_LENGTH, Post

FORM = "application/x-www-form-urlencoded"
WAY_BACK = 'href="/"'


def break_templates(request):
    """Fail like a context processor with a bug."""
    raise RuntimeError("the context is broken")


@pytest.fixture
def broken_templates(settings):
    (engine,) = settings.TEMPLATES
    processors = [*engine["OPTIONS"]["context_processors"], f"{__name__}.break_templates"]
    options = engine["OPTIONS"] | {"context_processors": processors}
    settings.TEMPLATES = [engine | {"OPTIONS": options}]


@pytest.fixture
def client_that_answers(client):
    """Return a client that shows the 500 page instead of raising the exception."""
    client.raise_request_exception = False
    return client


@pytest.mark.parametrize("visitor", ["anonymous", "author"])
def test_the_400_page_has_a_way_back_and_logs_no_error(client_of, log, visitor):
    response = client_of(visitor).get("/", HTTP_HOST="evil.example")
    assert response.status_code == 400
    # A session belongs to a host, so with a refused host everyone is anonymous.
    assert "Your browser sent something" in response.text and WAY_BACK in response.text
    assert "Log in" in response.text
    (line,) = log.getvalue().splitlines()
    assert f"WARNING django.security.DisallowedHost [{response['X-Request-ID']}]" in line
    assert "evil.example" in line


def test_a_log_level_above_warning_hides_refused_requests(client, log, caplog):
    caplog.set_level("ERROR", logger="django.security.DisallowedHost")
    assert client.get("/", HTTP_HOST="evil.example").status_code == 400
    assert log.getvalue() == ""


malformed_forms = pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", "title=a"),
        ("multipart/form-data; boundary=é", "title=a"),
        (f"{FORM}; charset=latin-1", "title=a"),
        (FORM, "&".join(["title=a"] * 2101)),
    ],
    ids=["no boundary", "odd boundary", "other charset", "too many fields"],
)


@malformed_forms
def test_a_malformed_form_is_400_and_one_warning(client_of, log, content_type, body):
    response = client_of("author").post("/create/", data=body, content_type=content_type)
    assert response.status_code == 400
    assert "Your browser sent something" in response.text and WAY_BACK in response.text
    (line,) = log.getvalue().splitlines()
    assert f" WARNING django.{'security' if content_type == FORM else 'request'}" in line


@malformed_forms
@pytest.mark.parametrize("path", ["/nothing/here/", "/static/nothing.css"])
def test_a_malformed_form_to_an_address_of_no_page_is_404_and_one_warning(
    client_that_answers, db, log, path, content_type, body
):
    response = client_that_answers.post(path, data=body, content_type=content_type)
    assert response.status_code == 404
    (line,) = log.getvalue().splitlines()
    assert " WARNING django.request" in line


@pytest.mark.parametrize(("excess", "status"), [(0, 403), (1, 400)])
def test_a_form_larger_than_10_mb_gets_a_page_that_says_so(client_of, settings, excess, status):
    client = client_of("author")
    client.handler.enforce_csrf_checks = True
    assert settings.DATA_UPLOAD_MAX_MEMORY_SIZE == 10 * 1024 * 1024
    body = "body=".ljust(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + excess, "a")
    response = client.post("/create/", data=body, content_type=FORM)
    assert response.status_code == status
    assert ("larger than 10 MB" in response.text) is (status == 400)
    assert WAY_BACK in response.text


def test_200000_characters_of_four_bytes_arrive(client_of):
    body = "😀" * BODY_MAX_LENGTH
    form = urlencode({"title": "Long", "body": body})
    assert len(form) > 2_400_000
    response = client_of("author").post("/create/", data=form, content_type=FORM)
    assert response.status_code == 302
    assert Post.objects.get().body == body


def test_the_403_page_has_a_way_back_and_logs_one_warning(client_of, post, log):
    response = client_of("reader").get(f"/{post.pk}/update/")
    assert response.status_code == 403
    assert "You can't do this" in response.text and WAY_BACK in response.text
    assert "This page may belong to someone else" in response.text
    (line,) = log.getvalue().splitlines()
    assert f" WARNING django.request [{response['X-Request-ID']}] Forbidden" in line


@pytest.mark.parametrize("visitor", ["anonymous", "author"])
@pytest.mark.parametrize(
    ("origin", "title"),
    [
        ("", "This form is missing its cookie"),
        ("https://evil.example", "This form came from another address"),
    ],
)
def test_a_form_without_its_token_gets_back_what_was_typed_but_no_password(
    client_of, visitor, origin, title
):
    client = client_of(visitor)
    client.handler.enforce_csrf_checks = True
    typed = {
        "title": "</textarea><b>Mine</b>",
        "body": "\n  First line\nSecond & last ",
        "password": "hunter2",
        "password1": "hunter2",
        "old_password": "hunter2",
        "username": "ada",
    }
    headers = {"HTTP_ORIGIN": origin} if origin else {}
    response = client.post("/create/", typed, **headers)
    assert response.status_code == 403
    assert title in response.text and WAY_BACK in response.text
    # A browser drops the line break right after the tag.
    kept = re.findall(r"<textarea[^>]*>\n(.*?)</textarea>", response.text, re.DOTALL)
    assert kept == [
        "&lt;/textarea&gt;&lt;b&gt;Mine&lt;/b&gt;",
        "\n  First line\nSecond &amp; last ",
    ]
    assert "hunter2" not in response.text and "ada" not in response.text


@pytest.mark.parametrize("name", ["tags", "reason", "biography"])
def test_every_typed_text_is_returned(name):
    response = Client(enforce_csrf_checks=True).post("/auth/account/", {name: "My own words"})
    assert ">\nMy own words</textarea>" in response.text
    assert "Copy your text from below" in response.text


def test_a_form_without_its_token_and_without_text_offers_nothing_to_copy():
    response = Client(enforce_csrf_checks=True).post("/auth/login/", {"password": "hunter2"})
    assert response.status_code == 403
    assert "Your unsaved text" not in response.text and "hunter2" not in response.text


@pytest.mark.parametrize("path", ["/nope/", "/auth/nope", "/999/", "/%00", "/static/nope.css"])
@pytest.mark.parametrize("visitor", ["anonymous", "author"])
def test_the_404_page_has_a_way_back(client_of, visitor, path):
    response = client_of(visitor).get(path)
    assert response.status_code == 404
    assert "Page not found" in response.text and WAY_BACK in response.text


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "/"),
        ("put", "/create/"),
        ("post", "/hello/"),
        ("post", "/favicon.ico"),
        ("get", "/1/delete/"),
        ("delete", "/create/"),
        ("get", "/admin/logout/"),
    ],
)
def test_the_405_page_has_a_way_back(client_of, method, path):
    response = getattr(client_of("moderator"), method)(path)
    assert response.status_code == 405
    assert response["Allow"]
    assert "only accepts submitted forms" in response.text and WAY_BACK in response.text


def test_405_to_head_has_no_body(ask):
    status, headers, body = ask(WSGIHandler(), "HEAD", "/1/delete/")
    assert (status, headers["Allow"], body) == ("405 Method Not Allowed", "POST", b"")


@pytest.mark.parametrize("path", ["/", "/auth/login/", "/nope/"])
def test_the_500_page_and_the_log_have_the_id_of_the_request(
    db, client_that_answers, broken_templates, log, path
):
    response = client_that_answers.get(path)
    request_id = response["X-Request-ID"]
    assert response.status_code == 500
    assert f"<code>{request_id}</code>" in response.text and WAY_BACK in response.text
    assert "text/html" in response["Content-Type"]
    assert f"ERROR django.request [{request_id}] Internal Server Error: {path}" in log.getvalue()


@pytest.mark.parametrize("path", ["/auth/login/", "/nope/"])
def test_the_500_page_keeps_its_cause_for_the_log(
    db, client_that_answers, broken_templates, log, path
):
    assert "broken" not in client_that_answers.get(path).text
    assert "RuntimeError: the context is broken" in log.getvalue()
