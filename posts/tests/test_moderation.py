"""Approving, hiding, restoring and closing: permissions, effects and moderation entries."""

import pytest
from django.db import models
from django.utils import timezone

from posts.discussion import commenting, moderation
from posts.models import Comment, ModerationEntry, Post, Tag
from posts.writing import publishing
from posts.writing.edit import Edit

TWO_LINKS = "https://a.example https://b.example"
THREE_LINKS = f"{TWO_LINKS} https://c.example"
MAY = [("reader", False), ("author", True), ("moderator", True)]


def counted(post: Post) -> int:
    return Post.objects.get(pk=post.pk).comment_count


def entries() -> list[tuple[str, str, str]]:
    found = ModerationEntry.objects.order_by("pk")
    return [(entry.actor.username, entry.action, entry.reason) for entry in found]


# The approval rule


@pytest.mark.parametrize(
    ("rule", "body", "is_known", "reason"),
    [
        ("links", "No link.", False, ""),
        ("links", TWO_LINKS, False, ""),
        ("links", THREE_LINKS, False, "links"),
        ("links", THREE_LINKS, True, ""),
        # Only an address that is rendered as a link counts as one.
        ("links", f"`{THREE_LINKS}`", False, ""),
        ("links", "[a](https://a.example) ![b](/b) <https://c.example>", False, "links"),
        ("first", "No link.", False, "first"),
        ("first", THREE_LINKS, False, "first"),
        ("first", THREE_LINKS, True, ""),
        ("all", "No link.", True, "all"),
        ("none", THREE_LINKS, False, ""),
    ],
)
@pytest.mark.parametrize("visitor", ["reader", "author", "moderator"])
def test_which_comments_wait(
    client_of, make_comment, post, set_site, rule, body, is_known, reason, visitor
):
    client = client_of(visitor)
    if is_known:
        make_comment("Approved before.", status="approved")
    set_site(comment_approval=rule)
    client.post(f"/{post.pk}/comments/", {"body": body})
    comment = Comment.objects.get(body=body)
    expected = reason if visitor == "reader" else ""
    assert comment.waiting_because == expected
    assert comment.status == ("waiting" if expected else "approved")
    assert counted(post) == is_known + (not expected)


@pytest.mark.parametrize("status", ["waiting", "hidden", "deleted"])
def test_only_an_approved_comment_makes_an_account_known(make_comment, status):
    make_comment(status=status)
    assert make_comment(THREE_LINKS).is_waiting


def test_the_writer_learns_that_the_comment_waits_and_why(client_of, post):
    client = client_of("reader")
    page = client.post(f"/{post.pk}/comments/", {"body": THREE_LINKS}, follow=True).text
    why = "it has more than two links, and its author has no approved comment yet"
    assert f"Your comment is waiting for approval: {why}." in page
    assert f"Waiting for approval: {why}" in page
    assert "0 comments" in page


@pytest.mark.parametrize(
    ("before", "after", "status"),
    [
        ("Harmless.", THREE_LINKS, "waiting"),
        (THREE_LINKS, "Harmless.", "approved"),
        ("Harmless.", "Harmless too.", "approved"),
    ],
)
def test_a_changed_comment_is_checked_again(post, make_comment, before, after, status):
    comment = make_comment(before)
    assert commenting.edit_comment(comment, after, now=timezone.now())
    assert Comment.objects.get().status == status
    assert counted(post) == (status == "approved")


# Actions on a comment


ACTS = [
    ("approve", "waiting", "approved"),
    ("approve", "approved", "approved"),
    ("approve", "hidden", "hidden"),
    ("hide", "approved", "hidden"),
    ("hide", "waiting", "hidden"),
    ("hide", "hidden", "hidden"),
    ("restore", "hidden", "approved"),
    ("restore", "waiting", "waiting"),
    ("restore", "approved", "approved"),
]


