"""Admin actions: the rows they change, their time limit and their messages."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from posts import listing
from posts.discussion import commenting, liking, moderation
from posts.models import Comment, ModerationEntry, Post, Tag
from posts.tests.meanwhile import meanwhile

POSTS, COMMENTS = "/admin/posts/post/", "/admin/posts/comment/"
USERS, TAGS, GROUPS = "/admin/accounts/user/", "/admin/posts/tag/", "/admin/auth/group/"
HUGE = "9" * 20
# This action does nothing until it is confirmed.
CONFIRMED = {"action": "delete_selected", "post": "yes"}


@pytest.fixture
def root(client, make_user):
    client.force_login(make_user("root", is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def make_row(make_post, make_comment, make_user):
    """Return a function that adds one row to the list at the given path."""
    numbers = iter(range(1, 100))

    def make(path: str) -> None:
        number = next(numbers)
        {
            POSTS: lambda: make_post(title=f"Post {number}"),
            COMMENTS: lambda: make_comment(f"Comment {number}."),
            USERS: lambda: make_user(f"user{number}"),
            # These lists are sorted by name. Put newer rows first, as in the other lists.
            TAGS: lambda: make_post(tags=f"tag{99 - number}"),
            GROUPS: lambda: Group.objects.create(name=f"group{99 - number}"),
        }[path]()

    return make


def newest(client, path: str) -> str:
    return re.search(r'name="newest" value="(\d+)"', client.get(path).text)[1]


def select_all(client, path: str, **fields):
    """Run an action on all rows of a list. As in a browser, rows of the page are selected too."""
    form = {"select_across": "1", "_selected_action": ["1"], "newest": newest(client, path)}
    return client.post(path, form | fields, follow=True)


def states(path: str) -> dict[int, str]:
    """Return, by id, the value that the actions of this list change."""
    model, column = {
        POSTS: (Post, "status"),
        COMMENTS: (Comment, "status"),
        USERS: (User, "username"),
        TAGS: (Tag, "name"),
        GROUPS: (Group, "name"),
    }[path]
    return dict(model.objects.values_list("pk", column))


EACH = [
    (POSTS, {"action": "hide"}),
    (POSTS, CONFIRMED),
    (COMMENTS, {"action": "hide"}),
    (USERS, CONFIRMED),
    (TAGS, {"action": "merge_tags"}),
    (GROUPS, CONFIRMED),
]


def changed(path: str, before: dict[int, str]) -> set[int]:
    after = states(path)
    return {pk for pk in before if before[pk] != after.get(pk)}


def spared(path: str, pks: list[int]) -> set[int]:
    """Return the ids that an action spares: one's own account, an author, the target of a merge."""
    if path == USERS:
        stay = User.objects.filter(username__in=["root", "author"])
        return set(stay.values_list("pk", flat=True))
    return {min(pks)} if path == TAGS else set()


@pytest.mark.parametrize(("path", "action"), EACH)
def test_select_all_acts_on_the_rows_that_the_list_shows_and_no_other(
    root, make_row, monkeypatch, path, action
):
    for _ in range(4):
        make_row(path)
    rows = [row.pk for row in root.get(path).context["cl"].queryset]
    monkeypatch.setattr("accounts.admin.ROWS_MAX", len(rows) - 1)
    form = {"select_across": "1", "_selected_action": ["1"], "newest": newest(root, path)}
    make_row(path)
    before = states(path)
    assert root.post(path, form | action).status_code == 302
    assert changed(path, before) == set(rows[:-1]) - spared(path, rows[:-1])


@pytest.mark.parametrize("action", [{"action": "hide"}, CONFIRMED])
def test_select_all_keeps_to_the_filters_and_the_search(root, make_post, action):
    make_post(title="Bread")
    make_post(title="Bread, a draft", status=Post.Status.DRAFT, publish_at=None)
    make_post(title="Soup")
    select_all(root, f"{POSTS}?q=bread&status__exact=published", **action)
    assert set(
        Post.objects.not_in_trash().exclude(status="hidden").values_list("title", flat=True)
    ) == {
        "Bread, a draft",
        "Soup",
    }


@pytest.mark.parametrize(("path", "action"), EACH)
def test_an_action_stops_when_its_time_is_over_and_reports_its_progress(
    root, make_row, monkeypatch, path, action
):
    for _ in range(3):
        make_row(path)
    pks = sorted(states(path))[-3:]
    total = 3 - len(spared(path, pks) & set(pks))
    before = states(path)
    monkeypatch.setattr("accounts.admin_actions.ACTION_SECONDS", 0)
    form = action | {"_selected_action": pks}
    for done in range(1, total + 1):
        page = root.post(path, form, follow=True).text
        left = total - done + 1 + len(spared(path, pks) & set(pks)) * (path != TAGS)
        assert (f"Time ran out after 1 of {left} rows." in page) == (left > 1)
        # Each attempt changes one more row, because rows that are done take no time.
        assert len(changed(path, before)) == done
    assert changed(path, before) == set(pks) - spared(path, pks)


@pytest.mark.parametrize("action", ["approve", "restore"])
@pytest.mark.parametrize("path", [POSTS, COMMENTS])
def test_rows_that_are_done_take_no_time_of_the_others(
    root, make_row, author, monkeypatch, path, action
):
    for _ in range(3):
        make_row(path)
    status = "waiting" if action == "approve" else "hidden"
    model = Post if path == POSTS else Comment
    model.objects.update(status=status if path == COMMENTS else "hidden")
    Post.objects.update(comment_count=0)
    monkeypatch.setattr("accounts.admin_actions.ACTION_SECONDS", 0)
    form = {"action": "restore" if path == POSTS else action}
    pks = sorted(states(path))[-3:]
    before = states(path)
    for done in range(1, 4):
        root.post(path, form | {"_selected_action": pks})
        assert len(changed(path, before)) == done


