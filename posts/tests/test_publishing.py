"""The write path, without views."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from posts.discussion import commenting, liking
from posts.models import Post, SearchDocument
from posts.writing import publishing
from posts.writing.edit import Edit

NOW = timezone.now()


def test_a_new_post_is_published_now_with_one_clock(author):
    post = publishing.publish(Post(author=author, title="t"), Edit(NOW))
    post.refresh_from_db()
    assert post.status == Post.Status.PUBLISHED
    assert post.publish_at == post.created_at == post.updated_at == NOW


def test_publishing_again_keeps_the_time_readers_know(post):
    first = post.publish_at
    publishing.publish(post, Edit(NOW))
    assert Post.objects.get().publish_at == first


def test_saving_a_draft_leaves_it_one(draft):
    created = draft.created_at
    draft.body = "Other words."
    publishing.save_post(draft, Edit(NOW + timedelta(days=1)))
    draft.refresh_from_db()
    assert (draft.status, draft.publish_at, draft.created_at) == (Post.Status.DRAFT, None, created)
    assert draft.updated_at == NOW + timedelta(days=1)


COUNTERS = re.compile('UPDATE "(posts_listcount|posts_tag)"')


@pytest.mark.parametrize("verb", ["publish", "move", "delete"])
def test_the_counters_for_which_other_writers_wait_are_changed_last(author, verb):
    post = publishing.publish(Post(author=author, title="t"), Edit(NOW, tags=["a", "b"]))
    edit = Edit(NOW, tags=["b", "c"])
    acts = {
        "publish": lambda: publishing.publish(Post(author=author, title="t"), edit),
        "move": lambda: publishing.schedule(post, NOW - timedelta(days=9), edit),
        "delete": lambda: publishing.delete_post(post),
    }
    with CaptureQueriesContext(connection) as queries:
        acts[verb]()
    asked = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]
    first = next(place for place, sql in enumerate(asked) if COUNTERS.match(sql))
    assert first > 5
    assert [sql for sql in asked[first:] if not COUNTERS.match(sql)] == []


@pytest.mark.parametrize(
    ("fields", "slug"), [(["title"], "new"), (["body"], "test-title"), (None, "new")]
)
def test_a_slug_follows_its_title_also_when_few_columns_are_saved(post, fields, slug):
    post.title = "New"
    post.save(update_fields=fields)
    assert Post.objects.get().slug == slug


@pytest.mark.parametrize(
    ("name", "value"), [("comments_open", False), ("like_count", 7), ("comment_count", 7)]
)
def test_saving_a_post_saves_every_column(post, name, value):
    setattr(post, name, value)
    post.save()
    assert getattr(Post.objects.get(), name) == value


def test_saving_a_post_leaves_columns_alone_that_were_not_read(post):
    Post.objects.filter(pk=post.pk).update(body="Newer.", comments_open=False)
    for each in Post.objects.only("title"):
        each.save()
    assert Post.objects.values_list("body", "comments_open").get() == ("Newer.", False)


def test_an_edit_undoes_no_likes_or_comments_added_since_it_began(post, reader):
    edited = Post.objects.get()
    liking.like(post, reader)
    commenting.add_comment(post, reader, "A comment.", now=NOW)
    edited.body = "New words."
    publishing.update(edited, Edit(NOW))
    counts = Post.objects.values_list("body", "like_count", "comment_count")
    assert counts.get() == ("New words.", 1, 1)


def test_each_post_has_an_id_for_feeds_that_stays(make_post):
    first, second = make_post(), make_post()
    assert first.uuid != second.uuid
    first.title = "Other"
    first.save()
    assert Post.objects.get(pk=first.pk).uuid == first.uuid


def test_a_post_is_named_by_its_title(post):
    assert str(post) == "Test title"


def test_deleting_is_permanent(post):
    publishing.delete_post(post)
    assert not Post.objects.exists()


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("Intro\n\n<!--more-->\n\nRest", "Intro"),
        ("<!--more-->\n\nRest", "Rest"),
        ("Intro <!-- a secret --> and rest", "Intro and rest"),
    ],
)
def test_comments_are_in_no_derived_text_and_more_ends_the_excerpt(make_post, body, shown):
    post = make_post(body=body)
    assert post.excerpt == shown
    document = SearchDocument.objects.get(post=post)
    assert not {"more", "secret"} & {*document.body.split()}
    assert "more" not in post.body_html and "secret" not in post.body_html
