"""Commands that bring derived data up to date: rendered bodies and list counters."""

from dataclasses import replace
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from content.markup import RENDERER_VERSION
from posts import listing
from posts.discussion import liking
from posts.management.commands import recount_posts, rerender_posts
from posts.models import Comment, ListCount, Post, Tag, Tagging
from posts.tests.listings import counters, expect_right_numbers
from posts.writing.publishing import RENDERED_FIELDS


def run(command: str) -> str:
    output = StringIO()
    call_command(command, stdout=output)
    return output.getvalue()


def said(posts: int, comments: int = 0, biographies: int = 0) -> str:
    counts = {"posts": posts, "comments": comments, "biographies": biographies}
    return "".join(f"Rendered {number} {name} again.\n" for name, number in counts.items())


@pytest.fixture
def old_posts(make_post):
    """Five posts from an older renderer, and one that is up to date."""
    posts = [make_post(body=f"*word {number}*", tags="tea") for number in range(6)]
    old = Post.objects.filter(pk__in=[post.pk for post in posts[:5]])
    old.update(body_html="old", rendered_by=0, excerpt="old", word_count=99)
    Post.objects.filter(pk=posts[5].pk).update(body_html="mine", word_count=7)
    return posts


def test_only_old_rows_are_rendered_again(old_posts):
    assert run("rerender_posts") == said(5)
    for number, post in enumerate(Post.objects.order_by("pk")[:5]):
        assert post.body_html == f'<p dir="auto"><em>word {number}</em></p>\n'
        assert (post.excerpt, post.word_count) == (f"word {number}", 2)
        assert post.rendered_by == RENDERER_VERSION
    assert Post.objects.get(pk=old_posts[5].pk).body_html == "mine"
    assert run("rerender_posts") == said(0)


def test_nothing_else_of_a_post_changes(old_posts):
    kept = [f.attname for f in Post._meta.concrete_fields if f.attname not in RENDERED_FIELDS]
    before = list(Post.objects.order_by("pk").values(*kept))
    numbers = counters()
    run("rerender_posts")
    assert list(Post.objects.order_by("pk").values(*kept)) == before
    assert counters() == numbers


def test_rows_of_a_newer_renderer_are_rendered_by_this_one(make_post):
    make_post()
    Post.objects.update(rendered_by=RENDERER_VERSION + 1)
    assert run("rerender_posts") == said(1)
    assert Post.objects.get().rendered_by == RENDERER_VERSION


def test_rows_are_rendered_in_batches_that_survive_an_interruption(old_posts, monkeypatch):
    monkeypatch.setattr(rerender_posts, "BATCH", 2)
    first, *others = rerender_posts.RENDERED
    seen = []

    def stop_at_the_third(post: Post) -> None:
        seen.append(post.pk)
        if len(seen) == 3:
            raise KeyboardInterrupt
        first.render(post)

    kinds = [replace(first, render=stop_at_the_third), *others]
    monkeypatch.setattr(rerender_posts, "RENDERED", kinds)
    with pytest.raises(KeyboardInterrupt):
        run("rerender_posts")
    assert Post.objects.exclude(rendered_by=RENDERER_VERSION).count() == 3
    assert run("rerender_posts") == said(3)
    assert seen == [post.pk for post in [*old_posts[:3], *old_posts[2:5]]]


def test_batches_go_on_by_key(old_posts, monkeypatch):
    monkeypatch.setattr(rerender_posts, "BATCH", 1)
    with CaptureQueriesContext(connection) as queries:
        assert run("rerender_posts") == said(5)
    assert not [query for query in queries if "OFFSET" in query["sql"]]


def test_old_comments_are_rendered_too(make_comment):
    make_comment("*One*"), make_comment("*Two*")
    Comment.objects.filter(body="*One*").update(body_html="old", rendered_by=0)
    Comment.objects.filter(body="*Two*").update(body_html="mine")
    assert run("rerender_posts") == said(0, 1)
    html = Comment.objects.order_by("pk").values_list("body_html", flat=True)
    assert list(html) == ['<p dir="auto"><em>One</em></p>\n', "mine"]


def test_biographies_are_rendered_too(author, reader):
    User.objects.filter(pk=author.pk).update(biography="*One*", biography_html="old")
    assert run("rerender_posts") == said(0, 0, 1)
    html = User.objects.order_by("pk").values_list("biography_html", flat=True)
    assert list(html) == ["<p><em>One</em></p>\n", ""]


def test_an_empty_blog_has_nothing_to_render(db):
    assert run("rerender_posts") == said(0)


def test_drifted_counts_are_repaired(old_posts):
    listing.recount_all()
    right = counters()
    ListCount.objects.update(published_count=40)
    ListCount.objects.create(scope="author:999999", published_count=3)
    Tag.objects.update(published_count=0)
    assert run("recount_posts") == "Counted again. 0 posts had wrong counts of likes or comments.\n"
    assert {scope: number for scope, number in counters().items() if number} == right
    expect_right_numbers()


def test_likes_and_comments_that_drifted_are_counted_again(
    old_posts, make_user, make_comment, monkeypatch
):
    monkeypatch.setattr(recount_posts, "BATCH", 2)
    post, other = old_posts[:2]
    for number in range(3):
        liking.like(post, make_user(f"reader{number}"))
        make_comment(f"Seen by {number}.", post=post)
    make_comment("Waits.", post=other, status=Comment.Status.WAITING)
    Post.objects.filter(pk=post.pk).update(like_count=9, comment_count=0)
    Post.objects.filter(pk=other.pk).update(comment_count=7)
    assert run("recount_posts") == "Counted again. 2 posts had wrong counts of likes or comments.\n"
    counted = Post.objects.order_by("pk")[:3]
    assert [(p.like_count, p.comment_count) for p in counted] == [(3, 3), (0, 0), (0, 0)]


def test_recounting_sets_lists_without_posts_to_zero(old_posts):
    for table in (Post, Tagging):
        table.objects.update(status=Post.Status.DRAFT)
    run("recount_posts")
    assert set(counters().values()) == {0}


def test_counting_an_empty_blog_is_fine(db, client):
    run("recount_posts")
    assert client.get("/").status_code == 200
