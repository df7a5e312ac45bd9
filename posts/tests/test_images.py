"""Images: the cover, images in the text, and uploads from the editor."""

import re
from html import unescape

import pytest
from django.contrib.messages import get_messages
from django.core.files.storage import default_storage
from django.test import Client

from content.image_names import file_names
from content.markup import render_post
from posts.models import BODY_MAX_LENGTH, Image, Post
from posts.tests.images import image_file, no_image
from posts.writing.uploads import image_markdown

NAME = r"images/[A-Za-z0-9_-]{22}-8x6-300\.webp"
REFUSED = "This file type isn't supported. Use JPEG, PNG, WebP, GIF or AVIF."
CHOOSE_AGAIN = "Choose your image again. Browsers don&#x27;t keep a chosen file."
NO_ALT = "The cover image has no alt text."
NO_BODY_ALT = "An image in the text has no alt text."


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def stored(media) -> set[str]:
    return {str(path.relative_to(media)) for path in media.rglob("*") if path.is_file()}


def said(response) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


# The cover


def test_a_cover_is_kept_and_shown_on_the_page_and_the_card(client_of, author, media):
    client = client_of("author")
    data = {"title": "t", "image": image_file(), "cover_alt": 'A "red" <sea>'}
    response = client.post("/create/", data)
    assert (response.status_code, said(response)) == (302, ["Your post is published."])
    post, image = Post.objects.get(), Image.objects.get()
    assert re.fullmatch(NAME, post.cover)
    assert (image.name, image.uploader, str(image)) == (post.cover, author, post.cover)
    assert stored(media) == {post.cover}
    page = client.get(post.get_absolute_url()).text
    (cover,) = re.findall(r'<div class="cover">(<img[^>]*>)', page)
    assert f'src="/media/{post.cover}"' in cover and 'width="8" height="6"' in cover
    assert 'alt="A &quot;red&quot; &lt;sea&gt;"' in cover and 'class="tone-300 ratio-13"' in cover
    (card,) = re.findall(r'<a class="card-cover"[^>]*>\s*(<img[^>]*>)', client.get("/").text)
    assert f'src="/media/{post.cover}"' in card and 'alt=""' in card


def test_a_wide_cover_comes_in_three_widths(client_of, media):
    client_of("author").post("/create/", {"title": "t", "image": image_file(1700, 100)})
    post = Post.objects.get()
    assert stored(media) == set(file_names(post.cover)) and len(stored(media)) == 3
    page = client_of("author").get(post.get_absolute_url()).text
    (srcset,) = re.findall(r'srcset="([^"]*)"', page)
    assert re.findall(r" (\d+)w", srcset) == ["480", "960", "1600"]
    assert 'width="1600" height="94"' in page and "sizes=" in page


@pytest.fixture
def covered(make_post, client_of):
    """A post with a cover."""
    client_of("author").post(
        "/create/", {"title": "t", "body": "b", "image": image_file(), "cover_alt": "Sea"}
    )
    return Post.objects.get()


@pytest.mark.parametrize(
    ("sent", "is_kept", "is_covered"),
    [
        ({}, True, True),
        ({"remove_image": ""}, True, True),
        ({"remove_image": "False"}, True, True),
        ({"remove_image": "on"}, False, False),
        ({"image": True}, False, True),
        ({"image": True, "remove_image": "on"}, False, True),
    ],
)
def test_a_cover_stays_is_replaced_or_removed(client_of, covered, sent, is_kept, is_covered):
    data = {"title": "t", "body": "b", "cover_alt": "Sea"} | sent
    if "image" in sent:
        data["image"] = image_file()
    response = client_of("author").post(f"/{covered.pk}/update/", data)
    assert response.status_code == 302
    post = Post.objects.get()
    assert (post.cover == covered.cover, bool(post.cover)) == (is_kept, is_covered)
    assert not post.cover or default_storage.exists(post.cover)
    # The old file stays until prune_media finds it: a page may still show it.
    assert default_storage.exists(covered.cover)


def test_the_form_offers_to_remove_a_cover_that_is_there(client_of, covered, make_post):
    client, bare = client_of("author"), make_post()
    assert 'type="checkbox" name="remove_image"' in client.get(f"/{covered.pk}/update/").text
    assert f'src="/media/{covered.cover}"' in client.get(f"/{covered.pk}/update/").text
    for path in ("/create/", f"/{bare.pk}/update/"):
        assert 'type="checkbox" name="remove_image"' not in client.get(path).text


