"""The addresses of tags."""

import re
from importlib import import_module

import pytest
from django.apps import apps

from caching import pages
from identity import redirects
from posts.models import Post, Tag


def test_tags_with_the_same_slug_get_a_number(make_post):
    make_post(tags="I O, I/O, i-o, i o 2")
    slugs = dict(Tag.objects.values_list("name", "slug"))
    assert slugs == {
        "I O": "i-o",
        "I/O": "i-o-2",
        "i-o": "i-o-3",
        "i o 2": "i-o-2-2",
    }


SIGNED = ["C", "C++", "C#", "F#", ".NET", "Google+", "Google", "R&D", "日本語", "🎉"]


@pytest.mark.parametrize("names", [SIGNED, SIGNED[::-1]])
def test_tags_that_differ_by_signs_have_readable_addresses_in_any_order(client, make_post, names):
    make_post(tags=", ".join(names))
    slugs = {tag.name: tag.slug for tag in Tag.objects.all()}
    assert [slugs[name] for name in SIGNED] == [
        *("c", "cpp", "csharp", "fsharp", "dotnet", "google-plus", "google", "r-and-d"),
        *("日本語", "party-popper"),
    ]
    assert "<title>C++ · " in client.get("/tags/cpp/").text


def test_an_update_gives_older_tags_readable_addresses_and_redirects_the_old_ones(
    client, make_post
):
    make_post(tags="C++, C, Tea")
    make_post(tags="C#", status=Post.Status.DRAFT)
    # As the previous version named them.
    for key, slug in {"c++": "c", "c": "c-2", "c#": "cpp"}.items():
        Tag.objects.filter(key=key).update(slug=f"old-{slug}")
    for tag in Tag.objects.filter(slug__startswith="old-"):
        tag.slug = tag.slug.removeprefix("old-")
        tag.save()
    # The addresses of tags that were merged into C++.
    redirects.add("/tags/cpp-2/", "/tags/c/")
    redirects.add("/tags/cplusplus/", "/tags/c/")
    import_module("posts.migrations.0022_tag_slugs").improve(apps, None)
    slugs = dict(Tag.objects.values_list("key", "slug"))
    assert slugs == {"c++": "cpp-2", "c": "c-2", "c#": "csharp", "tea": "tea"}
    pages.changed()
    for path in ("/tags/c/", "/tags/c/feed/atom/", "/tags/cplusplus/"):
        new = re.sub(r"^/tags/\w+/", "/tags/cpp-2/", path)
        assert client.get(path)["Location"] == new
    assert "<title>C · " in client.get("/tags/c-2/").text
    # Readers don't see the tag of a draft.
    assert client.get("/tags/cpp/").status_code == 404
