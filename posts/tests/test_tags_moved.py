"""Tags that are merged, renamed or deleted while another request uses them."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.utils import timezone

from posts import tagging
from posts.admin.tags import MOVED
from posts.models import Post, SearchDocument, Tag
from posts.search import find
from posts.tests.meanwhile import meanwhile
from posts.writing import publishing
from posts.writing.edit import Edit

LOCK_TAGS = 'ORDER BY "posts_tag"."id" ASC'
READ_POST = 'FROM "posts_post" WHERE "posts_post"."id" = %s ORDER BY'
CHANGELIST = "/admin/posts/tag/"


@pytest.fixture
def moderating(client_of):
    return client_of("moderator")


@contextmanager
def renamed_meanwhile() -> Iterator[None]:
    """Rename a tag after it was read and before it is locked.

    The rollback undoes this rename, so it is repeated during the retry.
    """

    def rename() -> None:
        tagging.rename_tag(Tag.objects.get(key="one"), "three")

    with meanwhile(rename, before=LOCK_TAGS), meanwhile(rename, before=READ_POST, skip=1):
        yield


def test_a_post_gets_its_typed_tags_even_if_one_is_renamed_meanwhile(make_post):
    draft = make_post(tags="one, two", status=Post.Status.DRAFT, publish_at=None)
    with renamed_meanwhile():
        publishing.publish(draft, Edit(timezone.now(), tags=["one", "two"]))
    assert [tag.name for tag in Post.objects.get().tag_list] == ["one", "two"]
    assert dict(Tag.objects.values_list("name", "published_count")) == {
        "one": 1,
        "two": 1,
        "three": 0,
    }


def test_a_new_post_is_saved_once_even_if_its_tag_moves_meanwhile(make_post, author):
    make_post(tags="one")
    new = Post(author=author, title="New")
    with meanwhile(Tag.objects.all().delete, before=LOCK_TAGS):
        publishing.publish(new, Edit(timezone.now(), tags=["one"]))
    assert [tag.name for tag in Post.objects.get(title="New").tag_list] == ["one"]
    assert (new.version, new.revisions.count(), Tag.objects.get().published_count) == (1, 1, 2)


def test_a_post_that_is_moved_keeps_a_tag_that_is_renamed_meanwhile(make_post):
    post = make_post(tags="one, two")
    with renamed_meanwhile():
        publishing.trash_post(post, now=timezone.now())
    assert [tag.name for tag in Post.objects.get().tag_list] == ["three", "two"]


def test_deleting_a_post_lowers_the_count_of_a_merged_tag(make_post):
    post, kept = make_post(tags="one"), make_post(tags="two")

    def merge() -> None:
        tagging.merge_tags(Tag.objects.get(key="one"), into=Tag.objects.get(key="two"))

    with meanwhile(merge, before=LOCK_TAGS), meanwhile(merge, before=READ_POST, skip=1):
        publishing.delete_post(post)
    assert Post.objects.get() == kept
    assert Tag.objects.get().published_count == 1


def test_a_name_that_is_taken_meanwhile_is_reported(make_post):
    make_post(tags="one")
    twin = Tag(name="two", key="two", slug="two-2")
    with (
        pytest.raises(tagging.TagsMoved),
        meanwhile(twin.save, before='UPDATE "posts_tag"'),
    ):
        tagging.rename_tag(Tag.objects.get(), "two")


def test_the_admin_says_that_a_tag_was_deleted_while_its_form_was_sent(moderating, make_post):
    tag = Tag.objects.get(pk=make_post(tags="one").tag_list[0].pk)
    asking = 'WHERE "posts_tag"."id" = %s'
    with meanwhile(tag.delete, before=asking, skip=1):
        page = moderating.post(f"{CHANGELIST}{tag.pk}/change/", {"name": "two"}, follow=True)
    assert str(MOVED) in page.text
    assert Tag.objects.get().name == "one"


@pytest.mark.parametrize("gone", [0, 1])
def test_the_admin_says_that_a_tag_was_deleted_while_some_are_merged(moderating, make_post, gone):
    make_post(tags="one, two")
    tags = list(Tag.objects.order_by("pk"))
    data = {"action": "merge_tags", "_selected_action": [tag.pk for tag in tags]}
    with meanwhile(tags[gone].delete, before=LOCK_TAGS):
        page = moderating.post(CHANGELIST, data, follow=True)
    assert str(MOVED) in page.text


def test_new_text_is_found_even_if_its_tag_is_renamed_meanwhile(make_post):
    post = make_post(tags="one")
    post.body = "bread"
    with renamed_meanwhile():
        publishing.update(post, Edit(timezone.now()))
    assert find("bread tag:three", now=timezone.now()).ids == [post.pk]


def test_text_that_is_saved_while_a_tag_is_renamed_is_found(make_post):
    post = make_post(tags="one, two", body="bread")

    def save() -> None:
        SearchDocument.objects.filter(pk=post.pk).update(body="butter")

    with meanwhile(save, before='UPDATE "posts_searchdocument"'):
        tagging.rename_tag(Tag.objects.get(key="one"), "three")
    assert find("butter three", now=timezone.now()).ids == [post.pk]
    assert find('"three two"', now=timezone.now()).ids == []