@pytest.mark.parametrize(("alt", "is_missing"), [("", True), ("  ", True), ("Sea", False)])
def test_a_missing_alt_text_of_a_cover_is_reported_and_never_stops_a_save(
    client_of, alt, is_missing
):
    client = client_of("author")
    data = {"title": "t", "image": image_file(), "cover_alt": alt}
    response = client.post("/create/", data)
    assert response.status_code == 302
    assert (NO_ALT in said(response)) == is_missing
    page = client.get(f"/{Post.objects.get().pk}/update/").text
    (help_text,) = re.findall(r'id="id_cover_alt_helptext">(.*?)</div>', page)
    assert ('<strong class="missing">Missing.</strong>' in help_text) == is_missing
    assert "Describes the image for people who can" in help_text


# Images in the text


@pytest.mark.parametrize("is_new", [True, False])
def test_an_image_for_the_text_is_added_at_its_end(client_of, make_post, is_new):
    path = "/create/" if is_new else f"/{make_post().pk}/update/"
    data = {"title": "t", "body": "First.", "body_image": image_file(), "body_image_alt": "Sea"}
    response = client_of("author").post(path, data)
    assert response.status_code == 302 and NO_BODY_ALT not in said(response)
    name = Image.objects.get().name
    assert Post.objects.get().body == f"First.\n\n![Sea](/media/{name})\n"
    page = client_of("author").get(Post.objects.get().get_absolute_url()).text
    (shown,) = re.findall(r'<div class="body".*?(<img.*?>)', page, re.S)
    for part in (
        f'src="/media/{name}"',
        'alt="Sea"',
        'width="8"',
        'height="6"',
        'class="tone-300 ratio-13"',
        'decoding="async"',
        "srcset=",
        "sizes=",
    ):
        assert part in shown


@pytest.mark.parametrize("way", ["form", "script"])
@pytest.mark.parametrize(("alt", "is_missing"), [("", True), (" ", True), ("Sea", False)])
def test_a_missing_alt_text_in_the_body_is_reported_and_never_stops_a_save(
    client_of, way, alt, is_missing
):
    client = client_of("author")
    data = {"title": "t", "body_image": image_file(), "body_image_alt": alt}
    if way == "script":
        sent = client.post("/images/", {"image": image_file(), "alt": alt})
        data = {"title": "t", "body": f"Before.\n\n{sent.json()['markdown']}\n"}
    response = client.post("/create/", data)
    assert response.status_code == 302
    assert (NO_BODY_ALT in said(response)) == is_missing
    shown = f"![{alt.strip()}](/media/{Image.objects.get().name})"
    assert Post.objects.get().body.strip().endswith(shown)
    page = client.get(f"/{Post.objects.get().pk}/update/").text
    (help_text,) = re.findall(r'id="id_body_image_alt_helptext">(.*?)</div>', page)
    assert (
        '<strong class="missing">Missing.</strong> In the text, write' in help_text
    ) == is_missing
    assert ("Describes the image for people who can" in help_text) != is_missing


@pytest.mark.parametrize(
    "alt",
    [
        "Sea",
        "[brackets] ]( ![x](y)",
        "back\\slash \\[ \\",
        "`code` and ` one",
        "*stars* _lines_ **both** ~~gone~~",
        "<b>tag</b> <https://a.example> &amp; &lt; AT&T",
        "https://a.example www.b.example c@d.example",
        "[^1] footnote",
        "\"quotes\" 'single' (round)",
        "line\n\nbreak\ttab",
        "!",
        "日本語 🎉",
        "# - + 1. > | $",
    ],
)
def test_an_alt_text_stays_text(alt):
    name = f"images/{'x' * 22}-8x6-300.webp"
    for around in ("{}", "Some `code` before.\n\n{}", "{} and `code` after ` it > ]( end"):
        html = render_post(around.format(image_markdown(name, alt)))
        (shown,) = re.findall(r"<img[^>]*>", html)
        assert unescape(re.search(r'alt="(.*?)"', shown)[1]) == " ".join(alt.split())
        assert f'src="/media/{name}"' in shown


def test_a_full_text_says_that_the_image_does_not_fit(client_of):
    body = "x" * BODY_MAX_LENGTH
    data = {"title": "t", "body": body, "body_image": image_file()}
    response = client_of("author").post("/create/", data)
    assert response.status_code == 200 and 'id="id_body_image_error"' in response.text
    assert not Post.objects.exists() and not Image.objects.exists()
    data |= {"body": "x" * (BODY_MAX_LENGTH - 1000), "body_image": image_file()}
    assert client_of("author").post("/create/", data).status_code == 302
    assert len(Post.objects.get().body) <= BODY_MAX_LENGTH


# Refused files


