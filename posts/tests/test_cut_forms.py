"""Forms cut short because the connection broke, as in a tunnel, or the process was killed."""

from io import BytesIO
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from caching.tests.cached import ask
from posts.models import Comment, Post

URLENCODED = "application/x-www-form-urlencoded"
BODY = "Words that matter. " * 400
CUTS = ["in the body", "before the button", "before the last byte"]


@pytest.fixture
def send_cut(client_of):
    """Return a function that sends a form as the author and cuts it short."""
    client = client_of("author")
    client.get("/auth/account/")
    cookies = "; ".join(f"{name}={cookie.value}" for name, cookie in client.cookies.items())
    token = client.cookies[settings.CSRF_COOKIE_NAME].value

    def send(path: str, content_type: str, cut: str, *, header: str = "", **fields) -> int:
        # Imported here, as the import starts the site, which looks for its static files.
        from blogsite.wsgi import site

        fields = {"csrfmiddlewaretoken": token} | fields
        is_multipart = content_type == MULTIPART_CONTENT
        raw = encode_multipart(BOUNDARY, fields) if is_multipart else urlencode(fields).encode()
        ends = {
            "in the body": raw.index(b"matter") + 300,
            "before the button": raw.rindex(b"action"),
            "before the last byte": len(raw) - 1,
            "nowhere": len(raw),
        }
        headers = {"CONTENT_TYPE": content_type, "CONTENT_LENGTH": str(len(raw))}
        headers |= {"HTTP_COOKIE": cookies, "wsgi.input": BytesIO(raw[: ends[cut]])}
        headers |= {header: token} if header else {}
        return ask(site, path, "POST", **headers).status

    return send


@pytest.mark.parametrize("content_type", [URLENCODED, MULTIPART_CONTENT])
@pytest.mark.parametrize("cut", CUTS)
def test_a_new_post_that_did_not_arrive_whole_is_not_made(send_cut, content_type, cut):
    fields = {"title": "A draft", "body": BODY, "tags": "a, b", "action": "draft"}
    assert send_cut("/create/", content_type, cut, **fields) == 400
    assert not Post.objects.exists()
    assert send_cut("/create/", content_type, "nowhere", **fields) == 302
    assert Post.objects.get().is_draft


@pytest.mark.parametrize("content_type", [URLENCODED, MULTIPART_CONTENT])
@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("path", ["/{pk}/update/", "/{pk}/autosave/"])
@pytest.mark.parametrize("header", ["", "HTTP_X_CSRFTOKEN"])
def test_a_save_that_did_not_arrive_whole_leaves_the_old_version_whole(
    send_cut, make_post, content_type, cut, path, header
):
    post = make_post(title="Old", body="Old words.", tags="Old tag")
    path, before = path.format(pk=post.pk), post.version
    fields = {"title": "New", "body": BODY, "action": "update"}
    assert send_cut(path, content_type, cut, header=header, **fields) == 400
    post = Post.objects.get()
    assert (post.title, post.body, post.version) == ("Old", "Old words.", before)
    assert [tag.name for tag in post.tag_list] == ["Old tag"]
    assert not post.revisions.exists()


def test_half_a_comment_is_not_saved(send_cut, make_post):
    path = f"/{make_post().pk}/comments/"
    fields = {"body": BODY[:3_000], "action": ""}
    assert send_cut(path, URLENCODED, "in the body", **fields) == 400
    assert not Comment.objects.exists()
    assert send_cut(path, URLENCODED, "nowhere", **fields) == 302
