"""Suggestions in the editor before publishing. They never block."""

from datetime import timedelta

import pytest
from django.utils import timezone

from posts.models import Post

GOOD = "## Part\n\n![A sea](/x.png) and [a map of it](/map)."


@pytest.mark.parametrize(
    ("body", "suggestion"),
    [
        ("![](/x.png)", "An image in the text has no alt text."),
        (
            "![](/x.png) ![](/y.png)",
            "2 images in the text have no alt text.",
        ),
        (
            "![A sea](https://b.example/x.png)",
            "An image in the text is on another site, so readers see only a link to it. "
            "Upload it to this blog.",
        ),
        (
            "![A](//b.example/x) ![B](//b.example/y)",
            "2 images in the text are on other sites, so readers see only links to them. "
            "Upload them to this blog.",
        ),
        ("# Part\n\n### Deep", "The heading “Deep” skips a level."),
        ("See [here](/map).", "A link says only “here”. Say where it leads."),
    ],
)
def test_the_text_is_checked(client_of, make_post, body, suggestion):
    found = client_of("author").get(f"/{make_post(body=body, tags='a').pk}/update/").text
    assert suggestion in found
    good = make_post(title="Good", body=GOOD.replace("## ", "# "), tags="a")
    assert suggestion not in client_of("author").get(f"/{good.pk}/update/").text


@pytest.mark.parametrize(("tags", "is_said"), [("", True), ("a", False)])
def test_the_editor_suggests_tags_for_a_post_without_any(client_of, make_post, tags, is_said):
    page = client_of("author").get(f"/{make_post(tags=tags).pk}/update/").text
    assert ("The post has no tags" in page) == is_said


@pytest.mark.parametrize(
    ("fields", "is_said"),
    [
        ({}, True),
        ({"title": "TEST title"}, True),
        # A different title with the same slug.
        ({"title": "Test title+"}, False),
        ({"title": "Another"}, False),
        # Authors are warned of their own drafts, never of another person's.
        ({"status": "draft"}, True),
        ({"status": "draft", "by": "reader"}, False),
        ({"by": "reader"}, True),
        ({"status": "trash", "trashed_at": "2026-01-01T00:00Z"}, False),
    ],
)
def test_a_title_that_is_in_use_is_reported(client_of, post, make_post, reader, fields, is_said):
    fields = dict(fields)
    if fields.pop("by", ""):
        fields["author"] = reader
    make_post(**fields)
    page = client_of("author").get(f"/{post.pk}/update/").text
    assert ("Another post already has this title." in page) == is_said


def test_a_suggestion_is_not_repeated_a_thousand_times(client_of, make_post):
    post = make_post(body="[here](/map) " * 1_000, tags="a")
    page = client_of("author").get(f"/{post.pk}/update/").text
    assert page.count("A link says only") == 10


def test_suggestions_never_block_publishing(client_of):
    data = {"title": "t", "body": "![](/x.png)\n\n# a\n\n### b\n\n[here](/)"}
    assert client_of("author").post("/create/", data).status_code == 302
    assert Post.objects.get().status == "published"


@pytest.mark.parametrize(
    "state",
    [{}, {"publish_at": timezone.now() + timedelta(days=1)}],
    ids=["published", "scheduled"],
)
def test_private_edits_of_a_post_are_checked(client_of, make_post, state):
    make_post(title="In use")
    client, post = client_of("author"), make_post(title="Good", body=GOOD, tags="a", **state)
    edits = {"title": "In use", "body": "See [here](/map).", "tags": "", "version": post.version}
    expected = [
        "A link says only “here”. Say where it leads.",
        "The post has no tags. Tags help readers find related posts.",
        "Another post already has this title.",
    ]
    assert client.post(f"/{post.pk}/autosave/", edits).json()["checklist"] == expected
    page = client.get(f"/{post.pk}/update/").text
    assert all(hint in page for hint in expected)
    post.refresh_from_db()
    assert "here" not in post.body_html


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        ("[a](#über)\n\n# b", "No heading has the address of the link “#über”."),
        ("---\ntitle: a\n---\n\nb", "The text begins with front matter, which readers don’t see."),
        (
            "![a](data:image/png;base64,AAAA)",
            "An image was pasted as data and is not shown. Upload it to this blog.",
        ),
        (
            "![a](data:image/png;base64,AAAA) <img src=data:image/png;base64,AAAA>",
            "2 images were pasted as data and are not shown. Upload them to this blog.",
        ),
    ],
)
def test_what_readers_will_not_see_is_named(client_of, make_post, body, hint):
    make_post(title="Other", body="b")
    post = make_post(body=body, tags="a")
    assert hint in client_of("author").get(f"/{post.pk}/update/").text
    assert "base64" not in post.body_html + post.excerpt
