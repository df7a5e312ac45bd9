"""Headers that the shipped nginx.conf adds to nginx's responses and leaves to the application."""

import re

import pytest

from benchmarks.machines import DEPLOY
from blogsite.requests import CONTENT_SECURITY_POLICY, PERMISSIONS_POLICY
from tests.test_deploy import FOR_ALL, Told, before, needs_nginx

RESTRICTING = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Permissions-Policy": PERMISSIONS_POLICY,
    "X-Content-Type-Options": "nosniff",
}
OWN = dict.fromkeys(RESTRICTING, "the application's own")
A_YEAR = "public, max-age=31536000, immutable"


def each_restricting(response) -> dict[str, list[str]]:
    return {name: response.headers.get_all(name, []) for name in RESTRICTING}


def only(headers: dict[str, str]) -> dict[str, list[str]]:
    return {name: [value] for name, value in headers.items()}


def test_no_location_drops_the_headers_of_its_server():
    """A block with its own add_header inherits none from its server."""
    text = re.sub("#.*", "", (DEPLOY / "nginx.conf").read_text())
    depth_of_headers = {
        text[: found.start()].count("{") - text[: found.start()].count("}")
        for found in re.finditer("add_header", text)
    }
    assert depth_of_headers == {1}


@needs_nginx
@pytest.mark.parametrize(
    ("path", "status", "life"),
    [
        ("/static/css/site.0123456789ab.css", 200, "public, max-age=315360000, immutable"),
        ("/static/css/site.css", 200, "public, max-age=60"),
        ("/static/rules.speculationrules", 200, "public, max-age=60"),
        ("/static/nope.css", 404, None),
        ("/media/images/some.webp", 200, A_YEAR),
        ("/media/images/nope.webp", 404, None),
        ("/media/images/", 403, None),
    ],
)
def test_files_are_sent_with_the_security_headers(tmp_path, path, status, life):
    for name in ("css/site.0123456789ab.css", "css/site.css", "rules.speculationrules"):
        (tmp_path / "static/css").mkdir(parents=True, exist_ok=True)
        (tmp_path / "static" / name).write_text("{}")
    (tmp_path / "media/images").mkdir(parents=True)
    (tmp_path / "media/images/some.webp").write_text("image")
    with before(tmp_path, Told()) as visitor:
        response = visitor.get(path)
        again = visitor
        again.headers["If-None-Match"] = response.headers.get("ETag", '"none"')
        unchanged = again.get(path)
    assert (response.status, response.headers["Cache-Control"]) == (status, life)
    assert unchanged.status == (304 if status == 200 else status)
    assert each_restricting(response) == each_restricting(unchanged) == only(RESTRICTING)


@needs_nginx
@pytest.mark.parametrize("path", ["/", "/auth/login/", "/preview/x/", "/admin/"])
@pytest.mark.parametrize("headers", [OWN, {}])
def test_the_applications_own_headers_are_sent_once_and_missing_ones_added(tmp_path, path, headers):
    with before(tmp_path, Told(headers | FOR_ALL)) as visitor:
        responses = [visitor.get(path) for _ in range(2)]
    for response in responses:
        assert each_restricting(response) == only(headers or RESTRICTING)
        assert response.headers.get_all("Cache-Control") == [FOR_ALL["Cache-Control"]]
    if path == "/":
        assert [response.headers["X-Cache"] for response in responses] == ["MISS", "HIT"]


@needs_nginx
def test_error_pages_of_nginx_have_the_security_headers_too(tmp_path):
    with before(tmp_path, Told(hangs_up=True)) as visitor:
        response = visitor.get("/")
    assert response.status == 502
    assert each_restricting(response) == only(RESTRICTING)


@needs_nginx
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("TRACE", "/"),
        ("TRACE", "/auth/login/"),
        ("POST", "/static/css/site.css"),
        ("PROPFIND", "/static/css/site.css"),
        ("FOO", "/media/images/some.webp"),
    ],
)
def test_a_method_that_nginx_refuses_gets_405_with_the_allowed_methods(tmp_path, method, path):
    for name in ("static/css/site.css", "media/images/some.webp"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("{}")
    with before(tmp_path, Told()) as visitor:
        response = visitor.ask(method, path)
    assert (response.status, response.headers["Allow"]) == (405, "GET, HEAD")
    assert each_restricting(response) == only(RESTRICTING)
