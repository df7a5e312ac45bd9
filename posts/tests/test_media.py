"""Serving images, and pruning those that are no longer used."""

import os
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts import unsaved_text
from accounts.models import UnsavedText
from content.image_names import file_names
from content.images import make_image
from posts.models import Image, Post
from posts.tests.images import image_file
from posts.writing import publishing
from posts.writing.edit import Edit
from posts.writing.uploads import UNUSED_KEPT_FOR, store_image


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


@pytest.fixture
def keep(author):
    """Return a function that stores an image old enough to be pruned."""

    def store(*, age: timedelta = UNUSED_KEPT_FOR + timedelta(hours=1), width: int = 500) -> str:
        name = store_image(make_image(image_file(width, 6)), author)
        Image.objects.filter(name=name).update(created_at=timezone.now() - age)
        return name

    return store


# Serving


@pytest.mark.parametrize("part", [0, 1], ids=["narrow", "largest"])
def test_an_image_is_cacheable_forever_and_has_its_content_type(client, keep, media, part):
    name = file_names(keep())[part]
    response = client.get(f"/media/{name}")
    content = b"".join(response.streaming_content)
    assert (response.status_code, content) == (200, (media / name).read_bytes())
    assert response["Content-Type"] == "image/webp"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response["Content-Length"] == str(len(content))
    assert not response.cookies and "Cookie" not in response.get("Vary", "")


def test_head_returns_only_the_size(client, keep, media):
    name = keep()
    response = client.head(f"/media/{name}")
    assert response.status_code == 200
    assert response["Content-Length"] == str((media / name).stat().st_size)
    response.close()


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_media_is_for_reading(client, keep, method):
    assert getattr(client, method)(f"/media/{keep()}").status_code == 405


@pytest.mark.parametrize(
    "name",
    [
        "",
        "images/",
        "images/none-8x6-300.webp",
        "../secret_key",
        "images/../secret.webp",
        "images/..%2f..%2fsecret_key",
        "%2e%2e/secret_key",
        "/etc/passwd",
        "images//etc/passwd",
        "secret-8x6-300.webp",
        "images/sub/x-8x6-300.webp",
        "images/evil-8x6-300.svg",
        "images/evil-8x6-300.webp%00",
        "images/evil-8x6-300.webp%0a",
        "images/evil-8x6-300.webp/",
        "images/evil-8x6-900.webp",
        "%00",
        "images/" + "x" * 5000 + "-8x6-300.webp",
    ],
)
def test_a_name_that_is_not_one_of_our_images_is_404(client, db, media, name):
    (media / "images").mkdir(parents=True)
    for path in ("secret-8x6-300.webp", "images/evil-8x6-300.svg", "images/evil-8x6-900.webp"):
        (media / path).write_text("secret")
    (media.parent / "secret_key").write_text("secret")
    response = client.get(f"/media/{name}")
    assert response.status_code == 404
    assert "secret" not in response.text


# Pruning


def prune(*arguments: str) -> str:
    output = StringIO()
    call_command("prune_media", *arguments, stdout=output)
    return output.getvalue()


def test_unused_images_are_listed_first_and_then_deleted(keep, media):
    name = keep()
    found = prune()
    assert found == f"{name}\nFound (--delete removes them): 1 unused images.\n"
    assert Image.objects.exists() and (media / name).exists()
    assert prune("--delete") == f"{name}\nRemoved: 1 unused images.\n"
    assert not Image.objects.exists()
    assert not [path for path in media.rglob("*") if path.is_file()]
    assert prune("--delete") == "Removed: 0 unused images.\n"


def test_a_blog_that_never_had_an_image_has_none_to_remove(db, media):
    assert prune("--delete") == "Removed: 0 unused images.\n"


@pytest.mark.parametrize(
    ("age", "is_spared"),
    [
        (UNUSED_KEPT_FOR - timedelta(minutes=1), True),
        (UNUSED_KEPT_FOR + timedelta(minutes=1), False),
    ],
)
def test_a_young_image_may_be_in_a_text_that_is_not_saved_yet(keep, age, is_spared):
    keep(age=age)
    prune("--delete")
    assert Image.objects.exists() == is_spared


