"""Writing a new post."""

import pytest
from django.contrib.messages import get_messages

from posts.models import BODY_MAX_LENGTH, Post


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_anonymous_visitor_is_redirected_to_login_and_back(client, db, method):
    """Seed: test_login_required."""
    response = getattr(client, method)("/create/")
    assert response.status_code == 302
    assert response["Location"] == "/auth/login/?next=/create/"
    assert not Post.objects.exists()


def test_an_author_publishes_a_post_and_lands_on_it(client_of):
    """Seed: test_create."""
    client = client_of("author")
    assert client.get("/create/").status_code == 200
    response = client.post("/create/", {"title": "created", "body": ""})
    post = Post.objects.get()
    assert response.status_code == 302
    assert response["Location"] == f"/{post.pk}-created/"
    assert (post.author.username, post.status) == ("author", Post.Status.PUBLISHED)
    assert post.publish_at == post.created_at == post.updated_at
    assert [str(message) for message in get_messages(response.wsgi_request)] == [
        "Your post is published."
    ]
    assert "Your post is published." in client.get(response["Location"]).text
    assert "Your post is published." not in client.get("/").text


def test_an_empty_form_shows_where_to_write(client_of):
    page = client_of("author").get("/create/").text
    assert 'placeholder="Title"' in page
    assert 'placeholder="Write your post. You can use Markdown."' in page


def test_the_logged_in_person_is_the_author_whatever_the_form_contains(client_of, reader):
    client_of("author").post(
        "/create/", {"title": "t", "author": reader.pk, "status": "draft", "pk": 77, "slug": "x"}
    )
    post = Post.objects.get()
    assert (post.author.username, post.status, post.slug) == ("author", Post.Status.PUBLISHED, "t")


REFUSED = {
    "": "Title is required.",
    "   ": "Title is required.",
    "\t\n": "Title is required.",
    "x" * 201: "at most 200 characters (it has 201)",
    "nul\0": "Null characters are not allowed.",
    "\u200b\u2060": "Title is required.",
    "\u3164": "Title is required.",
    "\u2800\u202e": "Title is required.",
}


@pytest.mark.parametrize(
    "title",
    REFUSED,
    ids=["empty", "spaces", "blank", "long", "nul", "zero width", "filler", "braille"],
)
def test_a_bad_title_is_refused_beside_the_field_and_the_text_stays(client_of, title):
    """Seed: test_create_update_validate."""
    response = client_of("author").post("/create/", {"title": title, "body": "kept <words>"})
    assert response.status_code == 200
    assert REFUSED[title] in response.text
    assert 'aria-invalid="true" aria-describedby="id_title_error"' in response.text
    assert "kept &lt;words&gt;</textarea>" in response.text
    assert not Post.objects.exists()


def test_a_missing_field_is_treated_like_an_empty_one(client_of):
    assert "Title is required." in client_of("author").post("/create/", {}).text


@pytest.mark.parametrize(
    ("length", "is_saved"), [(BODY_MAX_LENGTH, True), (BODY_MAX_LENGTH + 1, False)]
)
def test_a_body_has_200_000_characters_at_most(client_of, length, is_saved):
    body = "\N{GRINNING FACE}" * length
    response = client_of("author").post("/create/", {"title": "t", "body": body})
    assert Post.objects.filter(body=body).exists() == is_saved
    if not is_saved:
        assert "at most 200000 characters (it has 200001)" in response.text
        assert body in response.text


def test_nul_in_a_body_is_a_message_and_keeps_the_text(client_of):
    response = client_of("author").post("/create/", {"title": "t", "body": "a\0b"})
    assert "Null characters are not allowed." in response.text
    assert not Post.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        "  leading spaces",
        "\n\nempty lines first and last\n\n",
        "trailing spaces   ",
        "\ttab\u00a0no-break \u200bzero width \u202eturned",
        "a lone \r carriage return",
    ],
)
def test_a_body_is_stored_exactly_as_typed(client_of, body):
    client = client_of("author")
    # A browser sends CR LF for each line break.
    client.post("/create/", {"title": "t", "body": body.replace("\n", "\r\n")})
    post = Post.objects.get()
    assert post.body == body
    # HTML drops a textarea's first line break, so the template adds one.
    assert f">\n{body}</textarea>" in client.get(f"/{post.pk}/update/").text


def test_a_title_is_trimmed_and_may_be_as_long_as_allowed(client_of):
    client_of("author").post("/create/", {"title": f"  {'x' * 200}  ", "body": ""})
    assert Post.objects.get().title == "x" * 200


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("two\nlines", "two lines"),
        ("a\x1b[31mred", "a [31mred"),
        ("क्‍ष और 👩‍👩‍👧", "क्‍ष और 👩‍👩‍👧"),
    ],
)
def test_controls_in_a_title_become_spaces_and_joiners_stay(client_of, typed, title):
    client_of("author").post("/create/", {"title": typed})
    assert Post.objects.get().title == title


def test_the_form_never_cuts_a_pasted_text(client_of):
    _header, _, page = client_of("author").get("/create/").text.partition("<main")
    assert "<form" in page and "maxlength" not in page


def test_a_post_without_a_token_saves_nothing(author):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(author)
    response = client.post("/create/", {"title": "My title", "body": "My long text"})
    assert response.status_code == 403
    assert "My long text" in response.text
    assert not Post.objects.exists()
