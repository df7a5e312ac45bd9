"""Loading order of images: the first is loaded early, the others when they come near."""

import re
from html import unescape

import pytest

from accounts.models import User
from posts.models import Post

COVER = f"images/{'c' * 22}-1600x900-300.webp"
INSIDE = f"images/{'b' * 22}-1600x900-030.webp"
IMAGES = f"![One](/media/{INSIDE})\n\n![Two](/media/{INSIDE})"
AHEAD, WAITS = 'fetchpriority="high"', 'loading="lazy"'


@pytest.fixture
def covered(make_post):
    """Return a function that makes a post with a cover."""

    def make(**fields) -> Post:
        post = make_post(**fields)
        Post.objects.filter(pk=post.pk).update(cover=COVER)
        return post

    return make


def images(page: str) -> list[str]:
    """Return the page's images. Each must state its size, so that nothing moves when it loads."""
    found = re.findall(r"<img [^>]*>", page)
    for image in found:
        for name in ("width", "height", "srcset", "sizes"):
            assert f' {name}="' in image, image
    return found


def ways(found: list[str]) -> list[str]:
    """Return each image's loading hint: AHEAD, WAITS or none."""
    assert not [each for each in found if AHEAD in each and WAITS in each]
    return [AHEAD if AHEAD in each else WAITS if WAITS in each else "" for each in found]


def test_the_first_cover_of_a_list_is_loaded_ahead_and_the_others_wait(client, make_post, covered):
    for _ in range(3):
        covered(tags="bread")
    make_post(tags="bread")  # the newest post has no cover
    for path in ("/", "/tags/bread/", "/authors/author/"):
        assert ways(images(client.get(path).text)) == [AHEAD, WAITS, WAITS], path


def test_the_image_of_an_author_does_not_take_the_place_of_the_first_cover(client, covered):
    covered()
    User.objects.update(avatar=INSIDE)
    assert ways(images(client.get("/authors/author/").text)) == ["", AHEAD]


@pytest.mark.parametrize("visitor", ["anonymous", "author"])
@pytest.mark.parametrize(
    ("has_cover", "body", "expected"),
    [
        (True, IMAGES, [AHEAD, WAITS, WAITS]),
        (True, "", [AHEAD]),
        (False, IMAGES, [AHEAD, WAITS]),
        (False, "No picture.", []),
    ],
)
def test_the_first_image_of_a_post_is_loaded_first_wherever_it_is(
    client_of, make_post, covered, visitor, has_cover, body, expected
):
    post = (covered if has_cover else make_post)(body=body)
    page = client_of(visitor).get(post.get_absolute_url()).text
    assert ways(images(page)) == expected


def test_a_text_about_loading_stays_as_it_was_typed(client, make_post):
    typed = '<img loading="lazy" src="">'
    post = make_post(body=f"{typed}\n\n`{typed}`\n\n![A {typed}](/media/{INSIDE})")
    page = client.get(post.get_absolute_url()).text
    (body,) = re.findall(r'<div class="body".*?</div>', page, re.S)
    # As text, as code and as alt text.
    assert unescape(body).count(typed) == 3
    assert ways(images(body)) == [AHEAD]


def test_a_page_from_the_cache_is_the_page_that_was_rendered(anonymous, client, covered):
    post = covered(body=IMAGES)
    for path in ("/", post.get_absolute_url()):
        rendered = client.get(path)
        assert anonymous.is_kept(path)
        cached = anonymous.get(path)
        assert cached.body == rendered.content
        assert cached.headers["Speculation-Rules"] == rendered["Speculation-Rules"]