STATES = {
    "published": {},
    "draft": {"status": Post.Status.DRAFT, "publish_at": None},
    "scheduled": {"publish_at": timezone.now() + timedelta(days=9)},
    "hidden": {"status": Post.Status.HIDDEN},
    "in the trash": {
        "status": Post.Status.TRASH,
        "trashed_at": timezone.now(),
        "trashed_from": Post.Status.PUBLISHED,
    },
}


@pytest.mark.parametrize("fields", STATES.values(), ids=STATES)
@pytest.mark.parametrize(
    ("where", "text"),
    [
        ("cover", "{}"),
        ("body", "![Sea](/media/{})"),
        ("body", "![Sea](https://blog.example/media/{})"),
        ("body", "[ref]: /media/{}"),
        ("body", '<img src="/media/{}">'),
    ],
)
def test_images_of_a_post_in_any_state_are_kept(keep, make_post, fields, where, text):
    name = keep()
    make_post(**fields | {where: text.format(name)})
    assert "Removed: 0" in prune("--delete")
    assert Image.objects.get().name == name


def test_a_smaller_width_in_a_text_spares_the_whole_image(keep, make_post, media):
    narrow, largest = file_names(keep())
    make_post(body=f"![Sea](/media/{narrow})")
    assert "Removed: 0" in prune("--delete")
    assert (media / narrow).exists() and (media / largest).exists()


def test_an_image_that_the_history_alone_shows_is_spared(keep, post):
    now = timezone.now()
    for body in (f"![Sea](/media/{keep()})", "No sea any more."):
        post.body = body
        publishing.save_post(post, Edit(now))
    assert "Removed: 0" in prune("--delete")
    post.revisions.all().delete()
    assert "Removed: 1" in prune("--delete")


def test_an_image_in_an_unsaved_text_is_spared(keep, author):
    now = timezone.now()
    texts = {"title": "Sea", "body": f"![Sea](/media/{keep()})"}
    unsaved_text.keep(UnsavedText(user=author, form_id="s", path="/", texts=texts, kept_at=now))
    assert "Removed: 0" in prune("--delete")


def test_an_image_of_a_person_is_spared(keep, author):
    author.avatar = keep()
    author.save()
    assert "Removed: 0" in prune("--delete")


@pytest.fixture
def lose(keep, media):
    """Return a function that stores an image without a row, as a crash during an upload does."""

    def lose(*, age: timedelta) -> str:
        name = keep()
        Image.objects.get(name=name).delete()
        then = (timezone.now() - age).timestamp()
        for file in file_names(name):
            os.utime(media / file, (then, then))
        return name

    return lose


@pytest.mark.parametrize(
    ("age", "is_spared"),
    [
        (UNUSED_KEPT_FOR - timedelta(minutes=1), True),
        (UNUSED_KEPT_FOR + timedelta(minutes=1), False),
    ],
)
@pytest.mark.parametrize("missing", [None, 0, 1], ids=["whole", "narrow gone", "largest gone"])
def test_files_without_a_row_go_after_a_day(lose, media, age, is_spared, missing):
    names = file_names(lose(age=age))
    if missing is not None:
        (media / names.pop(missing)).unlink()
    assert f"{0 if is_spared else 1} unused" in prune()
    prune("--delete")
    assert [(media / name).exists() for name in names] == [is_spared] * len(names)


def test_files_without_a_row_that_something_shows_are_spared(lose, make_post):
    make_post(cover=lose(age=UNUSED_KEPT_FOR * 2))
    assert "Removed: 0" in prune("--delete")


def test_files_that_are_not_ours_are_left_alone(lose, media):
    lose(age=UNUSED_KEPT_FOR * 2)
    theirs = media / "images/logo.webp"
    theirs.write_text("theirs")
    os.utime(theirs, (0, 0))
    assert "Removed: 1" in prune("--delete")
    assert theirs.exists()


def test_an_image_whose_files_are_missing_is_removed_too(keep, media):
    (media / keep()).unlink()
    assert "Removed: 1" in prune("--delete")
    assert not Image.objects.exists()
