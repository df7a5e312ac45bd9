"""Comment threads: order, depth, replies, placeholders and pages."""

import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urljoin

import pytest
from django.db import connections
from django.utils import timezone

from accounts.models import User
from posts.discussion import commenting
from posts.discussion.threads import COMMENTS_PER_PAGE
from posts.models import COMMENT_MAX_DEPTH, PATH_STEP, Comment, Post
from posts.tests.meanwhile import meanwhile


def shown(page: str) -> list[tuple[int, int]]:
    """Return the depth and id of each comment on the page, in order."""
    found = re.findall(r'<li class="comment depth-(\d)[^"]*"\s+id="comment-(\d+)">', page)
    return [(int(depth), int(pk)) for depth, pk in found]


def counted(post: Post) -> int:
    return Post.objects.get(pk=post.pk).comment_count


# Order and depth


def test_replies_are_below_their_parent_in_the_order_of_arrival(client, post, make_comment):
    first, second = make_comment("First."), make_comment("Second.")
    late_reply = make_comment("Late.", parent=first)
    reply_to_reply = make_comment(parent=late_reply)
    later_still = make_comment("Later still.", parent=first)
    assert shown(client.get(post.get_absolute_url()).text) == [
        (0, first.pk),
        (1, late_reply.pk),
        (2, reply_to_reply.pk),
        (1, later_still.pk),
        (0, second.pk),
    ]


def test_a_path_is_twelve_digits_for_each_level(make_comment):
    comment = None
    for depth in range(COMMENT_MAX_DEPTH):
        above = comment.path if comment else ""
        comment = make_comment(parent=comment)
        assert comment.path == f"{above}{comment.pk:012}"
        assert (comment.depth, comment.is_beside_its_parent) == (depth, False)


def test_replies_to_the_deepest_are_beside_it_and_say_so(client, post, make_comment):
    deepest = None
    for _ in range(COMMENT_MAX_DEPTH):
        deepest = make_comment(parent=deepest)
    reply = make_comment(parent=deepest)
    assert reply.parent == deepest
    assert reply.depth == deepest.depth == COMMENT_MAX_DEPTH - 1
    assert reply.is_beside_its_parent
    page = client.get(post.get_absolute_url()).text
    assert shown(page)[-2:] == [(3, deepest.pk), (3, reply.pk)]
    assert page.count(f'<a href="#comment-{deepest.pk}">in reply to an earlier comment</a>') == 1


# Replying


def test_the_form_is_below_the_comment_that_is_replied_to(client_of, post, make_comment, author):
    first, second = make_comment("First.", author=author), make_comment("Second.")
    client = client_of("reader")
    page = client.get(post.get_absolute_url()).text
    assert f'href="{post.get_absolute_url()}?reply={first.pk}#comment-form"' in page
    page = client.get(f"{post.get_absolute_url()}?reply={first.pk}").text
    assert page.count('id="comment-form"') == 1
    place = page.index('id="comment-form"')
    assert page.index(f'id="comment-{first.pk}"') < place < page.index(f'id="comment-{second.pk}"')
    assert "Your reply to author" in page
    assert f'name="parent" value="{first.pk}"' in page


def test_a_reply_is_added_below_its_parent(client_of, post, make_comment):
    parent = make_comment()
    client_of("reader").post(f"/{post.pk}/comments/", {"body": "Reply.", "parent": parent.pk})
    reply = Comment.objects.get(body="Reply.")
    assert (reply.parent, reply.depth, counted(post)) == (parent, 1, 2)


def test_a_refused_reply_comes_back_below_its_parent(client_of, post, make_comment):
    parent = make_comment()
    response = client_of("reader").post(f"/{post.pk}/comments/", {"body": "", "parent": parent.pk})
    assert response.status_code == 422
    assert "Comment is required." in response.text
    assert "Your reply to reader" in response.text
    assert f'name="parent" value="{parent.pk}"' in response.text


