"""Public profiles: display name, biography, website and image."""

import re
from io import BytesIO

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from accounts.models import User

ACCOUNT = "/auth/account/"
ABOUT = {"display_name": "Zoë B.", "website": "https://zoe.example/"}
ABOUT["biography"] = "I *write*."


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def me(client_of):
    """The client of the author, who has filled in the whole profile."""
    client = client_of("author")
    assert client.post(ACCOUNT, ABOUT).status_code == 302
    return client


def author() -> User:
    return User.objects.get(username="author")


def image(width: int = 8, height: int = 6) -> SimpleUploadedFile:
    buffer = BytesIO()
    Image.new("RGB", (width, height), "red").save(buffer, "PNG")
    return SimpleUploadedFile("me.png", buffer.getvalue())


def stored(media) -> set[str]:
    """Return the paths of all image files. Folders that begin with a dot belong to the site."""
    return {str(path.relative_to(media)) for path in media.glob("[!.]*/**/*") if path.is_file()}


# Display name


def test_the_display_name_links_to_the_page_of_its_writer(me, post):
    me.logout()
    for path in ("/", post.get_absolute_url()):
        page = me.get(path).text
        assert 'rel="author" href="/authors/author/">Zoë B.</a>' in page
    assert '<h1 dir="auto">Zoë B.</h1>' in me.get("/authors/author/").text


@pytest.mark.parametrize("name", ["", "  ", "\u3000", "\u200b\u200b", "\u2060"])
def test_without_a_visible_name_the_username_is_shown(me, post, name):
    me.post(ACCOUNT, ABOUT | {"display_name": name})
    assert author().name == "author"
    assert ">author</a>" in me.get("/").text


def test_a_name_is_escaped_everywhere(me, post):
    me.post(ACCOUNT, ABOUT | {"display_name": "</title><script>alert(1)</script>"})
    for path in ("/", post.get_absolute_url(), "/authors/author/", ACCOUNT):
        page = me.get(path).text
        assert "<script>alert" not in page and "&lt;script&gt;alert(1)" in page


# Biography


def test_a_biography_is_rendered_as_markdown(me):
    assert author().biography_html == "<p>I <em>write</em>.</p>\n"
    assert (
        '<div class="biography" dir="auto"><p>I <em>write</em>.</p>'
        in me.get("/authors/author/").text
    )
    assert "I *write*.</textarea>" in me.get(ACCOUNT).text


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        '<a href="javascript:alert(1)">x</a>',
        "[x](javascript:alert(1))",
        '<img src=x onerror="alert(1)">',
        "![x](https://tracker.example/x.png)",
        '<p style="position:fixed" onclick="alert(1)">x</p>',
        "# Heading",
    ],
)
def test_a_biography_is_cleaned(me, text):
    me.post(ACCOUNT, ABOUT | {"biography": text})
    html = author().biography_html
    assert not re.search(r"<(script|img|h\d)|<[^>]*(javascript:|onerror|onclick|style=)", html)
    assert author().biography == text


def test_links_of_a_biography_are_not_vouched_for(me):
    me.post(ACCOUNT, ABOUT | {"biography": "https://a.example"})
    assert 'rel="nofollow ugc noopener"' in author().biography_html


def test_a_biography_is_removed(me):
    me.post(ACCOUNT, ABOUT | {"biography": ""})
    assert (author().biography, author().biography_html) == ("", "")


@pytest.mark.parametrize(("length", "is_saved"), [(2000, True), (2001, False)])
def test_a_biography_may_have_2000_characters_as_its_writer_counts_them(me, length, is_saved):
    text = ("line\n" * 1000)[: length - 1] + "x"
    response = me.post(ACCOUNT, ABOUT | {"biography": text.replace("\n", "\r\n")})
    assert (response.status_code == 302) == is_saved
    assert (author().biography == text) == is_saved
    if not is_saved:
        assert "at most 2000 characters (it has 2001)" in response.text


def test_the_form_never_cuts_a_pasted_text(me):
    _header, _, page = me.get(ACCOUNT).text.partition("<main")
    assert "<form" in page and "maxlength" not in page


# Website


@pytest.mark.parametrize(
    ("typed", "saved"),
    [
        ("https://zoe.example/a?b=c#d", "https://zoe.example/a?b=c#d"),
        ("http://zoe.example", "http://zoe.example"),
        ("zoe.example", "https://zoe.example"),
        ("", ""),
    ],
)
def test_a_website_is_linked_from_the_page(me, typed, saved):
    me.post(ACCOUNT, ABOUT | {"website": typed})
    assert author().website == saved
    link = f'<a href="{saved}" rel="nofollow ugc noopener">{saved}</a>'
    assert (link in me.get("/authors/author/").text) == bool(saved)


