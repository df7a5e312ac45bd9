"""The checks before publishing, on rendered posts."""

import pytest

from content.checklist import (
    images_elsewhere,
    images_without_alt,
    links_to_nowhere,
    skipped_headings,
    vague_links,
)
from content.markup import render_post
from tests.cpu import cpu_seconds_under


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("![A cat](/cat.png)", 0),
        ("![](/cat.png)", 1),
        ("![ ](/cat.png) ![&nbsp;](/cat.png) ![Dog](/dog.png)", 2),
        ("[![](/cat.png)](/cats/)", 1),
        ("`![](/cat.png)` <img src=cat.png>", 1),
    ],
)
def test_images_without_alternative_text_are_counted(text, count):
    assert images_without_alt(render_post(text)) == count


@pytest.mark.parametrize("html", ['<img src="a.png">', "<img alt>", '<img alt=" " src="a.png"/>'])
def test_an_image_without_the_attribute_counts_too(html):
    assert images_without_alt(html) == 1


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("![A](/a.png) ![B](b.png) ![](x://y.z/c.png) [d](https://c.example/d.png)", 0),
        ("![A](https://b.example/a.png)", 1),
        ("![A](HTTP://b.example/a.png) [![B](//b.example/b.png)](/b)", 2),
        ("![A](https://a.example/a.png) ![B](https://a.example.org/b.png)", 1),
    ],
)
def test_images_of_other_sites_are_counted(settings, text, count):
    settings.SITE_URL = "https://a.example"
    assert images_elsewhere(render_post(text)) == count


def test_without_an_address_of_the_site_each_host_is_another(settings):
    settings.SITE_URL = ""
    assert images_elsewhere(render_post("![A](https://a.example/a.png)")) == 1


def test_images_kept_elsewhere_for_us_are_ours(settings):
    settings.MEDIA_URL = "https://media.example/"
    name = f"images/{'a' * 22}-800x600-123.webp"
    assert images_elsewhere(render_post(f"![A](https://media.example/{name})")) == 0


@pytest.mark.parametrize(
    ("text", "headings"),
    [
        ("Only text.", []),
        ("# One\n## Two\n### Three\n# One\n## Two", []),
        ("### One\n#### Two", []),
        ("# One\n### Three", ["Three"]),
        ("# One\n### Three\n### Four\n## Two\n#### Five", ["Three", "Five"]),
        ("### Late\n# One", ["Late"]),
        ("# One\n### *Three* and [more](/more) & `code`", ["Three and more & code"]),
        ("# One\n\n```\n### Code\n```", []),
    ],
)
def test_headings_that_skip_a_level_are_named(text, headings):
    assert skipped_headings(render_post(text)) == headings


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("[here](/a)", ["here"]),
        ("[Click **here**!](/a) and [READ\nMORE…](/b)", ["Click here!", "READ MORE…"]),
        ("[» this link «](/a)", ["» this link «"]),
        ("# [Link](/a)", ["Link"]),
        ("[![here](/a.png)](/b)", ["here"]),
        ("[the notes from here](/a) [hier](/b) <https://example.org/here>", []),
        ("here, [the manual](/a), more[^1]\n\n[^1]: This.", []),
        ("`[here](/a)`", []),
    ],
)
def test_links_with_vague_texts_are_reported(text, links):
    assert vague_links(render_post(text)) == links


@pytest.mark.parametrize(
    ("text", "fragments"),
    [
        ("[a](#b) [c](#top) [d](#) [e](/f#g) [h]()\n\n# B", []),
        ("[a](#nowhere) [b](#über)", ["nowhere", "%C3%BCber"]),
        ('[a](#b) [c](#d)\n\n<a name="b"></a>', ["d"]),
        ("a[^1]\n\n[^1]: b", []),
        ("# Über\n\n[a](#Über)", []),
    ],
)
def test_links_that_lead_nowhere_are_reported(text, fragments):
    assert links_to_nowhere(render_post(text)) == fragments


@pytest.mark.parametrize(
    "piece",
    [
        '<p><a href="/a" rel="noopener">here</a></p>',
        '<img src="/a.png" alt="" loading="lazy">',
        '<h2 id="h-a">a</h2><h4 id="h-b"><a href="/b">b</a></h4>',
        "&lt;&amp;",
        "x ",
        "<b>",
        "<h4>x",
        "<a>",
    ],
)
def test_no_html_takes_long(piece):
    html = piece * (200_000 // len(piece))
    with cpu_seconds_under(5):
        images_without_alt(html), skipped_headings(html), vague_links(html)
