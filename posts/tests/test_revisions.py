"""Revisions: the kept history of a post."""

from datetime import UTC, datetime, timedelta

import pytest

from posts.models import Post, PostText, Revision
from posts.writing import history, preview_links, publishing
from posts.writing.edit import Edit

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)


def save(post: Post, body: str, at: datetime, **saving) -> None:
    post.body = body
    publishing.update(post, Edit(at, **saving))


def bodies(post: Post) -> list[str]:
    return [revision.body for revision in post.revisions.order_by("number")]


def test_a_post_made_in_bulk_gets_its_first_revision_with_the_first_change(post, reader):
    save(post, "new", NOW, by=reader, reason="Better")
    first, second = post.revisions.order_by("number")
    assert (first.number, first.body, first.saved_by) == (1, "test\nbody", post.author)
    assert first.saved_at == post.created_at
    assert (second.number, second.body, second.saved_by) == (2, "new", reader)
    assert second.reason == "Better"


def test_saving_the_same_text_again_adds_nothing(post):
    for _ in range(2):
        save(post, "same", NOW)
    assert bodies(post) == ["test\nbody", "same"]


def test_all_of_thirty_days_are_kept_and_then_the_last_of_each_day(make_post):
    post = make_post(created_at=NOW - timedelta(days=50))
    for days, hour in ((40, 8), (40, 9), (40, 10), (35, 8), (29, 8), (29, 9)):
        at = NOW.replace(hour=hour) - timedelta(days=days)
        save(post, f"{days} days ago at {hour}", at)
    Revision.objects.filter(number=1).update(saved_at=NOW - timedelta(days=50))
    save(post, "now", NOW)
    assert bodies(post) == [
        "test\nbody",
        "40 days ago at 10",
        "35 days ago at 8",
        "29 days ago at 8",
        "29 days ago at 9",
        "now",
    ]


@pytest.mark.parametrize("hours", [(8, 9), (9, 8)])
def test_the_published_and_the_last_revision_are_never_thinned_out(post, hours):
    old = NOW - timedelta(days=90)
    save(post, "seen", old.replace(hour=8))
    post.body = "edits"
    for number, hour in enumerate(hours):
        publishing.autosave(
            post,
            Edit(old.replace(hour=hour), tags=[], by=post.author, session=str(number)),
        )
        post.body += "."
    history.thin_out(post, NOW)
    assert {"seen", "edits."} <= set(bodies(post))
    assert "edits" not in bodies(post)


def test_the_current_text_of_a_draft_is_its_own(draft):
    assert history.unsaved_edits(draft) is None
    assert history.current_text(draft) == PostText("Draft title", "test\nbody")


def test_a_revision_and_a_link_say_whose_they_are(post):
    save(post, "new", NOW)
    assert str(post.revisions.first()) == f"2 of {post.pk}"
    assert str(preview_links.make_link(post, now=NOW)) == f"preview of {post.pk}"


def test_restoring_from_the_trash_restores_everything(make_post, reader):
    post = make_post(tags="tea")
    address = post.get_absolute_url()
    assert publishing.trash_post(post, now=NOW) and not publishing.trash_post(post, now=NOW)
    assert publishing.restore_from_trash(post, now=NOW)
    assert not publishing.restore_from_trash(post, now=NOW)
    found = Post.objects.get()
    assert (found.status, found.get_absolute_url()) == ("published", address)
    assert [tag.name for tag in found.tag_list] == ["tea"]


@pytest.mark.parametrize(("days", "status"), [(1, "draft"), (3, "published"), (-1, "published")])
def test_a_time_that_passes_in_the_trash_publishes_nothing(make_post, days, status):
    post = make_post(publish_at=NOW + timedelta(days=days))
    publishing.trash_post(post, now=NOW)
    publishing.restore_from_trash(post, now=NOW + timedelta(days=2))
    assert Post.objects.get().status == status


def test_a_double_click_on_restore_restores_once_and_complains_of_nothing(client_of, make_post):
    post = make_post(body="One.")
    save(post, "Two.", NOW)
    save(post, "Three.", NOW)
    client, clicked = client_of("author"), {"version": post.version}
    path = f"/{post.pk}/history/1/restore/"
    assert "was restored" in client.post(path, clicked, follow=True).text
    revisions = list(post.revisions.all())
    assert "Nothing was restored" not in client.post(path, clicked, follow=True).text
    assert list(post.revisions.all()) == revisions
    assert Post.objects.get().body == "One."