@pytest.mark.parametrize(
    "typed",
    [
        "javascript:alert(1)",
        "JavaScript://zoe.example/%0aalert(1)",
        "data:text/html,x",
        "ftp://zoe.example",
        "mailto:z@example.org",
        "//",
        "https://",
        "http://a b",
        'https://zoe.example/"onclick="alert(1)',
        "https://x.example/\0",
        "https://x.example/" + "x" * 200,
    ],
)
def test_a_bad_website_is_refused_and_kept_in_the_form(me, typed):
    response = me.post(ACCOUNT, ABOUT | {"website": typed, "biography": "New words"})
    if response.status_code == 302:
        assert author().website.startswith("https://zoe.example/") and "onclick" in typed
        assert '"onclick' not in me.get("/authors/author/").text
        return
    assert 'id="id_website_error"' in response.text
    assert "New words</textarea>" in response.text
    assert (author().website, author().biography) == (ABOUT["website"], ABOUT["biography"])


# Image


def test_an_image_is_kept_and_shown_on_the_page(me, media):
    assert me.post(ACCOUNT, ABOUT | {"image": image()}).status_code == 302
    name = author().avatar
    assert stored(media) == {name}
    (shown,) = re.findall(r"<img[^>]*>", me.get("/authors/author/").text)
    assert f'src="/media/{name}"' in shown and "avatar" in shown and 'alt=""' in shown
    response = me.get(f"/media/{name}")
    assert response.status_code == 200
    response.close()


def test_another_image_takes_its_place_and_the_old_files_go(
    me, media, django_capture_on_commit_callbacks
):
    me.post(ACCOUNT, ABOUT | {"image": image(1000, 10)})
    before = stored(media)
    assert len(before) == 3
    with django_capture_on_commit_callbacks(execute=True):
        me.post(ACCOUNT, ABOUT | {"image": image()})
        # The transaction may still fail.
        assert before < stored(media)
    assert stored(media) == {author().avatar} and not stored(media) & before


@pytest.mark.parametrize(
    ("sent", "is_there"),
    [({}, True), ({"remove_image": ""}, True), ({"remove_image": "on"}, False)],
)
def test_an_image_stays_until_it_is_removed(
    me, media, sent, is_there, django_capture_on_commit_callbacks
):
    me.post(ACCOUNT, ABOUT | {"image": image()})
    name = author().avatar
    assert 'type="checkbox" name="remove_image"' in me.get(ACCOUNT).text
    with django_capture_on_commit_callbacks(execute=True):
        me.post(ACCOUNT, ABOUT | sent)
    assert (author().avatar == name) == default_storage.exists(name) == is_there
    assert bool(author().avatar) == is_there


def test_without_an_image_there_is_none_to_remove(me):
    assert 'type="checkbox" name="remove_image"' not in me.get(ACCOUNT).text
    assert "<img" not in me.get("/authors/author/").text


def test_a_refused_image_says_why_and_changes_nothing(me, media):
    me.post(ACCOUNT, ABOUT | {"image": image()})
    before = User.objects.filter(username="author").values().get()
    bad = SimpleUploadedFile("me.png", b"no picture")
    response = me.post(ACCOUNT, ABOUT | {"biography": "New words", "image": bad})
    assert response.status_code == 200
    error = re.search(r'<ul class="errorlist" id="id_image_error"><li>(.*?)</li>', response.text)
    assert error[1].startswith("This file type isn&#x27;t supported")
    assert "New words</textarea>" in response.text
    assert User.objects.filter(username="author").values().get() == before
    assert stored(media) == {before["avatar"]}


def test_an_image_that_comes_with_a_mistake_elsewhere_is_not_kept(me, media):
    me.post(ACCOUNT, ABOUT | {"time_zone": "x", "image": image()})
    assert not stored(media) and not author().avatar


# Other columns


def test_nothing_else_of_a_person_changes(me):
    before = User.objects.filter(username="author").values().get()
    forged = ABOUT | {"avatar": "images/x", "biography_html": "<script>", "username": "x"}
    me.post(ACCOUNT, forged | {"is_staff": "on", "password": "x"})
    assert User.objects.filter(username="author").values().get() == before
