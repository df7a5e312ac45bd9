"""Names and labels of commenters."""

import re

import pytest


@pytest.mark.parametrize("name", ["", "Rita R."])
def test_the_username_is_shown_beside_a_display_name(client, post, make_comment, reader, name):
    reader.display_name = name
    reader.save()
    make_comment()
    page = client.get(post.get_absolute_url()).text
    assert f'href="/authors/reader/">{name or "reader"}</a>' in page
    assert ("<span>@reader</span>" in page) == bool(name)


@pytest.mark.parametrize(
    ("writer", "labels"),
    [("reader", []), ("author", ["Author"]), ("moderator", ["Staff"])],
)
def test_the_author_of_the_post_and_the_staff_have_labels(
    client_of, post, make_comment, moderator, writer, labels
):
    client = client_of(writer)
    client.post(f"/{post.pk}/comments/", {"body": "Words."})
    client.logout()
    page = client.get(post.get_absolute_url()).text
    assert re.findall(r'<span class="comment-badge">(.*?)</span>', page) == labels
