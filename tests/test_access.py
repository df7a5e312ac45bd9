"""The access table: each route, crossed with each visitor and each method.

`tests/test_urls.py` lists the routes of the site with a guard, and fails if one is missing. This
table says who passes each guard, and lists the routes of the admin.
"""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import transaction
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import timezone

from accounts.models import Invitation, UnsavedText, User
from identity.models import Redirect
from jobs.models import Job
from posts.models import CommentReport, ModerationEntry, Post, Tag
from tests.test_urls import INVENTORY, address, comment_on, names, stored_image

# Make this fixture available here.
__all__ = ["stored_image"]

VISITORS = ["anonymous", "reader", "contributor", "author", "other", "editor", "moderator", "owner"]
PEOPLE = {*VISITORS} - {"anonymous"}
EDITORS = {"editor", "owner"}
STAFF = EDITORS | {"moderator"}
# `author` wrote post 1 and the comment on it. The role of `moderator` is Author.
PASSES = {
    "public": {*VISITORS},
    "logged in": PEOPLE,
    "writing": PEOPLE - {"reader"},
    "own": EDITORS | {"author"},
    "own page": EDITORS | {"author"},
    "trash": EDITORS | {"author"},
    "moderating": STAFF | {"author"},
    "moderating all": STAFF,
    "commenter": {"author"},
    "reporting": PEOPLE - {"author"},
    "text": {"author"},
    "editing": EDITORS,
    "owner": {"owner"},
}
FORBIDDEN: set[str] = set()
# For each page of the admin: who may open it, and whose POST does something.
ADMIN = {
    "index": (STAFF, STAFF),
    "login": ({*VISITORS}, {*VISITORS}),
    "logout": ({*VISITORS} - STAFF, {*VISITORS}),
    "password_change": (STAFF, STAFF),
    "password_change_done": (STAFF, FORBIDDEN),
    "app_list": (STAFF, STAFF),
    "jsi18n": (STAFF, FORBIDDEN),
    "autocomplete": (FORBIDDEN, FORBIDDEN),
    "auth_user_password_change": ({"owner"}, {"owner"}),
}
# As above for the pages of a list: the list, add, change, delete and history.
LISTS = {
    "auth_group": ({"owner"}, {"owner"}, {"owner"}, {"owner"}),
    "accounts_user": (STAFF, {"owner"}, EDITORS, {"owner"}),
    "posts_post": (STAFF, EDITORS, STAFF, STAFF),
    "posts_comment": (STAFF, FORBIDDEN, FORBIDDEN, FORBIDDEN),
    "posts_commentreport": (STAFF, FORBIDDEN, FORBIDDEN, FORBIDDEN),
    "posts_moderationentry": (STAFF, FORBIDDEN, FORBIDDEN, FORBIDDEN),
    "posts_tag": (STAFF, FORBIDDEN, STAFF, FORBIDDEN),
    "identity_redirect": ({"owner"}, {"owner"}, {"owner"}, {"owner"}),
    "jobs_job": ({"owner"}, FORBIDDEN, {"owner"}, {"owner"}),
}
for _name, (_view, _add, _change, _delete) in LISTS.items():
    ADMIN |= {
        f"{_name}_changelist": (_view, _view),
        f"{_name}_add": (_add, _add),
        f"{_name}_change": (_view, _change),
        f"{_name}_delete": (_delete, _delete),
        f"{_name}_history": (_view, _view),
    }


@pytest.fixture
def post(make_post, author) -> Post:
    """Return the post of the inventory, and make its invitation and unsaved text."""
    now = timezone.now()
    later = now + timedelta(days=1)
    Invitation.objects.create(pk=1, inviter=author, created_at=now, expires_at=later)
    UnsavedText.objects.create(pk=1, user=author, path="/", texts={}, kept_at=now)
    return make_post(tags="bread")


@pytest.fixture
def visit(as_role, client_of, make_user, post):
    """Return a function that returns the client of a visitor by name."""

    def client_for(visitor: str) -> Client:
        if visitor in ("anonymous", "author", "moderator"):
            return client_of(visitor)
        return as_role("author" if visitor == "other" else visitor)

    return client_for


def outcome(client: Client, method: str, path: str) -> bool:
    """Send a request, undo what it did, and return whether the visitor got in."""
    cookies = {name: cookie.value for name, cookie in client.cookies.items()}
    with transaction.atomic():
        response = client.generic(method, path)
        if response.streaming:
            # The test client closes a file that is read to its end.
            b"".join(response.streaming_content)
        transaction.set_rollback(True)
    client.cookies.clear()
    for name, value in cookies.items():
        client.cookies[name] = value
    is_sent_away = "/login/?next=" in response.get("Location", "")
    return response.status_code not in (401, 403, 404, 405) and not is_sent_away


@pytest.mark.parametrize("visitor", VISITORS)
def test_each_route_lets_in_those_whom_its_guard_lets_pass(visit, post, visitor):
    client = visit(visitor)
    wrong = []
    for name, (_arguments, methods, guard) in INVENTORY.items():
        if name == "accounts:start" and visitor == "owner":
            # Once there is an owner, this address does not exist.
            continue
        path = address(name, Post.objects.get(pk=post.pk))
        passes = visitor in PASSES[guard.removesuffix(" script")]
        for method in methods - {"HEAD"}:
            if outcome(client, method, path) != passes:
                wrong.append((method, name))
    assert wrong == []


@pytest.fixture
def rows(post, author) -> dict[str, int]:
    """Return the id of a row for each list of the admin."""
    comment = comment_on(post)
    now = comment.created_at
    rows = {
        "auth_group": Group.objects.create(name="Other"),
        "accounts_user": User.objects.create_user("someone"),
        "identity_redirect": Redirect.objects.create(old_path="/old", target="/"),
        "jobs_job": Job.objects.create(task="x", arguments={}, enqueued_at=now, due_at=now),
        "posts_comment": comment,
        "posts_commentreport": CommentReport.objects.create(comment=comment, reporter=author),
        "posts_moderationentry": ModerationEntry.objects.create(
            actor=author, action="hide", target="x", created_at=now
        ),
        "posts_post": post,
        "posts_tag": Tag.objects.get(),
    }
    return {name: row.pk for name, row in rows.items()}


def admin_path(name: str, rows: dict[str, int]) -> str:
    if name == "app_list":
        return "/admin/posts/"
    if name == "auth_user_password_change":
        return reverse(f"admin:{name}", args=[rows["accounts_user"]])
    pk = rows.get(name.rpartition("_")[0])
    is_about_one = name.endswith(("_change", "_delete", "_history"))
    return reverse(f"admin:{name}", args=[pk] if pk and is_about_one else [])


def test_every_route_of_the_admin_is_in_the_table():
    found = {name for name in names(get_resolver().url_patterns) if name.startswith("admin:")}
    # Redirects an object without a page to its list.
    unnamed = {"admin:None", "admin:view_on_site"}
    assert found - unnamed == {f"admin:{name}" for name in ADMIN}


@pytest.mark.parametrize("visitor", VISITORS)
def test_each_route_of_the_admin_lets_in_those_who_need_it(visit, rows, visitor):
    client = visit(visitor)
    wrong = []
    for name, (readers, writers) in ADMIN.items():
        for method, allowed in (("GET", readers), ("POST", writers)):
            if outcome(client, method, admin_path(name, rows)) != (visitor in allowed):
                wrong.append((method, name))
    assert wrong == []
