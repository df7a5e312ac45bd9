"""Query budgets: each page takes a fixed number of queries, however many rows there are."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from accounts import unsaved_text
from accounts.models import User
from posts import listing, search
from posts.discussion import commenting, moderation
from posts.discussion.threads import COMMENTS_PER_PAGE
from posts.models import Post, Revision, Tag, Tagging
from posts.writing.my_posts import ROWS_PER_PAGE

ROWS = [5, 50]


@pytest.fixture
def make_people(db):
    """Return a function that creates users who can't log in, in one query."""

    def make(name: str, number: int) -> list[User]:
        names = [f"{name}{n}" for n in range(number)]
        return User.objects.bulk_create(User(username=n, username_key=n) for n in names)

    return make


@pytest.fixture
def rows(request, make_people):
    """Create `param` posts, each by a different author."""
    now = timezone.now()
    authors = make_people("author", request.param)
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
    listing.recount_all()
    return request.param


@pytest.mark.parametrize("rows", ROWS, indirect=True)
@pytest.mark.parametrize(
    ("visitor", "queries"),
    # Count, positions, posts and tags. If the visitor is logged in, first the session.
    [("anonymous", 4), ("reader", 5)],
)
@pytest.mark.parametrize("path", ["/"])
def test_lists(client_of, rows, django_assert_num_queries, path, visitor, queries):
    client = client_of(visitor)
    with django_assert_num_queries(queries):
        assert client.get(path).status_code == 200


@pytest.mark.parametrize("rows", ROWS, indirect=True)
@pytest.mark.parametrize(
    ("visitor", "queries"),
    # The matching ids, their posts and tags. If the visitor is logged in, first the session.
    [("anonymous", 3), ("reader", 4)],
)
@pytest.mark.parametrize(
    ("question", "more"),
    # Two more queries: the tags that the search names, and how far back to look if it excludes
    # something.
    [("body", 0), ('bod "body" -x author:author1 -tag:x', 2)],
)
def test_search(client_of, rows, django_assert_num_queries, question, more, visitor, queries):
    search.index_posts(list(Post.objects.all()))
    client = client_of(visitor)
    with django_assert_num_queries(queries + more):
        assert client.get("/", {"q": question}).status_code == 200


@pytest.mark.parametrize("rows", ROWS, indirect=True)
@pytest.mark.parametrize(
    ("visitor", "queries"),
    # The visibility check, the post, its tags, the previous post, the next one, more by its author,
    # and its comments. If the visitor is logged in, first the session.
    [("anonymous", 7), ("reader", 8), ("author", 8)],
)
def test_detail(client_of, rows, post, django_assert_num_queries, visitor, queries):
    client = client_of(visitor)
    with django_assert_num_queries(queries):
        assert client.get(post.get_absolute_url()).status_code == 200


@pytest.fixture
def hundred_comments(post, make_people):
    """Add a full page of comments, each by a different writer, and one for the next page."""
    now = timezone.now()
    for number, writer in enumerate(make_people("writer", COMMENTS_PER_PAGE + 1)):
        parent_pk = post.comments.last().pk if number % 3 else None
        commenting.add_comment(post, writer, "words", parent_pk=parent_pk, now=now)


def test_detail_with_a_hundred_comments(
    client_of, hundred_comments, post, django_assert_num_queries
):
    # As above. A moderator's permissions take two more.
    budgets = {"anonymous": 7, "reader": 8, "author": 8, "moderator": 10}
    for visitor, queries in budgets.items():
        client = client_of(visitor)
        with django_assert_num_queries(queries, info=visitor):
            page = client.get(post.get_absolute_url()).text
        assert page.count('<li class="comment') == COMMENTS_PER_PAGE


@pytest.mark.parametrize(
    ("path", "data", "queries"),
    # Like: session with its user, post, count and row. Comment: session and post; in a savepoint
    # its writer's row; the check for a duplicate, the comment, its path and the count; its position
    # in the thread.
    [("/{pk}/like/", {}, 4), ("/{pk}/comments/", {"body": "words"}, 10)],
)
def test_taking_part(
    client_of, hundred_comments, post, django_assert_num_queries, path, data, queries
):
    client = client_of("reader")
    with django_assert_num_queries(queries):
        assert client.post(path.format(pk=post.pk), data).status_code == 302


