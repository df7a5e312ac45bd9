"""Deleting posts to the trash, restoring them, and removing them for good."""

import re
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from posts.discussion import liking, moderation
from posts.models import Comment, Like, ModerationEntry, Post, Revision
from posts.tests.listings import expect_right_numbers
from posts.writing import publishing
from posts.writing.edit import Edit
from posts.writing.trash import PostRestore

NOW = timezone.now()
DAY = timedelta(days=1)


def undo_in(page: str) -> str:
    """Return the address that the message's Undo button posts to."""
    return re.search(r'<form method="post" action="([^"]*)">[^/]*Undo</button>', page)[1]


def test_the_message_after_deleting_undoes_it(client_of, post):
    client = client_of("author")
    page = client.post(f"/{post.pk}/delete/", follow=True).text
    assert client.get(post.get_absolute_url()).status_code == 404
    response = client.post(undo_in(page), follow=True)
    assert response.redirect_chain == [(post.get_absolute_url(), 302)]
    assert "Your post was restored." in response.text
    assert "Undo</button>" not in response.text


@pytest.mark.parametrize("is_draft", [False, True])
def test_a_post_is_restored_with_everything_that_belongs_to_it(
    client_of, make_post, make_comment, reader, is_draft
):
    post = make_post(tags="Bread, Tea")
    make_comment(post=post)
    liking.like(post, reader)
    if is_draft:
        publishing.unpublish(post, Edit(timezone.now()))
    post.refresh_from_db()
    client = client_of("author")
    client.post(f"/{post.pk}/delete/")
    expect_right_numbers()
    client.post(f"/{post.pk}/restore/")
    expect_right_numbers()
    back = Post.objects.get(pk=post.pk)
    for name in ("status", "publish_at", "updated_at", "slug", "uuid", "like_count"):
        assert getattr(back, name) == getattr(post, name), name
    assert (back.trashed_at, back.trashed_from, back.comment_count) == (None, "", 1)
    assert [tag.name for tag in back.tag_list] == ["Bread", "Tea"]
    assert (Comment.objects.count(), Like.objects.count()) == (1, 1)
    assert client.get(back.get_absolute_url()).status_code == 200


@pytest.mark.parametrize(
    ("visitor", "status"), [("author", 302), ("reader", 404), ("moderator", 404)]
)
def test_only_the_author_restores_a_post(client_of, post, visitor, status):
    publishing.trash_post(post, now=NOW)
    assert client_of(visitor).post(f"/{post.pk}/restore/").status_code == status
    assert Post.objects.in_trash().exists() == (status == 404)


def test_undo_that_is_pressed_twice_leads_to_the_post_twice(client_of, post):
    client = client_of("author")
    client.post(f"/{post.pk}/delete/")
    for _ in range(2):
        assert client.post(f"/{post.pk}/restore/")["Location"] == post.get_absolute_url()
    assert not publishing.restore_from_trash(post, now=NOW)


def test_undo_after_the_session_ended_leads_to_the_trash(client, post):
    publishing.trash_post(post, now=NOW)
    response = client.post(f"/{post.pk}/restore/")
    assert response["Location"] == "/auth/login/?next=/mine/%3Fstate%3Dtrash"


def test_undo_does_not_claim_to_restore_a_post_removed_meanwhile(client_of, post, monkeypatch):
    publishing.trash_post(post, now=NOW)
    found = PostRestore.get_object

    def emptied_then(view):
        copy = found(view)
        for post in Post.objects.all():
            publishing.delete_post(post)
        return copy

    client = client_of("author")
    monkeypatch.setattr(PostRestore, "get_object", emptied_then)
    assert client.post(f"/{post.pk}/restore/").status_code == 404


def test_trashing_a_post_twice_keeps_its_original_state(draft):
    assert publishing.trash_post(draft, now=NOW)
    assert not publishing.trash_post(draft, now=NOW + DAY)
    kept = Post.objects.get()
    assert (kept.trashed_from, kept.trashed_at) == (Post.Status.DRAFT, NOW)


@pytest.mark.parametrize(
    ("back_after", "status"), [(DAY, Post.Status.PUBLISHED), (3 * DAY, Post.Status.DRAFT)]
)
def test_a_post_whose_time_passed_in_the_trash_is_restored_as_a_draft(
    make_post, back_after, status
):
    post = make_post(publish_at=NOW + 2 * DAY)
    publishing.trash_post(post, now=NOW)
    publishing.restore_from_trash(post, now=NOW + back_after)
    back = Post.objects.get()
    assert (back.status, back.publish_at) == (status, NOW + 2 * DAY)
    expect_right_numbers()


@pytest.mark.parametrize("path", ["update", "delete", "autosave", "preview-link", "like"])
def test_nothing_is_done_to_a_post_in_the_trash(client_of, post, path):
    publishing.trash_post(post, now=NOW)
    assert client_of("author").post(f"/{post.pk}/{path}/", {"title": "New"}).status_code == 404
    assert Post.objects.in_trash().get().title == "Test title"


