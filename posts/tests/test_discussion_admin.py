"""The moderation queue, reports and moderation entries in the admin."""

import re

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from posts.discussion import commenting, moderation
from posts.models import Comment, CommentReport, ModerationEntry, Post

QUEUE = "/admin/posts/comment/"
POSTS = "/admin/posts/post/"
REPORTS = "/admin/posts/commentreport/"
RECORD = "/admin/posts/moderationentry/"


def listed(page: str, column: str = "opening") -> list[str]:
    return re.findall(rf'field-{column}">(?:<a [^>]*>)?([^<]*)<', page)


def act(client, path: str, action: str, rows, reason: str = ""):
    data = {"action": action, "_selected_action": [row.pk for row in rows], "reason": reason}
    return client.post(path, data, follow=True)


@pytest.fixture
def queue(make_comment, make_user, author):
    """One comment of each status. The approved one is reported."""
    approved = make_comment("Approved words.")
    commenting.report_comment(approved, author, reason="It is rude.")
    guest = make_user("guest")
    waiting = make_comment("Waiting.", author=guest, status="waiting", waiting_because="links")
    return {
        "approved": approved,
        "waiting": waiting,
        "hidden": make_comment("Hidden words.", status="hidden"),
    }


@pytest.mark.parametrize(
    ("query", "bodies"),
    [
        ("", ["Hidden words.", "Waiting.", "Approved words."]),
        ("?status__exact=waiting", ["Waiting."]),
        ("?reported=yes", ["Approved words."]),
        ("?q=hidden", ["Hidden words."]),
        ("?q=guest", ["Waiting."]),
        ("?q=test+title", ["Hidden words.", "Waiting.", "Approved words."]),
        ("?q=nothing", []),
    ],
)
def test_the_queue_is_filtered_and_searched(client_of, queue, query, bodies):
    page = client_of("moderator").get(QUEUE + query).text
    assert listed(page) == bodies
    assert 'name="reason"' in page or not bodies


def test_a_row_shows_reason_reports_and_post(client_of, queue):
    page = client_of("moderator").get(QUEUE).text
    assert (
        listed(page, "why")[1]
        == "it has more than two links, and its author has no approved comment yet"
    )
    assert listed(page, "reports") == ["0", "0", "1"]
    assert f'<a href="{queue["waiting"].get_absolute_url()}">Test title</a>' in page


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("status__exact=waiting", 200),
        ("created_at__gte=2020-01-01+00:00:00%2B00:00", 200),
        ("action__exact=hide", 200),
        # The filter is not offered, because the queue must not leak accounts.
        ("author__password__startswith=a", 400),
        ("actor__password__startswith=a", 400),
        ("created_at__gte=nonsense", 302),
    ],
)
def test_the_queues_take_the_filters_they_offer(client_of, queue, query, status):
    path = RECORD if query.startswith("act") else QUEUE
    assert client_of("moderator").get(f"{path}?{query}").status_code == status


@pytest.mark.parametrize(
    ("action", "before", "after"),
    [
        ("approve", "waiting", "approved"),
        ("hide", "approved", "hidden"),
        ("restore", "hidden", "approved"),
    ],
)
def test_an_action_on_many_is_on_record_for_each_that_it_changed(
    client_of, queue, moderator, post, action, before, after
):
    response = act(client_of("moderator"), QUEUE, action, queue.values(), " It is so. ")
    queue[before].refresh_from_db()
    assert queue[before].status == after
    changed = [entry.comment for entry in ModerationEntry.objects.all()]
    # Waiting comments can be hidden too, and approving a reported one settles its report.
    expected = {"approve": 2, "hide": 2, "restore": 1}[action]
    assert queue[before] in changed and len(changed) == expected
    assert f"{expected} row" in response.text
    for entry in ModerationEntry.objects.all():
        assert (entry.actor, entry.action, entry.reason) == (moderator, action, "It is so.")
    approved = Comment.objects.approved().count()
    assert Post.objects.get().comment_count == approved


def test_a_comment_is_shown_with_its_reports_and_not_changed(client_of, queue):
    path = f"{QUEUE}{queue['approved'].pk}/change/"
    client = client_of("moderator")
    page = client.get(path).text
    assert "Approved words." in page and "It is rude." in page
    assert 'name="_save"' not in page
    assert client.post(path, {"body": "Other words."}).status_code == 403
    assert client.get(f"{QUEUE}add/").status_code == 403


