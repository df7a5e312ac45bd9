"""What a page costs in queries, and that more rows cost no more."""

import pytest
from django.utils import timezone

from posts.models import Post

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
    return request.param


@pytest.mark.parametrize("rows", ROWS, indirect=True)
@pytest.mark.parametrize(
    ("visitor", "queries"),
    # Count and page; for a visitor who is logged in, session and user before them.
    [("anonymous", 2), ("reader", 4)],
)
@pytest.mark.parametrize("path", ["/"])
def test_lists(client_of, rows, django_assert_num_queries, path, visitor, queries):
    client = client_of(visitor)
    with django_assert_num_queries(queries):
        assert client.get(path).status_code == 200


@pytest.mark.parametrize("rows", ROWS, indirect=True)
@pytest.mark.parametrize(("visitor", "queries"), [("anonymous", 1), ("reader", 3), ("author", 3)])
def test_detail(client_of, rows, post, django_assert_num_queries, visitor, queries):
    client = client_of(visitor)
    with django_assert_num_queries(queries):
        assert client.get(post.get_absolute_url()).status_code == 200


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
    # Session and user; the post where there is one; its row; the message into the session, in a
    # transaction of its own, which is three statements here.
    [("/create/", {"title": "t"}, 6), ("/{pk}/update/", {"title": "t"}, 7)],
)
def test_writing(client_of, post, django_assert_num_queries, path, data, queries):
    client = client_of("author")
    with django_assert_num_queries(queries):
        assert client.post(path.format(pk=post.pk), data).status_code == 302
