"""A takedown empties nginx's cache too, by renaming the folder in its cache key."""

import logging
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from caching import takedown
from posts import tagging
from posts.discussion import commenting, liking, moderation
from posts.models import Comment, Post, Tag
from posts.writing import publishing
from posts.writing.edit import Edit

NOW = timezone.now()
LATER = NOW + timedelta(days=1)


@pytest.fixture(autouse=True)
def media(settings, tmp_path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


@pytest.fixture
def version(media):
    """Return a function that returns the folder in nginx's cache key."""
    takedown.renew_version()
    return lambda: (media / ".version/current").resolve(strict=True)


@pytest.fixture
def is_announced(version, django_capture_on_commit_callbacks):
    """Return a function that makes a change and returns whether nginx then drops its pages."""

    def run(change) -> bool:
        before = version()
        with django_capture_on_commit_callbacks(execute=True):
            change()
        return version() != before

    return run


def edit(post: Post, **changes) -> None:
    for name, value in changes.items():
        setattr(post, name, value)
    publishing.update(post, Edit(NOW))


def merge(tag: Tag) -> None:
    tagging.merge_tags(tag, into=Tag.objects.create(name="Bun", key="bun", slug="bun"))


TAKEN_DOWN = {
    "edited": lambda c, m: edit(c.post, body="Other words"),
    "other tags": lambda c, m: publishing.update(c.post, Edit(NOW, tags=["Butter"])),
    "unpublished": lambda c, m: publishing.unpublish(c.post, Edit(NOW)),
    "moved to the future": lambda c, m: publishing.schedule(c.post, LATER, Edit(NOW)),
    "trashed": lambda c, m: moderation.trash_and_record(c.post, m, now=NOW),
    "trashed by its author": lambda c, m: publishing.trash_post(c.post, now=NOW),
    "deleted": lambda c, m: publishing.delete_post(c.post),
    "hidden": lambda c, m: moderation.hide_post(c.post, m, now=NOW),
    "edited comment": lambda c, m: commenting.edit_comment(c, "New words.", now=NOW),
    "deleted comment": lambda c, m: commenting.delete_comment(c),
    "hidden comment": lambda c, m: moderation.hide(c, m, now=NOW),
    "account deleted": lambda c, m: liking.remove_likes(c.author),
    "renamed tag": lambda c, m: tagging.rename_tag(Tag.objects.get(), "Bun"),
    "merged tag": lambda c, m: merge(Tag.objects.get()),
    "rendered again": lambda c, m: call_command("rerender_posts"),
}
ADDED = {
    "new post": lambda c, m: publishing.publish(Post(author=m, title="Another"), Edit(NOW)),
    "like": lambda c, m: liking.like(c.post, m),
    "unlike": lambda c, m: liking.unlike(c.post, c.post.author),
    "comment": lambda c, m: commenting.add_comment(c.post, m, "New words.", now=NOW),
    "approved comment": lambda c, m: moderation.approve(c.replies.get(), m, now=NOW),
    "closed comments": lambda c, m: moderation.close_comments(c.post, m, now=NOW),
    "draft": lambda c, m: publishing.save_draft(Post(author=m, title="Draft"), Edit(NOW)),
}


@pytest.fixture
def comment(make_post, make_comment) -> Comment:
    """A comment with a waiting reply, on a post with a tag and a like."""
    post = make_post(tags="Bread")
    comment = make_comment("Old words.", post=post)
    make_comment("A reply.", post=post, parent=comment, status=Comment.Status.WAITING)
    liking.like(post, post.author)
    Post.objects.update(rendered_by=0)
    return Comment.objects.get(pk=comment.pk)


@pytest.mark.parametrize(
    ("change", "leaves_view"),
    [(name, True) for name in TAKEN_DOWN] + [(name, False) for name in ADDED],
)
def test_nginx_drops_its_pages_if_something_is_hidden_from_readers(
    is_announced, comment, moderator, change, leaves_view
):
    act = (TAKEN_DOWN | ADDED)[change]
    assert is_announced(lambda: act(comment, moderator)) == leaves_view


def test_a_new_name_triggers_a_takedown(is_announced, client, author):
    client.force_login(author)
    form = {"display_name": "Ada", "time_zone": ""}
    assert is_announced(lambda: client.post("/auth/account/", form))


@pytest.mark.parametrize("page", ["change", "delete"])
def test_a_person_changed_or_deleted_in_the_admin_is_taken_down(
    is_announced, client, make_user, reader, page
):
    client.force_login(make_user("admin", is_staff=True, is_superuser=True))
    form = {"username": "renamed", "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    address = f"/admin/accounts/user/{reader.pk}/{page}/"
    assert is_announced(lambda: client.post(address, form | {"post": "yes"}))


def test_nothing_is_announced_before_it_is_committed(version, post):
    before = version()
    publishing.unpublish(post, Edit(NOW))
    assert version() == before


def test_old_folders_are_deleted_except_one_that_nginx_may_still_resolve(version, media):
    names = [version().name]
    for _ in range(3):
        takedown.renew_version()
        names.append(version().name)
    assert len(set(names)) == 4
    there = {path.name for path in (media / ".version").iterdir()}
    assert there == {"lock", "current", *names[-2:]}


def test_a_renewal_that_was_cut_off_is_no_obstacle(version, media):
    (media / ".version/next").symlink_to("nowhere")
    before = version()
    takedown.renew_version()
    assert version() != before


@pytest.mark.parametrize("is_writable", [True, False])
def test_the_site_starts_with_another_name_or_says_why_not(media, caplog, is_writable):
    if not is_writable:
        media.write_text("a file in its place")
    with caplog.at_level(logging.WARNING):
        takedown.renew_at_start()
    assert (media / ".version/current").exists() == is_writable
    assert bool(caplog.records) != is_writable