@pytest.mark.parametrize(("verb", "before", "after"), ACTS)
def test_acts_change_the_status_the_count_and_the_log(
    post, make_comment, moderator, verb, before, after
):
    comment = make_comment("Some words.", status=before, waiting_because="")
    act, now = getattr(moderation, verb), timezone.now()
    is_changed = before != after
    assert act(comment, moderator, reason="Because.", now=now) == is_changed
    assert Comment.objects.get().status == after
    assert counted(post) == (after == "approved")
    assert entries() == ([("moderator", verb, "Because.")] if is_changed else [])
    for entry in ModerationEntry.objects.all():
        assert (entry.comment, entry.post, entry.created_at) == (comment, post, now)
        name = f"comment {comment.pk} by reader on post {post.pk}: Some words."
        assert (entry.target, str(entry)) == (name, f"{verb} {name}")


def test_hiding_a_comment_twice_changes_nothing(make_comment, moderator, author):
    comment = make_comment()
    same = Comment.objects.get()
    assert moderation.hide(comment, moderator, now=timezone.now())
    assert not moderation.hide(same, author, now=timezone.now())
    assert len(entries()) == 1


def test_approving_a_reported_comment_settles_the_report(make_comment, author, moderator):
    comment = make_comment()
    commenting.report_comment(comment, author)
    assert [*Comment.objects.reported()] == [comment]
    assert moderation.approve(comment, moderator, now=timezone.now())
    assert not Comment.objects.reported().exists()
    assert not moderation.approve(comment, moderator, now=timezone.now())
    # Another reader's report puts it back in the queue.
    commenting.report_comment(comment, moderator)
    assert [*Comment.objects.reported()] == [comment]


@pytest.mark.parametrize(("visitor", "may"), MAY)
@pytest.mark.parametrize(
    ("verb", "status", "message"),
    [
        ("approve", "waiting", "The comment is published."),
        ("hide", "approved", "The comment is hidden."),
        ("hide", "waiting", "The comment is hidden."),
    ],
)
def test_moderators_act_on_the_page(
    client_of, post, make_comment, make_user, visitor, may, verb, status, message
):
    comment = make_comment("Words.", status=status, author=make_user("guest"))
    client, path = client_of(visitor), f"/{post.pk}/comments/{comment.pk}/{verb}/"
    refused = 404 if status == "waiting" else 403
    assert (f'href="{path}"' in client.get(post.get_absolute_url()).text) == may
    assert client.get(path).status_code == (200 if may else refused)
    response = client.post(path, {"reason": "Because."})
    assert response.status_code == (302 if may else refused)
    assert entries() == ([(visitor, verb, "Because.")] if may else [])
    if may:
        assert message in client.get(response["Location"]).text
        assert "This has already been done." in client.post(path, follow=True).text


@pytest.mark.parametrize(
    ("hider", "visitor", "status"),
    [
        ("author", "author", 302),
        ("author", "moderator", 302),
        ("moderator", "moderator", 302),
        # The post's author can't restore a comment that a moderator has hidden.
        ("moderator", "author", 403),
        ("moderator", "reader", 403),
        ("author", "reader", 403),
    ],
)
def test_only_the_person_who_hid_a_comment_or_a_moderator_restores_it(
    client_of, post, make_comment, author, moderator, hider, visitor, status
):
    comment = make_comment("Words.")
    people = {"author": author, "moderator": moderator}
    # The last person to hide it counts.
    moderation.hide(comment, moderator, now=timezone.now())
    moderation.restore(comment, moderator, now=timezone.now())
    moderation.hide(comment, people[hider], now=timezone.now())
    client, path = client_of(visitor), f"/{post.pk}/comments/{comment.pk}/restore/"
    page = client.get(post.get_absolute_url()).text
    assert "Hidden: readers can't see this comment." in page
    assert (f'href="{path}"' in page) == (status == 302)
    assert client.post(path).status_code == status
    assert Comment.objects.get().is_approved == (status == 302)


