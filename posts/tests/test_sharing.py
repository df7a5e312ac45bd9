"""The image of a post on other sites and in feeds."""

import json
from io import BytesIO
from xml.etree import ElementTree

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image as Picture

from content.image_names import jpeg_name
from content.images import make_image
from content.shared_images import find_or_make_jpeg, own_images, store_copy
from content.storage import delete_files, store_files
from posts.models import Post
from posts.tests.images import image_file
from posts.tests.test_detail_meta import json_ld, meta, open_page

ATOM = "{http://www.w3.org/2005/Atom}"
MEDIA = "{http://search.yahoo.com/mrss/}"
COVER = f"images/{'c' * 22}-1600x800-213.webp"
OWN = f"images/{'o' * 22}-600x300-213.webp"
OTHER = "https://elsewhere.example/x.webp"


@pytest.fixture
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


@pytest.mark.parametrize(
    ("cover", "body", "address", "size", "alt"),
    [
        (COVER, f"![Own](/media/{OWN})", COVER, ("1200", "600"), "The “sea”"),
        ("", f"![Own *x*](/media/{OWN})", OWN, ("600", "300"), "Own x"),
        ("", f"![Far]({OTHER}) ![](/media/{OWN})", OWN, ("600", "300"), None),
        ("", f'[![a < "b"](/media/{OWN})](/x)', OWN, ("600", "300"), 'a < "b"'),
    ],
)
def test_the_cover_or_the_first_own_image_is_shared_as_jpeg(
    client, make_post, cover, body, address, size, alt
):
    page = open_page(client, make_post(cover=cover, cover_alt="The “sea”", body=body))
    found = meta(page)
    shown = f"http://testserver/{address.replace('webp', 'jpg')}"
    assert found["og:image"] == shown
    assert json_ld(page)["image"] == [shown]
    assert (found["og:image:width"], found["og:image:height"]) == size
    assert found.get("og:image:alt") == alt
    assert found["og:image:type"] == "image/jpeg"
    assert found["twitter:card"] == "summary_large_image"


@pytest.mark.parametrize("body", ["Text", f"![Far]({OTHER})", f"`![x](/media/{OWN})`"])
def test_a_post_without_an_own_image_has_none_to_share(client, make_post, body):
    page = open_page(client, make_post(body=body))
    assert not [name for name in meta(page) if name.startswith("og:image")]
    assert "image" not in json_ld(page)
    assert meta(page)["twitter:card"] == "summary"


@pytest.mark.parametrize(("width", "wanted"), [(1500, (1200, 4)), (300, (300, 5))])
def test_an_image_is_a_jpeg_of_at_most_1200_pixels_and_made_once(client, db, media, width, wanted):
    name = store_files(make_image(image_file(width, 5)))
    path = f"/{name.replace('webp', 'jpg')}"
    for _ in range(2):
        response = client.get(path)
        assert response["Content-Type"] == "image/jpeg"
        assert response["Cache-Control"] == "public, max-age=31536000, immutable"
        with Picture.open(BytesIO(response.content)) as image:
            assert (image.format, image.size) == ("JPEG", wanted)
    copies = [file.name for file in (media / "images").glob("*.jpg")]
    assert [f"/images/{copy}" for copy in copies] == [path]
    # It takes nothing but the copy to respond again.
    default_storage.delete(name)
    assert client.get(path).status_code == 200
    delete_files(name)
    assert not list((media / "images").iterdir())
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("drawn", ["black", "white"])
def test_a_transparent_image_gets_a_background_on_which_it_shows(media, drawn):
    picture = Picture.new("RGBA", (40, 40), (0, 0, 0, 0))
    picture.paste(drawn, (10, 10, 30, 30))
    buffer = BytesIO()
    picture.save(buffer, "PNG")
    name = store_files(make_image(ContentFile(buffer.getvalue())))
    image = Picture.open(BytesIO(find_or_make_jpeg(name))).convert("L")
    assert abs(image.getpixel((2, 2)) - image.getpixel((20, 20))) > 200


@pytest.mark.parametrize("stem", ["x", f"{'x' * 22}-8x6-300", f"{'x' * 22}-8x6-300.w480", "..%2fx"])
def test_no_image_is_404(client, db, media, stem):
    assert client.get(f"/images/{stem}.jpg").status_code == 404


def test_two_requests_for_a_new_copy_leave_one(media):
    for data in (b"first", b"second"):
        store_copy("images/x.jpg", data)
    assert [file.read_bytes() for file in (media / "images").iterdir()] == [b"first"]


def test_an_incomplete_copy_is_made_again(media):
    name = store_files(make_image(image_file(300, 5)))
    copy = jpeg_name(name)
    whole = find_or_make_jpeg(name)
    default_storage.delete(copy)
    default_storage.save(copy, ContentFile(whole[:-1]))
    assert find_or_make_jpeg(name) == whole
    assert (media / copy).read_bytes() == whole


def test_images_of_other_sites_are_left_out():
    # Posts that an earlier version rendered show them until the update renders the posts again.
    assert list(own_images('<img src="https://example.org/a.png" alt="">')) == []


def test_a_damaged_image_is_404(client, db, media):
    default_storage.save(OWN, ContentFile(b"damaged"))
    assert client.get(f"/{OWN.replace('webp', 'jpg')}").status_code == 404


def test_a_copy_that_can_not_be_stored_is_still_sent(media, monkeypatch):
    def save(*args) -> None:
        raise OSError("No space left on device")

    name = store_files(make_image(image_file(30, 5)))
    monkeypatch.setattr(default_storage, "save", save)
    assert find_or_make_jpeg(name)
    assert not list((media / "images").glob("*.jpg"))


# Feeds


@pytest.fixture
def covered(make_post) -> Post:
    return make_post(body="Text", cover=COVER, cover_alt='The "sea" & <sky>')


CONTENT = (
    f'<p><img src="http://testserver/media/{COVER}" alt="The &quot;sea&quot; &amp; &lt;sky&gt;" '
    'width="1600" height="800"></p><p dir="auto">Text</p>'
)
JPEG = f"http://testserver/{COVER.replace('webp', 'jpg')}"


@pytest.mark.parametrize("kind", ["", "atom/"])
def test_rss_and_atom_show_the_cover_with_its_alt_text(client, covered, make_post, kind):
    make_post(title="Without", body="Text")
    feed = ElementTree.fromstring(client.get(f"/feed/{kind}").content)
    other, entry = (*feed.iter("item"), *feed.iter(f"{ATOM}entry"))
    assert other.find(f"{MEDIA}content") is None
    image = entry.find(f"{MEDIA}content")
    assert image.attrib == {
        "url": JPEG,
        "type": "image/jpeg",
        "medium": "image",
        "width": "1200",
        "height": "600",
    }
    assert image.findtext(f"{MEDIA}description") == 'The "sea" & <sky>'
    shown = entry.findtext("description") or entry.findtext(f"{ATOM}content")
    assert shown.strip() == CONTENT


def test_json_feed_names_the_cover(client, covered, make_post):
    make_post(title="Without", body="Text")
    other, item = json.loads(client.get("/feed/json/").content)["items"]
    assert item["image"] == JPEG
    assert item["content_html"].strip() == CONTENT
    assert "image" not in other