def test_after_a_refused_comment_the_links_for_replies_lead_to_the_post(
    client_of, post, make_comment
):
    comment, client = make_comment(), client_of("reader")
    page = client.post(f"/{post.pk}/comments/", {"body": ""}).text
    link = re.search(r'<a href="([^"]*)">Reply</a>', page)[1]
    opened = client.get(urljoin(f"/{post.pk}/comments/", link))
    assert f'name="parent" value="{comment.pk}"' in opened.text


@pytest.mark.parametrize("reply", ["nonsense", "999999", "9" * 40, "9" * 5000, "\0"])
def test_replying_to_a_missing_comment_shows_the_plain_form(client_of, post, reply):
    client = client_of("reader")
    page = client.get(post.get_absolute_url(), {"reply": reply}).text
    assert 'id="comment-form"' in page and "Your reply" not in page
    response = client.post(f"/{post.pk}/comments/", {"body": "Words.", "parent": reply})
    assert response.status_code == 302
    assert Comment.objects.get().parent is None


@pytest.mark.parametrize("status", ["waiting", "hidden", "deleted"])
def test_an_unlisted_post_gets_no_reply(client_of, post, make_comment, status):
    comment = make_comment(status=status)
    client = client_of("author")
    page = client.get(f"{post.get_absolute_url()}?reply={comment.pk}").text
    assert f"reply={comment.pk}#" not in page and "Your reply" not in page
    client.post(f"/{post.pk}/comments/", {"body": "Words.", "parent": comment.pk})
    assert Comment.objects.get(body="Words.").parent is None


def test_a_comment_on_another_post_gets_no_reply(client_of, make_post, make_comment):
    comment, other = make_comment(), make_post()
    client_of("reader").post(f"/{other.pk}/comments/", {"body": "Words.", "parent": comment.pk})
    assert Comment.objects.get(body="Words.").parent is None


def test_a_reply_to_a_comment_deleted_meanwhile_starts_a_thread(post, make_comment, reader):
    parent = make_comment()
    gone = Comment.objects.get()
    commenting.delete_comment(parent)
    reply = commenting.add_comment(post, reader, "Words.", parent_pk=gone.pk, now=timezone.now())
    assert (reply.parent, reply.depth) == (None, 0)


def test_a_reply_to_a_comment_hidden_meanwhile_starts_a_thread(client_of, post, make_comment):
    parent = make_comment()
    hide = Comment.objects.filter(pk=parent.pk).update
    # After the form is validated, before the reply is added.
    with meanwhile(lambda: hide(status="hidden"), before="SAVEPOINT"):
        client_of("reader").post(f"/{post.pk}/comments/", {"body": "Words.", "parent": parent.pk})
    assert Comment.objects.get(body="Words.").parent is None


# Placeholders


def test_a_deleted_comment_with_replies_leaves_a_placeholder(client_of, post, make_comment):
    parent = make_comment("Rash words.")
    make_comment("Reply.", parent=parent)
    commenting.delete_comment(parent)
    client = client_of("author")
    page = client.get(post.get_absolute_url()).text
    assert "This comment was deleted by its author." in page
    assert "Reply." in page and "Rash words." not in page
    assert page.count('href="/authors/reader/"') == 1
    assert counted(post) == 1
    parent.refresh_from_db()
    assert (parent.body, parent.body_html, parent.status) == ("", "", "deleted")
    for verb in ("edit", "delete", "report", "hide"):
        path = f"/{post.pk}/comments/{parent.pk}/{verb}/"
        assert client.get(path).status_code == 404


def test_placeholders_go_with_the_last_of_their_replies(post, make_comment):
    first = make_comment()
    second = make_comment(parent=first)
    third, fourth = (make_comment(body, parent=second) for body in ("Third.", "Fourth."))
    for comment in (first, second, third):
        commenting.delete_comment(comment)
    assert [*Comment.objects.order_by("pk")] == [first, second, fourth]
    assert counted(post) == 1
    commenting.delete_comment(fourth)
    assert not Comment.objects.exists()
    assert counted(post) == 0