def test_publishing_with_known_tags(client_of, make_post, django_assert_max_num_queries):
    make_post(tags="a, b, c, d, e")
    client = client_of("author")
    fields = {"title": "t", "body": "words " * 2_000, "tags": "a, b, c, d, e", "action": "publish"}
    with django_assert_max_num_queries(14):
        assert client.post("/create/", fields).status_code == 302


@pytest.mark.parametrize("rule", ["links", "first", "all"])
def test_a_comment_whose_approval_depends_on_earlier_ones(
    client_of, reader, post, make_post, set_site, django_assert_num_queries, rule
):
    set_site(comment_approval="none")
    commenting.add_comment(make_post(), reader, "words", now=timezone.now())
    set_site(comment_approval=rule)
    client, links = client_of("reader"), " https://a.example https://b.example https://c.example"
    # As above, with the writer's row.
    with django_assert_num_queries(10):
        client.post(f"/{post.pk}/comments/", {"body": links})
    assert post.comments.get().is_approved == (rule != "all")


def test_replying(client_of, hundred_comments, post, django_assert_num_queries):
    parent, client = post.comments.last(), client_of("reader")
    # As above, with the parent instead of the writer's row.
    with django_assert_num_queries(10):
        client.post(f"/{post.pk}/comments/", {"body": "words", "parent": parent.pk})
    assert post.comments.get(body="words", author__username="reader").parent == parent


def test_queues(client_of, hundred_comments, reader, moderator, post, django_assert_num_queries):
    now = timezone.now()
    for number, comment in enumerate(post.comments.all()[:20]):
        commenting.report_comment(comment, reader)
        if number % 2:
            moderation.hide(comment, moderator, now=now)
    client = client_of("moderator")
    queues = ("comment/", "comment/?reported=yes", "commentreport/", "moderationentry/")
    for queue in queues:
        # The session with its user, two for permissions; the newest id, the count and the page.
        with django_assert_num_queries(6, info=queue):
            assert client.get(f"/admin/posts/{queue}").status_code == 200


@pytest.mark.parametrize("rows", ROWS, indirect=True)
@pytest.mark.parametrize(
    ("path", "queries"),
    [
        # The same queries as for the queues above.
        ("/admin/posts/post/", 6),
        # As above, plus the results of the search before these.
        ("/admin/posts/post/?q=title", 7),
        ("/admin/posts/post/?author=author1", 6),
        ("/admin/accounts/user/", 6),
    ],
)
def test_lists_in_the_admin(client_of, rows, django_assert_num_queries, path, queries):
    search.index_posts(list(Post.objects.all()))
    client = client_of("moderator")
    with django_assert_num_queries(queries):
        assert client.get(path).status_code == 200


@pytest.mark.parametrize(
    ("path", "data", "queries"),
    # The session with its user; the post if it exists; its row, lists, counters, search document
    # and revisions (also a first one if it has none); its unsaved text. New tags are looked up and
    # created.
    [
        ("/create/", {"title": "t"}, 9),
        ("/create/", {"title": "t", "tags": "a, b, c, d, e"}, 14),
        ("/{pk}/update/", {"title": "t"}, 13),
    ],
)
def test_writing(client_of, post, django_assert_num_queries, path, data, queries):
    client = client_of("author")
    writer = unsaved_text.sign(unsaved_text.Writer(post.author_id, unsaved_text.new_form_id()))
    with django_assert_num_queries(queries):
        response = client.post(path.format(pk=post.pk), data | {unsaved_text.WRITER: writer})
    assert response.status_code == 302


@pytest.fixture
def edits(client_of, author, make_post):
    """Create a draft with an autosave, and return the form that continues from it."""
    make_post(title="The first of its author, which makes the counter")
    client = client_of("author")
    typed = {"title": "t", "body": "words", "tags": "a, b, c, d, e"}
    client.post("/create/", typed | {"action": "draft"})
    draft = Post.objects.latest("pk")
    form = typed | {"version": draft.version, "edit_session": "one"}
    path = f"/{draft.pk}/autosave/"
    saved = client.post(path, form | {"body": "more words"}).json()
    writer = unsaved_text.sign(unsaved_text.Writer(author.pk, unsaved_text.new_form_id()))
    return form | {"version": saved["version"], "action": "publish", unsaved_text.WRITER: writer}