@pytest.mark.parametrize("field", ["image", "body_image"])
@pytest.mark.parametrize("is_new", [True, False])
def test_a_refused_file_leaves_the_rest_as_it_was_and_says_why(
    client_of, make_post, media, field, is_new
):
    path = "/create/" if is_new else f"/{make_post(tags='old').pk}/update/"
    data = {"title": "New title", "body": "My\r\nwords", "tags": "a, b", "cover_alt": "Sea"}
    data |= {"body_image_alt": "Hill", field: no_image()}
    response = client_of("author").post(path, data)
    assert response.status_code == 200
    error = re.search(rf'<ul class="errorlist" id="id_{field}_error"><li>(.*?)</li>', response.text)
    assert unescape(error[1]) == REFUSED
    assert f'aria-describedby="id_{field}' in response.text
    for kept in (
        ">\nNew title</textarea>",
        ">\nMy\r\nwords</textarea>",
        'value="a, b"',
        'value="Sea"',
    ):
        assert kept in response.text
    assert 'value="Hill"' in response.text
    assert CHOOSE_AGAIN in response.text
    assert not Post.objects.filter(title="New title").exists()
    assert not Image.objects.exists() and not stored(media)


@pytest.mark.parametrize(("file", "is_said"), [(image_file, True), (None, False)])
def test_a_form_refused_for_another_reason_asks_for_the_image_again(
    client_of, media, file, is_said
):
    data = {"title": "", "body": "words"} | ({"image": file()} if file else {})
    response = client_of("author").post("/create/", data)
    assert "Title is required." in response.text
    assert (CHOOSE_AGAIN in response.text) == is_said
    assert not stored(media)


def test_an_alt_text_without_its_image_is_returned(client_of):
    data = {"title": "t", "body_image_alt": "A hill"}
    response = client_of("author").post("/create/", data)
    assert "Choose the image that this alt text describes." in response.text
    assert 'value="A hill"' in response.text
    assert not Post.objects.exists()


@pytest.mark.parametrize("field", ["cover_alt", "body_image_alt"])
def test_too_long_an_alt_text_is_refused_and_kept(client_of, field):
    response = client_of("author").post("/create/", {"title": "t", field: "x" * 301})
    assert "at most 300 characters (it has 301)" in response.text
    assert f'value="{"x" * 301}"' in response.text
    assert not Post.objects.exists()


# The editor's upload endpoint


def test_an_image_that_is_sent_while_writing_gets_its_markdown(client_of, author, media):
    data = {"image": image_file(), "alt": "The [sea]"}
    response = client_of("author").post("/images/", data)
    image = Image.objects.get()
    assert response.status_code == 201
    markdown = f"![The \\[sea\\]](/media/{image.name})"
    assert response.json() == {"markdown": markdown, "notice": ""}
    assert (image.uploader, stored(media)) == (author, {image.name})


@pytest.mark.parametrize("frames", [1, 3])
@pytest.mark.parametrize("field", ["image", "body_image"])
def test_the_writer_learns_that_only_the_first_frame_of_an_animation_is_kept(
    client_of, field, frames
):
    notice = "Only the first frame of this animation is kept."
    client = client_of("author")
    sent = client.post("/images/", {"image": image_file(kind="GIF", frames=frames)})
    assert (sent.json()["notice"] == notice) == (frames == 3)
    saved = client.post("/create/", {"title": "t", field: image_file(kind="GIF", frames=frames)})
    assert (notice in said(saved)) == (frames == 3)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ({"image": no_image}, REFUSED),
        ({"image": lambda: image_file(kind="TIFF")}, REFUSED),
        ({}, "This field is required."),
        ({"image": lambda: "text"}, "This field is required."),
        ({"image": image_file, "alt": lambda: "x" * 301}, "at most 300 characters"),
        ({"image": image_file, "alt": lambda: "a\0"}, "Null characters are not allowed."),
    ],
)
def test_a_refused_image_gets_a_sentence(client_of, media, data, error):
    response = client_of("author").post("/images/", {key: make() for key, make in data.items()})
    assert response.status_code == 422
    assert error in response.json()["error"]
    assert not Image.objects.exists() and not stored(media)


def test_a_file_that_is_too_large_gets_a_sentence(client_of):
    file = no_image()
    file.file.write(b"x" * (10 * 1024 * 1024 + 1))
    file.size = file.file.tell()
    file.seek(0)
    response = client_of("author").post("/images/", {"image": file})
    assert response.status_code == 422
    assert response.json() == {"error": "This image is over 10 MB. Use a smaller file."}


def test_a_stranger_sends_no_image(client, db, media):
    response = client.post("/images/", {"image": image_file()})
    assert response.status_code == 302
    assert response["Location"].startswith("/auth/login/")
    assert not Image.objects.exists() and not stored(media)


@pytest.mark.parametrize("method", ["get", "head", "put", "delete"])
def test_the_endpoint_accepts_only_post(client_of, method):
    assert getattr(client_of("author"), method)("/images/").status_code == 405


def test_an_image_without_a_token_is_refused(author, media):
    client = Client(enforce_csrf_checks=True)
    client.force_login(author)
    assert client.post("/images/", {"image": image_file()}).status_code == 403
    assert not stored(media)
