"""Requests that no browser sends, and their harmless responses."""

import pytest
from django.urls import reverse

from blogsite.requests import _is_address

MULTIPART = b'--X\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xc3\xa9\r\n--X--\r\n'


@pytest.mark.parametrize(
    "charset", ["punycode", "zlib", "unicode_escape", "utf-7", "nosuch", "idna"]
)
@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data; boundary=X", MULTIPART),
        ("application/x-www-form-urlencoded", b"a=%C3%A9"),
    ],
)
def test_a_form_is_always_read_as_utf_8(rf, charset, content_type, body):
    # The import starts the site, which looks for its static files.
    from blogsite.wsgi import StrictRequest

    environ = rf.generic("POST", "/", body, f"{content_type}; charset={charset}").environ
    request = StrictRequest(environ | {"QUERY_STRING": "q=%C3%A9"})
    assert request.content_type == content_type.partition(";")[0]
    assert (request.POST["a"], request.GET["q"]) == ("é", "é")


@pytest.mark.parametrize("value", ["\\" * 16_000, '"aaaaaaaaaa\\000"', '"\\'])
@pytest.mark.parametrize(
    ("path", "status"), [("/", 200), ("/auth/login/", 200), ("/auth/account/", 302)]
)
def test_backslashes_in_a_cookie_cost_nothing_and_break_nothing(
    client, db, settings, value, path, status
):
    cookie = f"{settings.SESSION_COOKIE_NAME}={value}"
    response = client.get(path, headers={"cookie": cookie})
    assert response.status_code == status


@pytest.mark.parametrize(("excess", "status"), [(0, 403), (1, 400)])
def test_a_request_larger_than_form_and_images_is_refused_unread(client, settings, excess, status):
    settings.LARGEST_REQUEST = 1000
    client.handler.enforce_csrf_checks = True
    body = b"--X\r\n".ljust(1000 + excess, b"a")
    response = client.post("/auth/login/", body, content_type="multipart/form-data; boundary=X")
    assert response.status_code == status


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/admin/posts/post/", 200),
        ("/admin/posts/post/?status__exact=draft", 200),
        ("/admin/posts/post/?publish_at__gte=2020-01-01%2000:00:00%2B00:00", 200),
        ("/admin/posts/post/?publish_at__gte=9999-12-31%2023:59:59-23:59", 400),
        ("/admin/posts/post/?publish_at__year=99999999999", 400),
        ("/admin/posts/post/?slug__regex=(", 400),
        ("/admin/posts/post/?author__password__startswith=a", 400),
        ("/admin/posts/post/?q=" + "word+" * 1500, 200),
        ("/admin/posts/post/?q=%00", 400),
        ("/admin/accounts/user/?is_staff__exact=1", 200),
        ("/admin/accounts/user/?last_login__year=999999999999", 400),
        ("/admin/posts/post/999999999999999999999999999/change/", 302),
    ],
)
def test_the_admin_serves_what_its_pages_offer_and_nothing_breaks(client_of, post, path, status):
    assert client_of("moderator").get(path).status_code == status


@pytest.mark.parametrize("key", ["9" * 26, "x", "-1", "\0", ""])
def test_an_author_id_beyond_the_database_is_refused_beside_its_field(client_of, post, key):
    data = {"title": "t", "body": "Typed.", "author": key, "status": "published"}
    path = reverse("admin:posts_post_change", args=[post.pk])
    response = client_of("owner").post(path, data)
    assert response.status_code == 200 and "Typed." in response.text
    assert "author" in response.context["adminform"].form.errors


@pytest.mark.parametrize("visitor", ["anonymous", "reader", "moderator"])
def test_the_admin_gives_no_titles_away_by_redirect(client_of, draft, visitor):
    response = client_of(visitor).get(f"/admin/r/1/{draft.pk}/")
    assert response.status_code == 404
    assert "Draft" not in response.text


@pytest.mark.parametrize(("visitor", "is_private"), [("anonymous", False), ("reader", True)])
def test_pages_of_one_person_are_kept_by_no_shared_cache(client_of, post, visitor, is_private):
    policy = client_of(visitor).get("/").headers.get("Cache-Control", "")
    assert ("private" in policy) == is_private
    assert "no-store" not in policy


def test_a_page_that_sets_a_cookie_is_private_too(client, db):
    assert "private" in client.get("/auth/login/")["Cache-Control"]


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("203.0.113.7", True), ("fe80::1", True), ('fe80::1%" 200 9 FAKE', False), ("x", False)],
)
def test_an_address_has_no_scope_id(text, is_one):
    assert _is_address(text) == is_one


@pytest.mark.parametrize("path", ["/", "/feed/", "/feed/json/", "/sitemap.xml"])
@pytest.mark.parametrize(
    ("host", "status"),
    [("localhost", 200), ("localhost:65535", 200), ("[::1]:80", 200), ("[::1]", 200)]
    + [(f"localhost:{port}", 400) for port in ("65536", "000080", "9" * 5_000)],
)
def test_a_port_that_can_not_exist_is_refused(client, post, path, host, status):
    assert client.get(path, headers={"host": host}).status_code == status


@pytest.mark.parametrize(
    ("visitor", "is_there", "status"),
    [("reader", True, 403), ("reader", False, 404), ("author", False, 404)],
)
def test_a_refused_save_returns_the_text(client_of, post, visitor, is_there, status):
    client = client_of(visitor)
    target = f"/{post.pk}/update/"
    if not is_there:
        post.delete()
    response = client.post(target, {"title": "T", "body": "my <long> text"})
    assert response.status_code == status
    assert "my &lt;long&gt; text</textarea>" in response.text
