"""Liking and unliking: the button, the rules, and the count under concurrent requests."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.utils import timezone

from accounts.models import User
from posts.discussion import liking
from posts.models import Like, Post
from posts.tests.meanwhile import meanwhile
from posts.writing import publishing
from posts.writing.edit import Edit

STATES = {
    "draft": {"status": Post.Status.DRAFT, "publish_at": None},
    "scheduled": {"publish_at": timezone.now() + timedelta(days=365)},
    "hidden": {"status": Post.Status.HIDDEN},
}


def likes(post: Post) -> tuple[int, int]:
    """Return the count stored on the post, and the number of rows."""
    return Post.objects.get(pk=post.pk).like_count, Like.objects.filter(post=post).count()


def button(page: str) -> tuple[str, str, str]:
    """Return the button's action, its pressed state, and its count."""
    (found,) = re.findall(
        r'<button class="like"[^>]* value="(\w+)"\s+aria-pressed="(\w+)".*?data-like-count>(\d+)<',
        page,
        re.S,
    )
    return found


def test_the_button_likes_and_unlikes_and_leads_back(client_of, post):
    client, path = client_of("reader"), post.get_absolute_url()
    assert button(client.get(path).text) == ("like", "false", "0")
    response = client.post(f"/{post.pk}/like/", {"action": "like"})
    assert (response.status_code, response["Location"]) == (302, f"{path}#like")
    assert button(client.get(path).text) == ("unlike", "true", "1")
    client.post(f"/{post.pk}/like/", {"action": "unlike"})
    assert button(client.get(path).text) == ("like", "false", "0")


@pytest.mark.parametrize(
    ("actions", "count"),
    [
        (["like", "like"], 1),
        (["unlike"], 0),
        (["like", "unlike", "unlike"], 0),
        # There are two tabs, and both show the button's old state.
        (["like", "like", "unlike", "like"], 1),
        ([""], 1),
    ],
)
def test_a_second_click_or_tab_changes_nothing(client_of, post, actions, count):
    client = client_of("reader")
    for action in actions:
        assert client.post(f"/{post.pk}/like/", {"action": action}).status_code == 302
    assert likes(post) == (count, count)


def test_each_persons_like_counts_and_each_sees_their_own(client_of, post, author):
    liking.like(post, author)
    client = client_of("reader")
    assert button(client.get(post.get_absolute_url()).text) == ("like", "false", "1")
    client.post(f"/{post.pk}/like/", {"action": "unlike"})
    assert likes(post) == (1, 1)


def test_a_script_gets_only_the_button(client_of, post):
    response = client_of("reader").post(
        f"/{post.pk}/like/", {"action": "like"}, headers={"HX-Request": "true"}
    )
    assert response.status_code == 200
    assert response.text.strip().startswith('<div class="likes" id="like">')
    assert button(response.text) == ("unlike", "true", "1")
    assert "csrfmiddlewaretoken" in response.text


@pytest.mark.parametrize(
    ("headers", "status", "header"),
    [({}, 302, "Location"), ({"HX-Request": "true"}, 200, "HX-Redirect")],
)
def test_an_anonymous_visitor_is_sent_to_the_login_page_and_back(
    client, post, headers, status, header
):
    response = client.post(f"/{post.pk}/like/", {"action": "like"}, headers=headers)
    assert response.status_code == status
    assert response[header] == f"/auth/login/?next=/{post.pk}/%23like"
    assert likes(post) == (0, 0)


def test_a_stranger_sees_a_link_and_no_form(client, post):
    page = client.get(post.get_absolute_url()).text
    assert f'<a class="like" href="/auth/login/?next=/{post.pk}-test-title/%23like"' in page
    assert re.search(r"data-like-count>0<", page)
    assert 'method="post"' not in page and "csrfmiddlewaretoken" not in page
    assert "htmx" not in page


def test_htmx_may_neither_eval_nor_style(client_of, post):
    page = client_of("reader").get(post.get_absolute_url()).text
    assert '"includeIndicatorStyles": false, "allowEval": false' in page
    assert re.search(r'<script src="/static/django_htmx/htmx-2\.min\.[0-9a-f]+\.js" defer>', page)
    assert "<style" not in page and "style=" not in page


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(
    ("visitor", "status"), [("reader", 404), ("author", 403), ("moderator", 403)]
)
def test_an_unlisted_post_is_not_liked(client_of, make_post, state, visitor, status):
    post = make_post(**STATES[state])
    client = client_of(visitor)
    assert client.post(f"/{post.pk}/like/").status_code == status
    assert likes(post) == (0, 0)
    if status == 403:
        assert 'class="like"' not in client.get(post.get_absolute_url()).text


