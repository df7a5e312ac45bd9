"""Review: contributors ask for it, and editors publish or return their texts."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from posts.models import Post

TOMORROW = (timezone.now() + timedelta(days=1)).replace(microsecond=0)
WRITTEN = {"title": "Title", "body": "Typed zebra"}
DRAFT = {"status": Post.Status.DRAFT, "publish_at": None}


@pytest.mark.parametrize("is_new", [True, False])
def test_an_editor_sees_and_publishes_a_draft_that_waits_for_review(
    as_role, own_post, django_assert_max_num_queries, is_new
):
    client = as_role("contributor")
    if is_new:
        page = client.post("/create/", WRITTEN | {"action": "ask_review"}, follow=True).text
    else:
        client, post = own_post("contributor", **DRAFT)
        typed = WRITTEN | {"action": "ask_review", "reason": "Check the numbers"}
        page = client.post(f"/{post.pk}/update/", typed, follow=True).text
        assert "Check the numbers" in page
    assert "Your text is waiting for review." in page and "Waiting for review (" in page
    # The HTML standard allows at most three decimals of a second.
    assert not re.search(r'datetime="[^"]*\.\d{4}', page)
    assert "Waiting for review" in client.get("/mine/").text
    post = Post.objects.get()
    assert post.is_draft and post.is_waiting_for_review

    editor = as_role("editor")
    with django_assert_max_num_queries(10):
        listed = editor.get("/mine/").text
    assert "To review" in listed and "by the-contributor" in listed and ">Title<" in listed
    page = editor.get(f"/{post.pk}/update/").text
    assert "the-contributor asks for a review (" in page and "Draft: " not in page
    assert ("Check the numbers" in page) != is_new
    editor.post(f"/{post.pk}/update/", WRITTEN | {"action": "publish", "version": post.version})
    post.refresh_from_db()
    assert post.is_listed(timezone.now()) and post.author.username == "the-contributor"
    assert (post.review, post.review_at) == ("", None)
    assert "Nothing to review" in editor.get("/mine/?state=review").text


def test_an_editor_returns_a_draft_with_a_note(as_role, own_post):
    client, post = own_post("contributor", **DRAFT)
    client.post(f"/{post.pk}/update/", WRITTEN | {"action": "ask_review"})
    editor = as_role("editor")
    assert 'value="return"' in editor.get(f"/{post.pk}/update/").text
    typed = WRITTEN | {"action": "return", "reason": "Shorter, please"}
    page = editor.post(f"/{post.pk}/update/", typed, follow=True)
    assert page.redirect_chain == [("/mine/?state=review", 302)]
    assert "The text was returned to its author." in page.text
    assert "Nothing to review" in page.text
    page = client.get(f"/{post.pk}/update/").text
    assert "Returned by an editor (" in page and "Shorter, please" in page and "Draft: " not in page
    assert "Returned by an editor" in client.get("/mine/").text
    # Saving keeps the note, and asking again replaces it.
    client.post(f"/{post.pk}/update/", WRITTEN | {"action": "draft"})
    assert Post.objects.get().is_returned
    client.post(f"/{post.pk}/update/", WRITTEN | {"action": "ask_review"})
    post.refresh_from_db()
    assert (post.is_waiting_for_review, post.review_note) == (True, "")


def test_a_contributor_withdraws_and_may_not_return(own_post):
    client, post = own_post("contributor", **DRAFT)
    for action, review in (("ask_review", "asked"), ("return", "asked"), ("withdraw", "")):
        client.post(f"/{post.pk}/update/", WRITTEN | {"action": action})
        assert Post.objects.get().review == review, action


def test_a_post_waits_while_its_writer_goes_on_and_until_it_is_in_the_trash(as_role, own_post):
    client, post = own_post("contributor", **DRAFT)
    client.post(f"/{post.pk}/update/", WRITTEN | {"action": "ask_review"})
    typed = {"title": "Title", "body": "More", "version": Post.objects.get().version}
    assert client.post(f"/{post.pk}/autosave/", typed).status_code == 200
    assert Post.objects.to_review().get().body == "More"
    client.post(f"/{post.pk}/delete/")
    assert not Post.objects.to_review().exists()
    client.post(f"/{post.pk}/restore/")
    assert Post.objects.to_review().exists()


def test_the_post_that_has_waited_longest_is_first(own_post):
    client, newer = own_post("contributor", **DRAFT)
    _, older = own_post("contributor", **DRAFT)
    for post in (older, newer):
        client.post(f"/{post.pk}/update/", WRITTEN | {"action": "ask_review"})
    assert list(Post.objects.to_review()) == [older, newer]


def test_a_review_ends_when_an_editor_unpublishes_the_post(as_role, own_post):
    client, post = own_post("contributor")
    client.post(f"/{post.pk}/update/", WRITTEN | {"action": "ask_review"})
    as_role("editor").post(f"/{post.pk}/update/", WRITTEN | {"action": "unpublish"})
    assert Post.objects.get().is_draft and not Post.objects.to_review().exists()


def test_review_without_a_title_is_refused_and_nothing_is_lost(as_role):
    typed = {"title": "", "body": "Typed zebra", "action": "ask_review"}
    response = as_role("contributor").post("/create/", typed)
    assert "Title is required." in response.text and "Typed zebra" in response.text


def test_an_editor_publishes_edits_of_a_published_post(as_role, own_post):
    client, post = own_post("contributor")
    typed = WRITTEN | {"action": "ask_review"}
    page = client.post(f"/{post.pk}/update/", typed, follow=True).text
    assert "Your text is waiting for review." in page and "Waiting for review (" in page
    # The HTML standard allows at most three decimals of a second.
    assert not re.search(r'datetime="[^"]*\.\d{4}', page)
    assert "until an editor publishes your edits" in page and ">Update<" not in page
    assert Post.objects.get().body == "Old"
    editor = as_role("editor")
    assert ">Title<" in editor.get("/mine/").text
    page = editor.get(f"/{post.pk}/update/").text
    assert "The form shows edits by the-contributor" in page and "Typed zebra" in page
    editor.post(f"/{post.pk}/update/", WRITTEN | {"action": "update"})
    saved = Post.objects.get()
    assert (saved.body, saved.review, saved.publish_at) == ("Typed zebra", "", post.publish_at)
    assert "changed this post after your edits" not in client.get(f"/{post.pk}/update/").text


def test_a_field_that_only_an_editor_changes_is_named(own_post, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    client, post = own_post("contributor", publish_at=TOMORROW)
    later = (TOMORROW + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S")
    typed = WRITTEN | {"action": "ask_review", "publish_at": later}
    page = client.post(f"/{post.pk}/update/", typed).text
    assert "Only an editor can change these in a published post." in page
    assert "Typed zebra" in page
