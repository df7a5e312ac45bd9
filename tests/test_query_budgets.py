"""What a page costs in queries, and that more rows cost no more."""

import pytest
from django.utils import timezone

from posts import discussion, listing, moderation, search
from posts.models import Post
from posts.views.thread import COMMENTS_PER_PAGE

ROWS = [5, 50]


@pytest.fixture
def rows(request, make_user, make_post):
    """So many posts, each by an author of its own."""
    now = timezone.now()
    authors = [make_user(f"author{number}") for number in range(request.param)]
    Post.objects.bulk_create(
        Post(
            author=author,
            title=f"Title {number}",
            slug=f"title-{number}",
            body="body",
            status=Post.Status.PUBLISHED,
            publish_at=now,
        )
        for number, author in enumerate(authors)
    )
    listing.rebuild_all()
    return request.param


@pytest.mark.parametrize("rows", ROWS, indirect=True)
@pytest.mark.parametrize(
    ("visitor", "queries"),
    # Count, places, posts and tags; for a visitor who is logged in, session and user before them.
    [("anonymous", 4), ("reader", 6)],
)
@pytest.mark.parametrize("path", ["/"])
def test_lists(client_of, rows, django_assert_num_queries, path, visitor, queries):
    client = client_of(visitor)
    with django_assert_num_queries(queries):
        assert client.get(path).status_code == 200


@pytest.mark.parametrize("rows", ROWS, indirect=True)
@pytest.mark.parametrize(
    ("visitor", "queries"),
    # The ids found, their posts and tags; for a visitor who is logged in, session and user.
    [("anonymous", 3), ("reader", 5)],
)
@pytest.mark.parametrize("question", ["body", 'bod "body" -x author:author1 -tag:x'])
def test_search(client_of, rows, django_assert_num_queries, question, visitor, queries):
    search.index_posts(list(Post.objects.all()))
    client = client_of(visitor)
    with django_assert_num_queries(queries):
        assert client.get("/", {"q": question}).status_code == 200


@pytest.mark.parametrize("rows", ROWS, indirect=True)
@pytest.mark.parametrize(
    ("visitor", "queries"),
    # The post, its tags, the one before, the one after, more by its author, comments; for a
    # visitor who is logged in, session and user before them.
    [("anonymous", 6), ("reader", 8), ("author", 8)],
)
def test_detail(client_of, rows, post, django_assert_num_queries, visitor, queries):
    client = client_of(visitor)
    with django_assert_num_queries(queries):
        assert client.get(post.get_absolute_url()).status_code == 200


@pytest.fixture
def hundred_comments(post, make_user):
    """As many as a page shows, each by a writer of its own, and one for the next page."""
    now = timezone.now()
    writers = [make_user(f"writer{number}") for number in range(COMMENTS_PER_PAGE + 1)]
    for number, writer in enumerate(writers):
        parent = post.comments.last() if number % 3 else None
        discussion.add_comment(post, writer, "words", parent=parent, now=now)


@pytest.mark.parametrize(
    ("visitor", "queries"),
    # As above; a moderator's permissions are two more.
    [("anonymous", 6), ("reader", 8), ("author", 8), ("moderator", 10)],
)
def test_detail_with_a_hundred_comments(
    client_of, hundred_comments, post, django_assert_num_queries, visitor, queries
):
    client = client_of(visitor)
    with django_assert_num_queries(queries):
        page = client.get(post.get_absolute_url()).text
    assert page.count('<li class="comment') == COMMENTS_PER_PAGE


@pytest.mark.parametrize(
    ("path", "data", "queries"),
    # Session, user and post; then the row in its transactions and the count, for a comment also
    # its path and its place in the thread.
    [("/{pk}/like/", {}, 10), ("/{pk}/comments/", {"body": "words"}, 9)],
)
def test_taking_part(
    client_of, hundred_comments, post, django_assert_num_queries, path, data, queries
):
    client = client_of("reader")
    with django_assert_num_queries(queries):
        assert client.post(path.format(pk=post.pk), data).status_code == 302


@pytest.mark.parametrize(
    ("path", "queries"),
    # Session, user, two for permissions; then count and page.
    [
        ("/admin/posts/comment/", 6),
        ("/admin/posts/comment/?reported=yes", 6),
        ("/admin/posts/commentreport/", 6),
        ("/admin/posts/moderationentry/", 6),
    ],
)
def test_queues(
    client_of, hundred_comments, reader, moderator, post, django_assert_num_queries, path, queries
):
    now = timezone.now()
    for number, comment in enumerate(post.comments.all()[:20]):
        discussion.report_comment(comment, reader)
        if number % 2:
            moderation.hide(comment, moderator, now=now)
    client = client_of("moderator")
    with django_assert_num_queries(queries):
        assert client.get(path).status_code == 200


@pytest.mark.parametrize("rows", ROWS, indirect=True)
@pytest.mark.parametrize(
    ("path", "queries"),
    [
        # Session, user, two for permissions; then count and page.
        ("/admin/posts/post/", 6),
        ("/admin/posts/post/?q=title", 6),
        ("/admin/posts/post/?author=author1", 6),
        ("/admin/accounts/user/", 6),
    ],
)
def test_admin_lists(client_of, rows, django_assert_num_queries, path, queries):
    client = client_of("moderator")
    with django_assert_num_queries(queries):
        assert client.get(path).status_code == 200


@pytest.mark.parametrize(
    ("path", "data", "queries"),
    # Session and user; the post where there is one; its row, lists, counters and words to search.
    [("/create/", {"title": "t"}, 14), ("/{pk}/update/", {"title": "t"}, 12)],
)
def test_writing(client_of, post, django_assert_num_queries, path, data, queries):
    client = client_of("author")
    with django_assert_num_queries(queries):
        assert client.post(path.format(pk=post.pk), data).status_code == 302
