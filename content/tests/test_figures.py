"""Captions below images, and links in place of images on other sites."""

import re

import pytest

from content.checklist import images_elsewhere, images_without_alt
from content.image_names import RATIOS
from content.markup import plain_text, render_comment, render_post

OWN = f"/media/images/{'x' * 22}-800x1600-300.webp"


def outline(html: str) -> str:
    """Return the HTML without attributes."""
    return re.sub(r"<(\w+)[^>]*>", r"<\1>", html).replace("\n", "")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        (f'![a]({OWN} "c")', "<figure><img><figcaption>c</figcaption></figure>"),
        (
            f'[![a]({OWN} "c")](/x "t")',
            "<figure><a><img></a><figcaption>c</figcaption></figure>",
        ),
        (
            f'![a]({OWN} "A *b* & `c` <i>d</i>")',
            "<figure><img><figcaption>A *b* &amp; `c` &lt;i&gt;d&lt;/i&gt;</figcaption></figure>",
        ),
        (
            f'![a]({OWN} "c")\n![b]({OWN}) ![b]({OWN})  \n![d]({OWN} "e")',
            "<figure><img><figcaption>c</figcaption></figure><p><img><img></p>"
            "<figure><img><figcaption>e</figcaption></figure>",
        ),
        (
            f'- ![a]({OWN} "c")\n- b',
            "<ul><li><figure><img><figcaption>c</figcaption></figure></li><li>b</li></ul>",
        ),
        (
            f'> ![a]({OWN} "c")',
            "<blockquote><figure><img><figcaption>c</figcaption></figure></blockquote>",
        ),
        (
            f'<figure>\n\n![a]({OWN} "c")\n\n<figcaption>d</figcaption>\n</figure>',
            "<figure><p><img></p><figcaption>d</figcaption></figure>",
        ),
        (f"![a]({OWN})\n![a]({OWN})", "<p><img><img></p>"),
        (f'![a]({OWN} " ")', "<p><img></p>"),
        (f'text ![a]({OWN} "c")', "<p>text <img></p>"),
        (f'[![a]({OWN} "c") text](/x)', "<p><a><img> text</a></p>"),
        (f'![a]({OWN} "c")`x`', "<p><img><code>x</code></p>"),
        (f'# ![a]({OWN} "c")', "<h2><img></h2>"),
    ],
)
def test_a_caption_stands_below_an_image_that_stands_alone(text, html):
    assert outline(render_post(text)) == html


def test_a_caption_is_no_tooltip_and_keeps_the_link_and_its_title():
    html = render_post(f'[![a]({OWN} "c")](/x "t")')
    assert html.count("title=") == 1 and '<a href="/x" title="t"' in html


def test_a_caption_has_the_punctuation_of_the_language():
    assert "<figcaption>„c“</figcaption>" in render_post(f"![a]({OWN} '\"c\"')", "de")


def test_a_note_beside_an_image_stays():
    assert "fnref-1" in render_post(f'![a]({OWN} "c")[^1]\n\n[^1]: n')


@pytest.mark.parametrize(
    ("size", "ratio"),
    [
        ("100x9000", "ratio-1"),
        ("800x1600", "ratio-5"),
        ("1600x1067", "ratio-14"),
        ("1000x400", "ratio-25"),
        ("1000x300", None),
    ],
)
def test_the_space_for_an_image_is_reserved_and_no_taller_than_the_window(size, ratio):
    html = render_post(f"![a](/media/images/{'x' * 22}-{size}-300.webp)")
    width, height = size.split("x")
    assert f'width="{width}" height="{height}"' in html
    assert set(re.findall("ratio-[0-9]+", html)) == ({ratio} if ratio else set())
    assert {ratio} <= RATIOS or ratio is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("![A *b* c](https://b.example/x.jpg)", "A b c (b.example)"),
        ("![](https://me:pw@b.example:80/y/x.jpg?a=/b#c)", "x.jpg (b.example)"),
        ("![](//b.example)", "b.example"),
        ("![](//b.example/)", "b.example"),
    ],
)
def test_an_image_on_another_site_is_a_link_with_its_host(text, shown):
    html = render_post(text)
    assert plain_text(html) == shown
    assert '<a class="image-elsewhere" href="' in html and "<img" not in html
    assert images_elsewhere(html) == 1 and images_without_alt(html) == 0


def test_an_image_on_another_site_within_a_link_keeps_that_link():
    html = render_post("[![a](https://b.example/x.png)](/own)")
    inside = '<span class="image-elsewhere">a (b.example)</span>'
    assert html == f'<p><a href="/own" rel="noopener">{inside}</a></p>\n'
    assert images_elsewhere(html) == 1


@pytest.mark.parametrize(
    ("render", "text", "tag"),
    [
        (render_post, 'a ![b](https://c.example/x.png "t")', "a"),
        (render_post, '[a ![b](https://c.example/x.png "t")](/d)', "span"),
        (render_comment, '![b](/c "t")', "a"),
    ],
)
def test_a_link_in_place_of_an_image_has_its_title(render, text, tag):
    assert re.search(rf'<{tag} [^>]*title="t"', render(text))


def test_an_image_on_another_site_has_its_caption():
    html = outline(render_post('![a](https://b.example/x.png "c")'))
    assert html == "<figure><a>a (b.example)</a><figcaption>c</figcaption></figure>"


def test_an_image_on_this_site_is_shown(settings):
    settings.SITE_URL = "https://blog.example"
    assert "<img" in render_post("![a](https://blog.example/x.png)")
    assert "<img" not in render_post("![a](https://blog.example.org/x.png)")
