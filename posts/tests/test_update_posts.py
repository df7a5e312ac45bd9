"""`manage.py update_posts` brings posts from an older version up to date, once."""

import hashlib
import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from content.directions import with_directions
from content.markup import RENDERER_VERSION, plain_text, render_comment, render_post
from posts import listing
from posts.discussion import commenting
from posts.management import derived
from posts.management.commands import rerender_posts
from posts.management.derived import VERSIONS
from posts.models import Comment, DerivedVersion, ListCount, Post, SearchDocument
from posts.search.documents import INDEX_VERSION
from posts.search.tokens import tokenize
from posts.tests.listings import counters, expect_right_numbers

RENDERING, INDEXING, COUNTING = (
    "Rendering posts, comments and biographies again",
    "Indexing posts for search",
    "Counting likes, comments and lists of posts",
)


def update() -> list[str]:
    output = StringIO()
    call_command("update_posts", stdout=output)
    return [line for line in output.getvalue().splitlines() if not line.startswith("Rendered 0")]


@pytest.fixture
def old_posts(make_post, reader):
    """Five posts, a comment and a biography, from a version without any derived data."""
    posts = [make_post(body=f"*word{number}*", tags="tea") for number in range(5)]
    commenting.add_comment(posts[0], reader, "*Said*", now=timezone.now())
    right = counters()
    Post.objects.update(body_html="", rendered_by=0, excerpt="", word_count=0, comment_count=0)
    Comment.objects.update(body_html="", rendered_by=0)
    User.objects.filter(username="reader").update(biography="*Me*", biography_html="")
    SearchDocument.objects.all().delete()
    ListCount.objects.all().delete()
    return posts, right


def test_a_version_has_a_readable_name():
    assert str(DerivedVersion(name="rendered", version="4")) == "rendered 4"


def expect_up_to_date(old_posts) -> None:
    posts, right = old_posts
    shown = Post.objects.order_by("pk").values_list("body_html", "excerpt")
    words = [f"word{number}" for number in range(5)]
    assert list(shown) == [(f'<p dir="auto"><em>{word}</em></p>\n', word) for word in words]
    assert Comment.objects.get().body_html == '<p dir="auto"><em>Said</em></p>\n'
    assert User.objects.get(username="reader").biography_html == "<p><em>Me</em></p>\n"
    assert list(SearchDocument.objects.order_by("pk").values_list("body", flat=True)) == words
    assert Post.objects.get(pk=posts[0].pk).comment_count == 1
    assert counters() == right
    expect_right_numbers()
    assert derived.outdated() == []


def test_posts_of_an_older_version_are_rendered_indexed_and_counted_once(old_posts):
    lines = update()
    assert [line for line in lines if not line.startswith("Rendered")] == [
        RENDERING,
        INDEXING,
        COUNTING,
    ]
    expect_up_to_date(old_posts)
    assert update() == []


def test_an_empty_blog_is_up_to_date_and_prints_nothing(db, author):
    assert update() == []
    assert derived.outdated() == []


def test_a_biography_alone_can_be_outdated(author):
    User.objects.update(biography="*Me*")
    assert RENDERING in update()
    assert User.objects.get().biography_html == "<p><em>Me</em></p>\n"


def test_a_blog_that_is_up_to_date_costs_three_queries(old_posts, django_assert_num_queries):
    update()
    with django_assert_num_queries(3):
        assert update() == []


@pytest.mark.parametrize(
    ("name", "steps"), [("rendered", RENDERING), ("indexed", INDEXING), ("counted", COUNTING)]
)
def test_only_data_of_another_version_is_computed_again(old_posts, name, steps):
    update()
    DerivedVersion.objects.filter(name=name).update(version="0")
    assert [line for line in update() if not line.startswith("Rendered")] == [steps]


@pytest.mark.parametrize("version", [RENDERER_VERSION + 1, RENDERER_VERSION - 1])
def test_rows_that_an_old_worker_saves_after_the_update_are_found_next_time(old_posts, version):
    update()
    post = Post.objects.earliest("pk")
    late = Post.objects.filter(pk=post.pk)
    late.update(body="*Late*", body_html="old", rendered_by=version)
    Comment.objects.update(body_html="old", rendered_by=version)
    assert update() == ["Rendered 2 posts and comments from an older version."]
    assert late.get().body_html == '<p dir="auto"><em>Late</em></p>\n'
    assert SearchDocument.objects.get(pk=post.pk).body == "late"
    assert Comment.objects.get().body_html == '<p dir="auto"><em>Said</em></p>\n'
    assert update() == []


