"""Prepared queries return the same rows as the querysets that they were made from."""

from threading import Thread

import pytest
from django.db.models import BigIntegerField, CharField, Exists, OuterRef

from content.prepared import Parameter, Prepared
from posts.models import Like, Post

PK = Parameter("pk", BigIntegerField())
TITLE = Parameter("title", CharField())


def liked_posts():
    likes = Like.objects.filter(post=OuterRef("pk"))
    posts = Post.objects.select_related("author").filter(pk=PK, title=TITLE)
    return posts.only("title", "publish_at", "author__username").annotate(is_liked=Exists(likes))


@pytest.fixture
def query() -> Prepared:
    return Prepared(liked_posts)


def test_each_call_has_its_own_values(query, make_post, author, django_assert_num_queries):
    ada = make_post(title="Ada")
    Like.objects.create(post=ada, user=author)
    bea = make_post(title="Bea")
    with django_assert_num_queries(2):
        found = [query.first(pk=post.pk, title=post.title) for post in (ada, bea)]
        assert found == [ada, bea]
        assert [post.is_liked for post in found] == [True, False]
        assert [post.author.username for post in found] == ["author", "author"]
        assert [post.publish_at for post in found] == [ada.publish_at, bea.publish_at]
    assert query.first(pk=ada.pk, title="Bea") is None


def test_a_number_that_no_column_can_contain_finds_nothing(query, make_post):
    post = make_post(title="Ada")
    assert query.first(pk=2**63, title="Ada") is None
    assert query.first(pk=post.pk, title="Ada") == post


def test_a_query_that_another_thread_compiled_uses_the_connection_of_this_one(query, make_post):
    thread = Thread(target=query.compile, args=["default"])
    thread.start()
    thread.join()
    post = make_post(title="Ada")
    assert query.first(pk=post.pk, title="Ada") == post


def test_compiling_does_not_change_the_query_that_other_threads_compile(query):
    before = dict(query.make().query.alias_map)
    assert "INNER JOIN" in query.compile("default")[1]
    assert query.make().query.alias_map == before
