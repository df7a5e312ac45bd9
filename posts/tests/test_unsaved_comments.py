"""A comment sent after the session ended is back in its form after logging in."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import UnsavedText
from accounts.tests.test_unsaved_text import NOTE, log_in, writer_in
from posts.discussion import commenting
from posts.discussion.threads import COMMENTS_PER_PAGE
from posts.models import Comment, Post

WORDS = "Long *thought* over."
SHOWN = f"{WORDS}</textarea>"
LATER = commenting.EDIT_LIMIT + timedelta(seconds=1)


@pytest.fixture
def sent_too_late(client_of):
    """Return a function that sends a reader's form after their session has ended."""
    client = client_of("reader")

    def send(page: str, path: str, **fields) -> str:
        writer = writer_in(client.get(page).text)
        client.logout()
        response = client.post(path, {"body": WORDS, "writer": writer} | fields)
        assert response.status_code == 302 and not Comment.objects.filter(body=WORDS).exists()
        return re.fullmatch(r"/auth/login/\?next=(.*)", response["Location"])[1]

    return send


@pytest.mark.parametrize("is_reply", [False, True])
def test_it_is_restored_into_the_form_and_sent_only_on_request(
    client, post, make_comment, sent_too_late, is_reply
):
    parent = str(make_comment().pk) if is_reply else ""
    path = f"/{post.pk}/comments/"
    back = sent_too_late(post.get_absolute_url(), path, parent=parent)
    assert back == f"/{post.pk}/%3Frecovered%23comment-form"
    page = log_in(client, "reader", f"/{post.pk}/?recovered#comment-form").text
    assert NOTE in page and SHOWN in page
    assert (f'name="parent" value="{parent}"' in page) == is_reply
    assert ("Your reply to reader" in page) == is_reply
    assert not Comment.objects.filter(body=WORDS).exists()

    client.post(path, {"body": WORDS, "parent": parent, "writer": writer_in(page)})
    assert Comment.objects.get(body=WORDS).parent_id == (int(parent) if parent else None)
    assert not UnsavedText.objects.exists()


def test_another_post_or_person_sees_nothing_of_it(client, make_post, post, author, sent_too_late):
    sent_too_late(post.get_absolute_url(), f"/{post.pk}/comments/")
    other = make_post(title="Other").get_absolute_url()
    assert WORDS not in log_in(client, "reader", f"{other}?recovered").text
    client.logout()
    assert WORDS not in log_in(client, "author", f"{post.get_absolute_url()}?recovered").text
    client.logout()
    assert WORDS not in client.get(f"{post.get_absolute_url()}?recovered").text


def test_the_page_looks_for_it_only_with_recovered_in_its_address(
    client, post, reader, sent_too_late
):
    sent_too_late(post.get_absolute_url(), f"/{post.pk}/comments/")
    client.force_login(reader)
    assert NOTE not in client.get(post.get_absolute_url()).text
    assert NOTE in client.get(f"{post.get_absolute_url()}?recovered").text


def test_a_recovered_comment_that_is_refused_is_still_marked(client, post, reader, sent_too_late):
    sent_too_late(post.get_absolute_url(), f"/{post.pk}/comments/")
    client.force_login(reader)
    writer = writer_in(client.get(f"{post.get_absolute_url()}?recovered").text)
    response = client.post(f"/{post.pk}/comments/", {"body": " ", "writer": writer})
    assert response.status_code == 422
    assert NOTE in response.text and "Comment is required." in response.text
    assert UnsavedText.objects.exists()


def test_a_reply_far_down_a_thread_is_shown_on_its_page(
    client, post, reader, make_comment, sent_too_late
):
    for number in range(COMMENTS_PER_PAGE + 1):
        last = make_comment(f"Number {number}.")
    page = f"{post.get_absolute_url()}?from={last.path}&reply={last.pk}"
    sent_too_late(page, f"/{post.pk}/comments/", parent=last.pk)
    client.force_login(reader)
    page = client.get(f"{post.get_absolute_url()}?recovered").text
    assert SHOWN in page and "Your reply to reader" in page and "Number 0." not in page


def test_after_comments_are_closed_the_text_is_shown_to_copy(client, post, reader, sent_too_late):
    sent_too_late(post.get_absolute_url(), f"/{post.pk}/comments/")
    Post.objects.update(comments_open=False)
    client.force_login(reader)
    page = client.get(f"{post.get_absolute_url()}?recovered").text
    assert SHOWN in page and "Comments are closed." in page


@pytest.mark.parametrize("is_too_late", [False, True])
def test_an_unsaved_edit_of_a_comment_is_restored(
    client, post, make_comment, sent_too_late, is_too_late
):
    comment = make_comment("First words.")
    path = f"/{post.pk}/comments/{comment.pk}/edit/"
    sent_too_late(path, path)
    if is_too_late:
        Comment.objects.update(created_at=timezone.now() - LATER)
    page = log_in(client, "reader", f"{path}?recovered").text
    assert NOTE in page and SHOWN in page
    response = client.post(path, {"body": WORDS, "writer": writer_in(page)})
    assert response.status_code == (403 if is_too_late else 302)
    assert UnsavedText.objects.exists() == is_too_late
    assert Comment.objects.get().body == ("First words." if is_too_late else WORDS)


@pytest.mark.parametrize("verb", ["delete", "report"])
def test_forms_that_keep_nothing_name_no_writer(client_of, post, make_comment, author, verb):
    comment = make_comment(author=author)
    client = client_of("author" if verb == "delete" else "reader")
    page = client.get(f"/{post.pk}/comments/{comment.pk}/{verb}/").text
    assert "</form>" in page and 'name="writer"' not in page