def test_stale_rows_are_found_by_an_index(db):
    with CaptureQueriesContext(connection) as queries:
        list(derived.stale(Post.objects.all()).values_list("pk", flat=True)[:1])
    if connection.vendor == "sqlite":
        plan = connection.cursor().execute(f"EXPLAIN QUERY PLAN {queries[0]['sql']}").fetchall()
        assert not [row for row in plan if "SCAN" in row[-1]]


@pytest.mark.parametrize("name", ["indexed", "counted"])
def test_an_interrupted_pass_continues_where_it_was(old_posts, monkeypatch, name):
    monkeypatch.setattr(derived, "BATCH", 2)
    whole = derived.PASSES[name]
    done = []

    def work_on_two_batches(ids: list[int]) -> None:
        if len(done) == 4:
            raise KeyboardInterrupt
        whole(ids)
        done.extend(ids)

    monkeypatch.setitem(derived.PASSES, name, work_on_two_batches)
    with pytest.raises(KeyboardInterrupt):
        update()
    assert name in derived.outdated()

    def work_on(ids: list[int]) -> None:
        whole(ids)
        done.extend(ids)

    monkeypatch.setitem(derived.PASSES, name, work_on)
    update()
    assert done == [post.pk for post in old_posts[0]]
    expect_up_to_date(old_posts)


def test_interrupted_rendering_continues_where_it_was(old_posts, monkeypatch):
    monkeypatch.setattr(rerender_posts, "BATCH", 2)

    def stop(*arguments) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as cut_off:
        cut_off.setattr(rerender_posts, "render_biography", stop)
        cut_off.setattr(derived, "record_version", stop)
        with pytest.raises(KeyboardInterrupt):
            update()
    assert Post.objects.filter(rendered_by=RENDERER_VERSION).count() == 5
    Post.objects.filter(pk=old_posts[0][0].pk).update(excerpt="mine")
    update()
    assert Post.objects.earliest("pk").excerpt == "mine"


def test_a_pass_of_an_older_version_is_begun_again(old_posts):
    update()
    last = Post.objects.latest("pk").pk
    DerivedVersion.objects.filter(name="indexed").update(version="0", up_to=last)
    SearchDocument.objects.update(body="old")
    update()
    expect_up_to_date(old_posts)


def test_a_text_that_is_saved_while_it_is_rendered_stays(make_post):
    post = make_post(body="*Old*")
    Post.objects.update(rendered_by=0)
    kind = rerender_posts.RENDERED[0]
    (batch,) = [list(kind.rows)]
    saved = {"body": "*New*", "version": post.version + 1}
    Post.objects.filter(pk=post.pk).update(**saved, body_html="new", rendered_by=1)
    for row in batch:
        kind.render(row)
    rerender_posts.save_unchanged(batch, kind)
    assert Post.objects.get().body_html == "new"


def test_the_sample_blog_needs_no_update(db, small_sample):
    call_command("seed_demo", posts=3, users=2, stdout=StringIO())
    assert derived.outdated() == []


# Versions ------------------------------------------------------------------------------------

SAMPLE = """# One *title*

Text with **bold**, ~~struck~~, `code`, <kbd>Ctrl</kbd>, a [link](https://example.org "t"), https://example.com/a_b
and a footnote.[^1]

![Alt](/media/images/a-100x50-123.webp)

> Quoted
> twice

- [ ] open
- [x] done
  1. one

| a | b |
|---|--:|
| 1 | 2 |

```python
def f(x: int) -> str:
    return f"{x}"  # why
```

    indented

<details><summary>More</summary>

Inside

</details>
<script>alert(1)</script>

Ünïcode 日本語 สวัสดี ﷺ № Ⓐ

[^1]: The note.
"""


def digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:16]


def test_a_version_is_raised_if_derived_data_changes():
    """This fails if the same text results in different HTML or tokens, but no version was raised.

    If it does, raise RENDERER_VERSION in content/markup.py or INDEX_VERSION in
    posts/search/documents.py, and enter the new version and its digest here.
    """
    html = str(with_directions(render_post(SAMPLE)))
    rendered = digest([html, str(with_directions(render_comment(SAMPLE)))])
    tokens = digest([tokenize(plain_text(html)), tokenize(SAMPLE)])
    assert (RENDERER_VERSION, rendered) == (9, "11e5575176b34329")
    assert (INDEX_VERSION, tokens) == (2, "dd1e9444bc7fa70f")
    assert VERSIONS["counted"] == str(listing.COUNT_VERSION)