# In the admin


POSTS = "/admin/posts/post/"


@pytest.mark.parametrize("how", ["page", "action"])
def test_the_admin_deletes_into_the_trash_and_brings_back(client_of, make_post, moderator, how):
    post = make_post(tags="Bread")
    client = client_of("moderator")
    action = {"_selected_action": [post.pk], "reason": "why"}
    if how == "page":
        page = client.get(f"{POSTS}{post.pk}/delete/").text
        client.post(f"{POSTS}{post.pk}/delete/", {"post": "yes"})
    else:
        page = client.post(POSTS, action | {"action": "delete_selected"}).text
        client.post(POSTS, action | {"action": "delete_selected", "post": "yes"})
    assert "Test title (moved to the trash)" in page
    assert Post.objects.in_trash().get().trashed_from == Post.Status.HIDDEN
    expect_right_numbers()
    client.post(POSTS, action | {"action": "restore"})
    assert Post.objects.get().status == Post.Status.PUBLISHED
    expect_right_numbers()
    entries = ModerationEntry.objects.order_by("pk").values_list("action", "actor__username")
    assert list(entries) == [("delete", "moderator"), ("restore", "moderator")]


@pytest.mark.parametrize(("by", "status"), [("author", "published"), ("moderator", "hidden")])
def test_a_post_trashed_by_a_moderator_is_hidden_when_its_author_restores_it(
    client_of, post, author, moderator, by, status
):
    person = {"author": author, "moderator": moderator}[by]
    moderation.trash_and_record(post, person, now=NOW)
    client_of("author").post(f"/{post.pk}/restore/")
    assert Post.objects.get().status == status


def test_a_moderator_who_deletes_a_trashed_post_adds_no_entry(post, moderator):
    publishing.trash_post(post, now=NOW)
    assert not moderation.trash_and_record(post, moderator, now=NOW)
    assert not ModerationEntry.objects.exists()


# Removal for good


def empty(*arguments: str) -> str:
    output = StringIO()
    call_command("empty_trash", *arguments, stdout=output)
    return output.getvalue()


def test_old_posts_in_the_trash_are_listed_first_and_then_deleted(post, make_comment):
    make_comment()
    then = timezone.now() - 31 * DAY
    publishing.save_post(post, Edit(then))
    publishing.trash_post(post, now=then)
    line = f"{post.pk} by author, in the trash since {then.date()}: Test title\n"
    assert empty() == f"{line}Found (--delete removes them): 1 posts.\n"
    assert Post.objects.exists()
    assert empty("--delete") == f"{line}Removed: 1 posts.\n"
    assert not Post.objects.exists() and not Comment.objects.exists()
    assert not Revision.objects.exists()
    expect_right_numbers()


@pytest.mark.parametrize(
    ("days_ago", "arguments", "is_kept"),
    [(29, [], True), (31, [], False), (2, ["--days", "1"], False), (0, ["--days", "1"], True)],
)
def test_the_trash_is_kept_for_thirty_days_or_as_many_as_are_given(
    post, days_ago, arguments, is_kept
):
    publishing.trash_post(post, now=timezone.now() - days_ago * DAY)
    empty("--delete", *arguments)
    assert Post.objects.exists() == is_kept


@pytest.mark.parametrize("days", ["-1", "99999999999"])
def test_a_number_of_days_that_makes_no_sense_is_refused(db, days):
    with pytest.raises(CommandError, match="from 0 to 36500"):
        empty("--delete", "--days", days)


def test_a_post_outside_the_trash_is_never_deleted(post):
    Post.objects.update(trashed_at=timezone.now() - 99 * DAY)
    assert "0 posts" in empty("--delete")
    assert Post.objects.exists()


class Terminal(StringIO):
    """Standard output that restores all posts left in the trash as soon as a line is written."""

    def write(self, text: str) -> int:
        for post in Post.objects.in_trash():
            publishing.restore_from_trash(post, now=timezone.now())
        return super().write(text)


def test_the_command_keeps_a_post_that_is_restored_while_it_runs(make_post):
    for title in ("First", "Second"):
        publishing.trash_post(make_post(title=title), now=timezone.now() - 31 * DAY)
    terminal = Terminal()
    call_command("empty_trash", "--delete", stdout=terminal)
    assert "Removed: 1 posts." in terminal.getvalue()
    assert "Second" not in terminal.getvalue()
    assert Post.objects.get().title == "Second"


def test_a_post_restored_while_the_trash_is_emptied_stays(post):
    publishing.trash_post(post, now=NOW)
    listed = Post.objects.in_trash().get()
    publishing.restore_from_trash(post, now=NOW)
    assert not publishing.delete_from_trash(listed)
    publishing.delete_post(post)
    assert not publishing.delete_from_trash(listed)
