"""Every visible change appears at once in every outlet, though its old page was cached."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.models import User
from accounts.profiles import rename
from caching.tests.cached import AnonymousVisitor
from posts import tagging
from posts.discussion import commenting, liking, moderation
from posts.models import Comment, Post, Tag
from posts.writing import publishing
from posts.writing.edit import Edit

OUTLETS = ["/", "/?q=body", "/tags/", "/tags/bread/", "/authors/author/", "/feed/", "/sitemap.xml"]
OUTLETS += ["/feed/atom/", "/tags/bread/feed/", "/authors/author/feed/json/", "/authors/reader/"]
OUTLETS += ["/tag-suggestions/?q=b", "{post}"]


@pytest.fixture
def thread(make_post, make_comment) -> Comment:
    """A comment with a reply, on a post with a tag and a like."""
    post = make_post(title="Old title", tags="Bread")
    comment = make_comment("Old words.", post=post)
    make_comment("A reply.", post=post, parent=comment, author=post.author)
    liking.like(post, post.author)
    return comment


def save(post: Post, **changes) -> None:
    for name, value in changes.items():
        setattr(post, name, value)
    publishing.update(post, Edit(timezone.now()))


NOW = timezone.now()
LATER = NOW + timedelta(days=1)
CHANGES = {
    "edit": lambda c, m: save(c.post, title="New title", body="new body"),
    "new post": lambda c, m: publishing.publish(
        Post(author=c.post.author, title="Another"), Edit(NOW, tags=["Bread"])
    ),
    "other tags": lambda c, m: publishing.update(c.post, Edit(NOW, tags=["Butter"])),
    "unpublish": lambda c, m: publishing.unpublish(c.post, Edit(NOW)),
    "schedule": lambda c, m: publishing.schedule(c.post, LATER, Edit(NOW)),
    "trash": lambda c, m: publishing.trash_post(c.post, now=NOW),
    "delete": lambda c, m: publishing.delete_post(c.post),
    "hide": lambda c, m: moderation.hide_post(c.post, m, now=NOW),
    "restore revision": lambda c, m: publishing.restore_revision(
        c.post,
        c.post.revisions.create(number=9, title="Then", saved_at=NOW),
        Edit(NOW, by=c.post.author, version=c.post.version, reason=""),
    ),
    "like": lambda c, m: liking.like(c.post, m),
    "unlike": lambda c, m: liking.unlike(c.post, c.post.author),
    "likes removed": lambda c, m: liking.remove_likes(c.post.author),
    "comment": lambda c, m: commenting.add_comment(c.post, m, "New words.", now=NOW),
    "edited comment": lambda c, m: commenting.edit_comment(c, "New words.", now=NOW),
    "deleted comment": lambda c, m: commenting.delete_comment(c),
    "hidden comment": lambda c, m: moderation.hide(c, m, now=NOW),
    "closed comments": lambda c, m: moderation.close_comments(c.post, m, now=NOW),
    "renamed person": lambda c, m: rename(c.post.author, "pen.name"),
    "renamed tag": lambda c, m: tagging.rename_tag(Tag.objects.get(), "Bun"),
    "merged tag": lambda c, m: tagging.merge_tags(
        Tag.objects.get(), into=Tag.objects.create(name="Bun", key="bun", slug="bun")
    ),
}


def read(anonymous: AnonymousVisitor, post: Post) -> dict[str, bytes]:
    """Return the body of each outlet. Use the path that `post` had when it was loaded."""
    return {path: anonymous.get(path.format(post=post.get_absolute_url())).body for path in OUTLETS}


@pytest.fixture
def expect_fresh(anonymous, thread, django_capture_on_commit_callbacks):
    """Return a function that makes a change and expects every outlet to show it at once."""

    def expect(change) -> None:
        before = read(anonymous, thread.post)
        assert read(anonymous, thread.post) == before
        assert anonymous.rendered == len(OUTLETS)
        with django_capture_on_commit_callbacks(execute=True):
            change()
        after = read(anonymous, thread.post)
        assert after != before
        assert after == read(AnonymousVisitor(), thread.post)

    return expect


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_seen_at_once(expect_fresh, thread, moderator, change):
    expect_fresh(lambda: CHANGES[change](Comment.objects.get(pk=thread.pk), moderator))


@pytest.mark.parametrize(
    ("status", "act"),
    [
        (Post.Status.DRAFT, lambda post, m: publishing.publish(post, Edit(NOW))),
        (Post.Status.HIDDEN, lambda post, m: moderation.restore_post(post, m, now=NOW)),
        (Post.Status.TRASH, lambda post, m: moderation.restore_post(post, m, now=NOW)),
    ],
)
def test_a_post_that_comes_back_is_seen_at_once(
    anonymous, make_post, moderator, django_capture_on_commit_callbacks, status, act
):
    trashed = {"trashed_at": NOW, "trashed_from": Post.Status.PUBLISHED}
    post = make_post(
        title="Back", status=status, **(trashed if status == Post.Status.TRASH else {})
    )
    assert "Back" not in anonymous.get().text
    with django_capture_on_commit_callbacks(execute=True):
        act(post, moderator)
    assert "Back" in anonymous.get().text


@pytest.mark.parametrize(
    ("status", "act"),
    [
        (Comment.Status.WAITING, moderation.approve),
        (Comment.Status.HIDDEN, moderation.restore),
    ],
)
def test_an_approved_comment_is_shown_at_once(
    anonymous, make_comment, moderator, django_capture_on_commit_callbacks, status, act
):
    comment = make_comment("Findable words.", status=status)
    path = comment.post.get_absolute_url()
    assert "Findable" not in anonymous.get(path).text
    with django_capture_on_commit_callbacks(execute=True):
        act(comment, moderator, now=NOW)
    assert "Findable" in anonymous.get(path).text


def test_private_changes_leave_the_cache_alone(
    anonymous, draft, post, reader, django_capture_on_commit_callbacks
):
    comment = commenting.add_comment(post, reader, "Words.", now=NOW)
    anonymous.get()
    with django_capture_on_commit_callbacks(execute=True):
        publishing.autosave(draft, Edit(NOW, tags=["Tea"], by=draft.author))
        publishing.save_draft(draft, Edit(NOW))
        publishing.autosave(post, Edit(NOW, tags=[], by=post.author))
        publishing.trash_post(draft, now=NOW)
        commenting.report_comment(comment, post.author)
    anonymous.get()
    assert anonymous.rendered == 1


# Through the browser ------------------------------------------------------------------------------


def test_a_new_name_is_seen_at_once(expect_fresh, client, author):
    client.force_login(author)
    expect_fresh(lambda: client.post("/auth/account/", {"display_name": "Ada", "time_zone": ""}))


@pytest.fixture
def as_admin(client, make_user):
    client.force_login(make_user("admin", is_staff=True, is_superuser=True))
    return client


def test_a_person_changed_in_the_admin_is_seen_at_once(expect_fresh, as_admin, reader):
    page = f"/admin/accounts/user/{reader.pk}/change/"
    form = {"username": "renamed", "date_joined_0": "2026-01-01"}
    expect_fresh(
        lambda: as_admin.post(page, form | {"date_joined_1": "00:00:00", "is_active": "on"})
    )
    assert User.objects.get(pk=reader.pk).username == "renamed"


def test_a_person_who_becomes_staff_is_marked_at_once(expect_fresh, as_admin, reader):
    page = f"/admin/accounts/user/{reader.pk}/change/"
    form = {"username": "reader", "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    expect_fresh(lambda: as_admin.post(page, form | {"is_active": "on", "role": "editor"}))


@pytest.mark.parametrize("how", ["page", "action"])
def test_a_person_deleted_in_the_admin_disappears_at_once(
    expect_fresh, as_admin, make_user, thread, how
):
    other = make_user("other")
    liking.like(thread.post, other)
    page = f"/admin/accounts/user/{other.pk}/delete/"
    form = {"action": "delete_selected", "_selected_action": other.pk}
    address = page if how == "page" else "/admin/accounts/user/"
    expect_fresh(lambda: as_admin.post(address, form | {"post": "yes"}))


def test_a_refused_deletion_removes_no_likes(as_admin, thread):
    author = thread.post.author
    form = {"action": "delete_selected", "_selected_action": author.pk, "post": "yes"}
    as_admin.post("/admin/accounts/user/", form)
    thread.post.refresh_from_db()
    assert author.likes.count() == thread.post.like_count == 1


# Commands -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        ["seed_demo", "--posts=1", "--users=1", "--append"],
        ["rerender_posts"],
        ["recount_posts"],
        ["reindex_posts"],
        ["empty_trash", "--delete", "--days=0"],
    ],
)
def test_a_command_that_changes_many_rows_invalidates_all_pages(
    anonymous, make_post, small_sample, django_capture_on_commit_callbacks, command
):
    trashed = {"trashed_at": NOW - timedelta(days=1), "trashed_from": Post.Status.PUBLISHED}
    make_post(status=Post.Status.TRASH, **trashed)
    Post.objects.update(rendered_by=0)
    anonymous.get()
    with django_capture_on_commit_callbacks(execute=True):
        call_command(*command)
    anonymous.get()
    assert anonymous.rendered == 2