@pytest.fixture
def many_posts(author):
    now = timezone.now()
    Post.objects.bulk_create(
        Post(author=author, title=f"P{number}", slug="p", status="published", publish_at=now)
        for number in range(2_106)
    )
    listing.recount_all()


def test_the_list_and_its_delete_action_stop_at_2000_of_2106_posts(root, many_posts, monkeypatch):
    page = root.get(POSTS).text
    assert "2000 posts" in page
    asked = select_all(root, POSTS, action="delete_selected", reason="Spam & <more>")
    assert asked.status_code == 200 and "These 2000 rows will be deleted" in asked.text
    pks = re.findall(r'name="_selected_action" value="(\d+)"', asked.text)
    assert len(set(pks)) == 2_000
    assert min(map(int, pks)) == Post.objects.order_by("-pk")[1_999].pk
    reason = re.search(r'name="reason" value="([^"]*)"', asked.text)[1]
    assert reason == "Spam &amp; &lt;more&gt;"
    monkeypatch.setattr("accounts.admin_actions.ACTION_SECONDS", 0)
    form = CONFIRMED | {"_selected_action": pks, "reason": "Spam & <more>"}
    done = root.post(POSTS, form, follow=True)
    assert done.status_code == 200 and "Time ran out after 1 of 2000 rows." in done.text
    assert "1 post was deleted." in done.text
    assert ModerationEntry.objects.get().reason == "Spam & <more>"
    assert Post.objects.not_in_trash().count() == 2_105


def test_a_post_already_in_the_trash_is_not_counted_or_logged(root, make_post):
    posts = [make_post(title="One"), make_post(title="Two")]
    form = CONFIRMED | {"_selected_action": [post.pk for post in posts]}
    root.post(POSTS, form | {"_selected_action": posts[0].pk})
    assert "1 post was deleted." in root.post(POSTS, form, follow=True).text
    assert ModerationEntry.objects.count() == 2


def test_people_who_wrote_are_named_and_kept_while_others_are_deleted(
    root, post, reader, make_user
):
    liking.like(post, reader)
    people = [post.author_id, reader.pk, make_user("guest").pk]
    page = root.post(USERS, CONFIRMED | {"_selected_action": people}, follow=True).text
    assert "2 users were deleted." in page
    assert "Not deleted: author. You can&#x27;t delete your own account" in page
    assert set(User.objects.values_list("username", flat=True)) == {"author", "root"}
    assert Post.objects.get().like_count == 0


def test_staff_without_permission_for_related_rows_delete_nothing(
    client, make_user, make_comment, author
):
    staff = make_user("staff", is_staff=True)
    staff.user_permissions.add(*permissions("view_user", "delete_user"))
    commenting.report_comment(make_comment(author=author), make_user("guest"))
    client.force_login(staff)
    guest = User.objects.get(username="guest")
    response = client.post(USERS, CONFIRMED | {"_selected_action": guest.pk})
    assert response.status_code == 403
    assert User.objects.filter(pk=guest.pk).exists()


def permissions(*codenames: str):
    return Permission.objects.filter(codename__in=codenames)


# The cost of an action ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "action", "most"),
    [
        (POSTS, {"action": "hide"}, 18),
        (POSTS, CONFIRMED, 24),
        (COMMENTS, {"action": "hide"}, 10),
        (COMMENTS, {"action": "approve"}, 10),
        (USERS, CONFIRMED, 36),
        (TAGS, {"action": "merge_tags"}, 40),
    ],
)
def test_a_row_costs_the_same_however_many_are_selected(root, make_row, path, action, most):
    costs = []
    for number in (2, 6):
        for _ in range(number):
            make_row(path)
        pks = list(root.get(path).context["cl"].queryset.values_list("pk", flat=True)[:number])
        with CaptureQueriesContext(connection) as queries:
            root.post(path, action | {"_selected_action": pks})
        costs.append(len(queries))
    assert (costs[1] - costs[0]) / 4 <= most


def test_a_post_deleted_by_another_moderator_is_not_logged_again(root, post, moderator):
    def delete() -> None:
        moderation.trash_and_record(Post.objects.get(), moderator, reason="", now=timezone.now())

    with meanwhile(delete, before='INSERT INTO "django_admin_log"'):
        page = root.post(POSTS, CONFIRMED | {"_selected_action": [post.pk]}, follow=True)
    assert "0 posts were deleted." in page.text
    assert not LogEntry.objects.exists()


# Forged requests ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "action"), EACH)
def test_a_forged_selection_changes_nothing_and_breaks_nothing(root, post, path, action):
    before = states(path)
    for key in ("123456789", HUGE, "-1", "x", "\0", "9" * 5_000, ""):
        response = root.post(path, action | {"_selected_action": [key], "index": key})
        assert response.status_code == 302
    assert root.post(path, {"action": "nope", "_selected_action": "1"}).status_code == 302
    assert states(path) == before


@pytest.mark.parametrize("newest", ["", "x", HUGE, "\0"])
def test_select_all_without_the_mark_of_its_page_acts_on_the_rows_of_now(root, make_post, newest):
    make_post()
    form = {"action": "hide", "select_across": "yes", "_selected_action": "", "newest": newest}
    assert root.post(POSTS, form).status_code == 302
    assert Post.objects.get().is_hidden