@pytest.mark.parametrize("status", ["waiting", "hidden"])
@pytest.mark.parametrize(
    ("visitor", "is_seen"), [("anonymous", False), ("reader", False), ("author", True)]
)
def test_replies_to_a_hidden_comment_are_not_below_another(
    client_of, post, make_comment, author, moderator, visitor, is_seen, status
):
    other = make_comment("Other words.")
    taken_back = make_comment("Bad words.", author=moderator)
    between = make_comment("Worse words.", author=moderator, parent=taken_back)
    reply = make_comment("Reply.", parent=between)
    alone = make_comment("Lone words.", author=moderator)
    Comment.objects.filter(pk__in=[taken_back.pk, between.pk, alone.pk]).update(status=status)
    page = client_of(visitor).get(post.get_absolute_url()).text
    thread = [(0, other.pk), (0, taken_back.pk), (1, between.pk), (2, reply.pk)]
    assert shown(page) == thread + [(0, alone.pk)] * is_seen
    assert page.count("This comment is hidden.") == (0 if is_seen else 2)
    for text in ("Bad words.", "Worse words.", "/authors/moderator/"):
        assert (text in page) == is_seen
    is_told = f"comment-{status}" in page
    assert is_told == is_seen


def test_a_reply_beside_its_hidden_parent_links_to_the_placeholder(client, post, make_comment):
    deepest = None
    for _ in range(COMMENT_MAX_DEPTH):
        deepest = make_comment(parent=deepest)
    make_comment("Reply.", parent=deepest)
    Comment.objects.filter(pk=deepest.pk).update(status="hidden")
    page = client.get(post.get_absolute_url()).text
    assert f'id="comment-{deepest.pk}"' in page and f'href="#comment-{deepest.pk}"' in page


def test_a_comment_outlives_its_deleted_replies(make_comment):
    first = make_comment()
    commenting.delete_comment(make_comment(parent=first))
    assert [*Comment.objects.all()] == [first]


# Pages


@pytest.fixture
def long_thread(post, make_comment):
    """One and a half pages of comments: one comment and its replies."""
    first = make_comment("Comment 0")
    values = {"post": post, "author": first.author, "parent": first}
    values |= {"body_html": "<p>Words.</p>", "created_at": first.created_at}
    number = COMMENTS_PER_PAGE * 3 // 2 - 1
    rows = Comment.objects.bulk_create(Comment(**values) for _ in range(number))
    for row in rows:
        row.path = f"{first.path}{row.pk:0{PATH_STEP}}"
    Comment.objects.bulk_update(rows, ["path"])
    return [first, *rows]


def test_pages_follow_each_other_by_key(client, post, long_thread):
    page = client.get(post.get_absolute_url()).text
    ids = [pk for _, pk in shown(page)]
    assert "First comments" not in page
    (link,) = re.findall(r'<a rel="next" href="([^"]+)#comments">More comments', page)
    # A comment deleted between two requests doesn't make the next page repeat or skip one.
    Comment.objects.filter(pk=long_thread[COMMENTS_PER_PAGE].pk).delete()
    page = client.get(link).text
    assert ids == [comment.pk for comment in long_thread[:COMMENTS_PER_PAGE]]
    assert [pk for _, pk in shown(page)] == [c.pk for c in long_thread[COMMENTS_PER_PAGE + 1 :]]
    assert "More comments" not in page
    assert f'<a href="{post.get_absolute_url()}#comments">← First comments</a>' in page


@pytest.mark.parametrize("key", ["x", "1", "٠" * PATH_STEP, "\0", "0" * PATH_STEP * 5, ""])
def test_an_invalid_key_shows_the_first_page(client, post, long_thread, key):
    page = client.get(post.get_absolute_url(), {"from": key}).text
    assert shown(page)[0] == (0, long_thread[0].pk)
    assert "First comments" not in page


