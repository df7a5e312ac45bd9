"""The editor takes the values of front matter over into its fields, and publishes nothing."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from posts.models import Image, Post

NAME = "images/abcdefghijklmnopqrstuv-1600x900-213.webp"
MATTER = "---\ntitle: T & U\ntags: [a, b]\ndescription: D\nlayout: post\n{}---\n\nText"


def taken(client, body: str, address: str = "/create/", **fields) -> str:
    # Browsers send CRLF.
    return client.post(
        address, {"body": body.replace("\n", "\r\n"), "action": "front_matter", **fields}
    ).text


def value(page: str, name: str) -> str:
    tag = re.search(rf'<(?:input|textarea)[^>]*name="{name}"[^>]*>([^<]*)', page)
    found = re.search(r' value="([^"]*)"', tag[0])
    return found[1] if found else tag[1].strip()


def test_the_values_come_into_the_fields_and_nothing_is_saved(client_of):
    page = taken(client_of("author"), MATTER.format("date: 2020-01-02\ncover: /x.png\n"))
    fields = {name: value(page, name) for name in ("title", "tags", "description", "body")}
    assert fields == {"title": "T &amp; U", "tags": "a, b", "description": "D", "body": "Text"}
    assert "Taken over from the front matter: Title, Description, Tags." in page
    assert "Not taken over: layout: post; date: 2020-01-02; cover: /x.png." in page
    assert not Post.objects.exists()


@pytest.mark.parametrize("date", ["{:%Y-%m-%d}", "{:%Y-%m-%dT%H:%M:%S}Z", "{:%Y-%m-%d %H:%M:%S}"])
def test_a_later_date_schedules_only_once_someone_says_so(client_of, date):
    at = (timezone.now() + timedelta(days=400)).replace(hour=0, minute=0, second=0)
    page = taken(client_of("author"), MATTER.format(f"date: {date.format(at)}\n"), zone="UTC")
    assert value(page, "publish_at").startswith(f"{at:%Y-%m-%dT%H:%M}")
    assert not Post.objects.exists()


IMPOSSIBLE = "2024-02-31", "2024-02-30T10:00", "0001-01-01T00:00+14:00", "9999-12-31T23:00-12:00"


@pytest.mark.parametrize("date", ["yesterday", "1999-01-01", *IMPOSSIBLE])
def test_a_date_that_can_not_be_used_is_named(client_of, date):
    page = taken(client_of("author"), MATTER.format(f"date: {date}\n"))
    assert f"date: {date}" in page and value(page, "publish_at") == ""


def test_the_cover_is_an_image_of_this_blog(client_of, author):
    Image.objects.create(uploader=author, name=NAME)
    client = client_of("author")
    page = taken(client, MATTER.format(f"image: /media/{NAME}\n"))
    assert value(page, "own_cover") == NAME
    data = {"title": "T", "body": "Text", "action": "draft", "own_cover": NAME}
    client.post("/create/", data)
    assert Post.objects.get().cover == NAME
    client.post("/create/", data | {"own_cover": NAME.replace("a", "b"), "title": "U"})
    assert Post.objects.get(title="U").cover == ""


def test_values_that_were_typed_before_are_named(client_of, make_post):
    post = make_post(title="Old", body="a", tags="b, c")
    page = taken(
        client_of("author"),
        MATTER.format(""),
        f"/{post.pk}/update/",
        title="Old",
        tags="b, c",
        description="D",
        version=post.version,
    )
    assert value(page, "tags") == "b, c, a"
    assert "Title (before): Old" in page and "Description (before)" not in page
    post.refresh_from_db()
    assert (post.title, post.body) == ("Old", "a")


@pytest.mark.parametrize("body", ["---\n\nText", "---\ntitle: A: B\n---\nText"])
def test_text_without_front_matter_that_can_be_read_stays(client_of, body):
    page = taken(client_of("author"), body)
    assert "does not begin with front matter" in page
    assert value(page, "body").split() == body.split()


def test_front_matter_without_values_is_only_removed(client_of):
    page = taken(client_of("author"), "---\na: ~\n---\nText")
    assert value(page, "body") == "Text" and "aken over" not in page


@pytest.mark.parametrize(("body", "is_offered"), [(MATTER.format(""), True), ("Text", False)])
def test_the_editor_offers_it_for_such_a_text(client_of, body, is_offered):
    client = client_of("author")
    client.post("/create/", {"title": "T", "body": body, "action": "draft"})
    page = client.get(f"/{Post.objects.get().pk}/update/").text
    assert ("data-front-matter hidden" in page) is not is_offered
    assert 'value="front_matter"' in page