@pytest.mark.parametrize("path", [REPORTS, RECORD])
@pytest.mark.parametrize("is_superuser", [False, True])
def test_reports_and_the_log_are_read_only(client, moderator, make_user, queue, path, is_superuser):
    moderation.hide(queue["approved"], moderator, reason="Rude.", now=timezone.now())
    root = make_user("root", is_staff=True, is_superuser=True)
    client.force_login(root if is_superuser else moderator)
    row = (CommentReport if path == REPORTS else ModerationEntry).objects.get()
    page = client.get(path).text
    assert "Approved words." in page and "1 " in page
    assert client.get(f"{path}{row.pk}/change/").status_code == 200
    assert client.post(f"{path}{row.pk}/change/", {"reason": "x"}).status_code == 403
    assert client.post(f"{path}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.get(f"{path}add/").status_code == 403
    assert "delete_selected" not in page


def test_a_report_of_a_deleted_comment_says_so(client_of, queue, make_comment):
    make_comment(parent=queue["approved"])
    commenting.delete_comment(queue["approved"])
    assert "—" in listed(client_of("moderator").get(REPORTS).text, "comment_opening")
    assert "—" in listed(client_of("moderator").get(QUEUE).text)


@pytest.mark.parametrize("path", [QUEUE, POSTS])
@pytest.mark.parametrize("can_change", [False, True])
def test_actions_require_the_permission_to_change(client, make_user, queue, path, can_change):
    watcher = make_user("watcher", is_staff=True)
    codenames = ["view_comment", "view_post"]
    codenames += ["change_comment", "change_post"] if can_change else []
    watcher.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client.force_login(watcher)
    assert ('value="hide"' in client.get(path).text) == can_change


# Posts


def test_posts_are_hidden_and_restored_with_a_reason(client_of, make_post, moderator):
    posts = [make_post(title="One"), make_post(title="Two")]
    draft = make_post(title="Draft", status=Post.Status.DRAFT, publish_at=None)
    client = client_of("moderator")
    assert "2 rows were changed." in act(client, POSTS, "hide", [*posts, draft], "Spam.").text
    assert Post.objects.filter(status=Post.Status.HIDDEN).count() == 2
    assert "1 row was changed." in act(client, POSTS, "restore", [posts[0], draft]).text
    assert Post.objects.filter(status=Post.Status.HIDDEN).count() == 1
    found = ModerationEntry.objects.order_by("pk").values_list("action", "reason", "post")
    assert sorted(found)[:2] == [("hide", "Spam.", post.pk) for post in posts]
    assert sorted(found)[2] == ("restore", "", posts[0].pk)


@pytest.mark.parametrize("many", [True, False])
def test_deleting_a_post_is_on_record(client_of, post, many):
    client = client_of("moderator")
    if many:
        chosen = {"action": "delete_selected", "_selected_action": [post.pk], "post": "yes"}
        client.post(POSTS, chosen)
    else:
        client.post(f"{POSTS}{post.pk}/delete/", {"post": "yes"})
    entry = ModerationEntry.objects.get()
    assert (entry.action, entry.target) == ("delete", f"post {post.pk} by author: Test title")
    assert not Post.objects.not_in_trash().exists()


def test_hiding_is_not_a_choice_in_the_form(client_of, post, moderator):
    client, path = client_of("moderator"), reverse("admin:posts_post_change", args=[post.pk])
    page = client.get(path).text
    assert '<option value="published" selected>' in page
    assert '<option value="hidden"' not in page
    moderation.hide_post(post, moderator, now=timezone.now())
    page = client.get(path).text
    assert 'name="status"' not in page and "hidden by a moderator" in page


def test_only_the_newest_comments_are_searched(client_of, queue, monkeypatch):
    monkeypatch.setattr("posts.admin.discussion.SEARCHED_MAX", 2)
    page = client_of("moderator").get(f"{QUEUE}?q=words").text
    # The approved comment is the oldest of the three, so it isn't searched.
    assert listed(page) == ["Hidden words."]