@pytest.mark.parametrize(("number", "is_first"), [(0, True), (99, True), (100, False)])
def test_the_address_of_a_comment_leads_to_its_page(client, post, long_thread, number, is_first):
    comment = long_thread[number]
    response = client.get(comment.get_absolute_url())
    key = "" if is_first else f"?from={comment.path}"
    assert response["Location"] == f"{post.get_absolute_url()}{key}#comment-{comment.pk}"
    assert comment.pk in [pk for _, pk in shown(client.get(response["Location"]).text)]


def test_on_a_later_page_replies_and_errors_stay_there(client_of, post, long_thread):
    client, last = client_of("reader"), long_thread[-1]
    page = client.get(post.get_absolute_url(), {"from": last.path}).text
    assert (
        f'href="{post.get_absolute_url()}?from={last.path}&amp;reply={last.pk}#comment-form"'
        in page
    )
    page = client.get(post.get_absolute_url(), {"from": last.path, "reply": last.pk}).text
    assert "Your reply to reader" in page
    response = client.post(f"/{post.pk}/comments/", {"body": "", "parent": last.pk})
    assert shown(response.text) == [(1, last.pk)]
    response = client.post(f"/{post.pk}/comments/", {"body": "Words.", "parent": last.pk})
    reply = Comment.objects.get(body="Words.")
    assert response["Location"].endswith(f"?from={reply.path}#comment-{reply.pk}")


def test_a_comment_that_moved_to_the_next_page_gets_its_reply_there(client_of, post, long_thread):
    client, path = client_of("reader"), post.get_absolute_url()
    last = long_thread[COMMENTS_PER_PAGE - 1]
    link = f"{path}?reply={last.pk}#comment-form"
    assert f'href="{link}"' in client.get(path).text
    early, now = long_thread[1], timezone.now()
    commenting.add_comment(post, post.author, "In between.", parent_pk=early.pk, now=now)
    page = client.get(link).text
    assert shown(page)[0] == (1, last.pk)
    assert f'name="parent" value="{last.pk}"' in page


@pytest.mark.parametrize("visitor", ["anonymous", "reader"])
def test_a_page_of_deleted_comments_says_so(client_of, post, long_thread, visitor):
    path = f"{post.get_absolute_url()}?from={999_999_999_999}"
    page = client_of(visitor).get(path).text
    assert "There are no more comments." in page and "No comments yet" not in page
    assert "← First comments" in page


# Concurrent comments


def test_concurrent_comments_and_deletions_leave_the_right_count(
    transactional_db, django_db_serialized_rollback
):
    user = User.objects.create(username="user", username_key="user")
    now = timezone.now()
    post = Post.objects.create(author=user, title="T", status="published", publish_at=now)
    parent = commenting.add_comment(post, user, "Parent.", now=now)

    def reply(number: int) -> None:
        try:
            reply = commenting.add_comment(
                post, user, f"Reply {number}.", parent_pk=parent.pk, now=now
            )
            if number % 2:
                commenting.delete_comment(reply)
            if number == 7:
                commenting.delete_comment(parent)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(reply, range(20)))
    approved = Comment.objects.approved().filter(post=post).count()
    assert counted(post) == approved == 10


@pytest.mark.parametrize("is_reply", [False, True])
def test_twenty_clicks_of_one_person_make_one_comment(
    transactional_db, django_db_serialized_rollback, is_reply
):
    user = User.objects.create(username="user", username_key="user")
    now = timezone.now()
    post = Post.objects.create(author=user, title="T", status="published", publish_at=now)

    parent = commenting.add_comment(post, user, "Parent.", now=now) if is_reply else None
    where = {"parent_pk": parent and parent.pk}

    def click(number: int) -> int:
        try:
            return commenting.add_comment(post, user, "Words.", **where, now=timezone.now()).pk
        finally:
            connections.close_all()

    with ThreadPoolExecutor(20) as pool:
        made = set(pool.map(click, range(20)))
    assert made == {Comment.objects.get(body="Words.").pk}
    assert counted(post) == 1 + is_reply