def test_a_reason_that_is_too_long_is_refused(client_of, post, make_comment):
    path = f"/{post.pk}/comments/{make_comment().pk}/hide/"
    response = client_of("author").post(path, {"reason": "x" * 501})
    assert response.status_code == 422
    assert "x" * 501 in response.text
    assert Comment.objects.get().is_approved


# Closing


@pytest.mark.parametrize(("visitor", "may"), MAY)
@pytest.mark.parametrize(
    ("verb", "is_open", "message"),
    [("close", True, "Comments are closed."), ("open", False, "Comments are open again.")],
)
def test_the_author_and_moderators_close_and_open_comments(
    client_of, post, visitor, may, verb, is_open, message
):
    Post.objects.update(comments_open=is_open)
    client, path = client_of(visitor), f"/{post.pk}/comments/{verb}/"
    assert (f'action="{path}"' in client.get(post.get_absolute_url()).text) == may
    assert client.post(path).status_code == (302 if may else 403)
    assert Post.objects.get().comments_open == (is_open != may)
    assert entries() == ([(visitor, verb, "")] if may else [])
    if may:
        assert message in client.get(post.get_absolute_url()).text
        client.post(path)
        assert len(entries()) == 1


def test_an_editor_opened_before_does_not_open_comments_again(post, author):
    now = timezone.now()
    moderation.close_comments(post, author, now=now)
    publishing.save_post(post, Edit(now))
    assert not Post.objects.get().comments_open


# Posts


def test_a_hidden_post_is_seen_by_its_author_and_moderators(client_of, make_post, moderator):
    post, now = make_post(title="Gone title", tags="bread"), timezone.now()
    assert moderation.hide_post(post, moderator, reason="Spam.", now=now)
    assert not moderation.hide_post(post, moderator, now=now)
    assert Tag.objects.get().published_count == 0
    for visitor, status in (("anonymous", 404), ("reader", 404), ("author", 200)):
        client = client_of(visitor)
        assert client.get(post.get_absolute_url()).status_code == status
        assert "Gone title" not in client.get("/").text
    page = client.get(post.get_absolute_url()).text
    assert "Hidden by a moderator: readers can't see this post." in page
    assert moderation.restore_post(post, moderator, now=now)
    assert not moderation.restore_post(post, moderator, now=now)
    assert Tag.objects.get().published_count == 1
    assert "Gone title" in client.get("/").text
    assert entries() == [("moderator", "hide", "Spam."), ("moderator", "restore", "")]


def test_a_draft_is_not_hidden(draft, moderator):
    assert not moderation.hide_post(draft, moderator, now=timezone.now())
    assert entries() == []


# Moderation entries


@pytest.fixture
def entry(make_comment, moderator) -> ModerationEntry:
    moderation.hide(make_comment("x" * 400), moderator, now=timezone.now())
    return ModerationEntry.objects.get()


@pytest.mark.parametrize(
    "change",
    [
        lambda entry: entry.save(),
        lambda entry: entry.delete(),
        lambda entry: ModerationEntry.objects.update(reason="Another."),
        lambda entry: ModerationEntry.objects.all().delete(),
    ],
    ids=["save", "delete", "update", "delete all"],
)
def test_moderation_entries_are_never_changed_or_deleted(entry, change):
    with pytest.raises(TypeError, match="never"):
        change(entry)
    assert ModerationEntry.objects.get().reason == ""


def test_a_moderation_entry_outlives_its_post_and_comment(entry, post, moderator):
    moderation.trash_and_record(post, moderator, reason="Spam.", now=timezone.now())
    publishing.delete_post(post)
    assert not Post.objects.exists() and not Comment.objects.exists()
    first, second = ModerationEntry.objects.order_by("pk")
    assert (first.post, first.comment, len(first.target)) == (None, None, 300)
    assert first.target.startswith("comment ")
    assert second.target == f"post {entry.post_id} by author: Test title"


def test_a_person_who_moderated_can_not_be_deleted(entry, moderator):
    with pytest.raises(models.ProtectedError):
        moderator.delete()