@pytest.mark.parametrize("pk", ["999999", "9" * 40])
def test_no_such_post_is_404(client_of, pk):
    assert client_of("reader").post(f"/{pk}/like/").status_code == 404


def test_a_like_needs_a_token(client_of, post, reader):
    client = client_of("reader")
    client.handler.enforce_csrf_checks = True
    assert client.post(f"/{post.pk}/like/").status_code == 403
    assert likes(post) == (0, 0)


def test_deleting_an_account_removes_its_likes(client, make_user, make_post, reader):
    client.force_login(make_user("root", is_staff=True, is_superuser=True))
    one, two = make_post(), make_post()
    guests = [make_user(f"guest{number}") for number in range(3)]
    for user in (reader, *guests):
        liking.like(one, user)
    liking.like(two, guests[0])
    client.post(f"/admin/accounts/user/{guests[0].pk}/delete/", {"post": "yes"})
    assert (likes(one), likes(two)) == ((3, 3), (0, 0))
    chosen = {"action": "delete_selected", "post": "yes"}
    chosen["_selected_action"] = [guest.pk for guest in guests[1:]]
    client.post("/admin/accounts/user/", chosen)
    assert likes(one) == (1, 1)


def test_saving_a_post_keeps_likes_added_meanwhile(post, reader):
    liking.like(Post.objects.get(pk=post.pk), reader)
    post.title = "Another title"
    publishing.save_post(post, Edit(timezone.now()))
    assert likes(post) == (1, 1)


def at_once(calls: list) -> None:
    """Run each call in its own thread, with its own connection."""

    def run(call) -> None:
        try:
            call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        list(pool.map(run, calls))


@pytest.fixture
def crowd(transactional_db, django_db_serialized_rollback):
    """A post and twenty users, committed so that all connections see them."""
    users = User.objects.bulk_create(
        User(username=f"user{n}", username_key=f"user{n}") for n in range(20)
    )
    now = timezone.now()
    values = {"status": Post.Status.PUBLISHED, "publish_at": now - timedelta(hours=1)}
    return Post.objects.create(author=users[0], title="Title", **values), users


def test_twenty_concurrent_likes_and_unlikes_leave_the_right_count(crowd):
    post, users = crowd
    at_once([lambda user=user: liking.like(post, user) for user in users])
    assert likes(post) == (20, 20)
    half = users[:10]
    at_once([lambda user=user: liking.unlike(post, user) for user in half + half])
    assert likes(post) == (10, 10)


def test_twenty_clicks_of_one_person_count_once(crowd):
    post, users = crowd
    at_once([lambda: liking.like(post, users[0])] * 20)
    assert likes(post) == (1, 1)
    at_once([lambda: liking.unlike(post, users[0])] * 20)
    assert likes(post) == (0, 0)


def test_likes_are_one_a_person_in_the_database(crowd):
    post, users = crowd
    assert "posts_like_once" in connection.introspection.get_constraints(
        connection.cursor(), Like._meta.db_table
    ), "the unique constraint is what counts on"
    liking.like(post, users[0])
    Like.objects.bulk_create([Like(post=post, user=users[0])], ignore_conflicts=True)
    assert likes(post) == (1, 1)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("visitor", ["reader", "author", "moderator"])
def test_a_post_unpublished_meanwhile_gets_no_like(client_of, post, visitor, state):
    client = client_of(visitor)
    take_back = Post.objects.filter(pk=post.pk).update
    with meanwhile(lambda: take_back(**STATES[state]), before='UPDATE "posts_post"'):
        client.post(f"/{post.pk}/like/", {"action": "like"})
    assert likes(post) == (0, 0)


@pytest.mark.parametrize("action", ["like", "unlike"])
def test_the_button_of_a_post_deleted_meanwhile_finds_no_post(client_of, post, action):
    client, htmx = client_of("reader"), {"HX-Request": "true"}
    with meanwhile(post.delete, before='SELECT "posts_post"."like_count"'):
        response = client.post(f"/{post.pk}/like/", {"action": action}, headers=htmx)
    assert response.status_code == 404