@pytest.mark.parametrize(
    ("tags", "queries"),
    # The session with its user, and the post; in a savepoint its row and tag assignments; its
    # locked tags, after new ones were looked up and created; new assignments; the post and its
    # revision; counters of lists; the search document; the unsaved text of this form.
    [("a, b, c, d, e", 16), ("f, g, h, i, j", 19)],
)
def test_publishing_an_autosaved_draft(client, edits, django_assert_num_queries, tags, queries):
    draft = Post.objects.latest("pk")
    with django_assert_num_queries(queries):
        response = client.post(f"/{draft.pk}/update/", edits | {"tags": tags})
    assert response.status_code == 302
    draft.refresh_from_db()
    assert draft.is_listed(timezone.now())


@pytest.mark.parametrize("days", [(), (40, 35), (40, 40, 35)])
def test_publishing_a_draft_of_more_than_a_month(client, edits, django_assert_num_queries, days):
    draft, now = Post.objects.latest("pk"), timezone.now()
    Post.objects.filter(pk=draft.pk).update(created_at=now - timedelta(days=60))
    draft.revisions.update(number=F("number") + len(days))
    Revision.objects.bulk_create(
        Revision(post=draft, number=number, saved_at=now - timedelta(days=age))
        for number, age in enumerate(days, 1)
    )
    # As above, because old revisions are removed only by a later change.
    with django_assert_num_queries(19):
        client.post(f"/{draft.pk}/update/", edits | {"tags": "f, g, h, i, j"})
    draft.refresh_from_db()
    assert draft.is_listed(now + timedelta(minutes=1))


@pytest.mark.parametrize("number", [2, 120])
@pytest.mark.parametrize(
    ("path", "queries"),
    [
        # The session with its user, and the post; the newest revision and tags, for unsaved edits;
        # count and page, the revision that readers see, and the two that are compared; texts and
        # bodies, to describe the changes of each revision.
        ("/{pk}/history/", 10),
        # The session and the post; the revision, the previous one, the newest one and tags.
        ("/{pk}/history/2/", 6),
    ],
)
def test_history(client_of, post, django_assert_num_queries, number, path, queries):
    now, author = timezone.now(), post.author
    post.revisions.bulk_create(
        Revision(
            post=post,
            number=n,
            saved_at=now,
            saved_by=author,
            body="words",
            is_autosave=n == number,
        )
        for n in range(1, number + 1)
    )
    client = client_of("author")
    with django_assert_num_queries(queries):
        assert client.get(path.format(pk=post.pk)).status_code == 200


@pytest.fixture
def own_rows(request, author, make_post):
    """Create `param` posts of one author in each state, with tags, revisions and unsaved edits."""
    now, later = timezone.now(), timezone.now() + timedelta(days=9)
    states = [
        {"status": Post.Status.DRAFT},
        {"status": Post.Status.PUBLISHED, "publish_at": later},
        {"status": Post.Status.PUBLISHED, "publish_at": now},
        {"status": Post.Status.HIDDEN, "publish_at": now},
        {"status": Post.Status.TRASH, "trashed_at": now, "trashed_from": "draft"},
    ]
    posts = Post.objects.bulk_create(
        Post(author=author, title=f"Title {number}", slug=f"title-{number}", **fields)
        for number in range(request.param)
        for fields in states
    )
    tag = Tag.objects.create(name="Tea", key="tea", slug="tea")
    Tagging.objects.bulk_create(
        Tagging(post=post, tag=tag, position=0, status=post.status, publish_at=post.publish_at)
        for post in posts
    )
    Revision.objects.bulk_create(
        Revision(post=post, number=1, saved_at=now, is_autosave=True) for post in posts
    )
    listing.recount_all()
    return request.param


@pytest.mark.parametrize("own_rows", [3, 150], indirect=True)
def test_my_posts(client_of, own_rows, django_assert_max_num_queries):
    client = client_of("author")
    queries = [
        f"?state={state}{rest}"
        for state in ("draft", "scheduled", "published", "hidden", "trash")
        for rest in ("", "&find=title", "&find=zebra")
    ]
    for query in queries:
        with django_assert_max_num_queries(10):
            assert client.get(f"/mine/{query}").status_code == 200
    # A page by its number.
    with django_assert_max_num_queries(10):
        last = -(-own_rows // ROWS_PER_PAGE)
        assert client.get(f"/mine/?state=published&page={last}").status_code == 200
