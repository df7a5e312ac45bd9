"""The admin with values outside the database's range, and with bugs in our own code."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.admin import KeySelect
from accounts.models import User
from posts.admin.posts import PostAdmin
from posts.models import Comment, Post
from posts.tests.meanwhile import meanwhile
from posts.tests.test_admin import POSTS, change

USERS = "/admin/accounts/user/"
HUGE = "9" * 20


@pytest.fixture
def root(client, make_user) -> Client:
    client.force_login(make_user("root", is_staff=True, is_superuser=True))
    return client


def fail(*arguments, **options) -> None:
    """Stand in for code with a bug."""
    raise ValueError("a bug of our own")


@pytest.mark.parametrize(
    "name", ["save_model", "get_queryset", "get_fieldsets", "get_list_display"]
)
def test_a_bug_in_our_code_is_a_500_with_its_traceback(client_of, post, caplog, monkeypatch, name):
    client = client_of("moderator")
    client.raise_request_exception = False
    monkeypatch.setattr(PostAdmin, name, fail)
    if name == "get_list_display":
        response = client.get(POSTS)
    else:
        response = client.post(f"{POSTS}{post.pk}/change/", change(post, title="Typed"))
    assert response.status_code == 500
    causes = [str(record.exc_info[1]) for record in caplog.records if record.exc_info]
    assert causes == ["a bug of our own"]


@pytest.mark.parametrize("key", ["0", HUGE, "9" * 5_000, "x", "_00", "%00"])
def test_an_id_that_no_row_has_leads_away_or_is_404(root, post, key):
    for path in (POSTS, USERS, "/admin/auth/group/"):
        for tail in ("change/", "history/", "delete/", "delete/?_popup=1&_to_field=id"):
            assert root.get(f"{path}{key}/{tail}").status_code in (302, 404)
        assert root.get(f"{path}{key}/change/?_popup=1&_to_field=title").status_code in (
            302,
            400,
            404,
        )


@pytest.mark.parametrize("key", [HUGE, "0", "x"])
def test_the_text_of_a_form_is_returned_if_its_post_was_deleted(client_of, key, post):
    data = change(post, title="My title", body="My <text>")
    response = client_of("moderator").post(f"{POSTS}{key}/change/", data)
    assert response.status_code == 404
    assert "My &lt;text&gt;" in response.text and "My title" in response.text


def test_if_a_post_is_deleted_during_a_save_the_form_keeps_the_text(client_of, post):
    data = change(post, title="My title", body="My text")
    client = client_of("moderator")
    # The form has already looked the post up. The next query locks it.
    with meanwhile(Post.objects.all().delete, before='FROM "posts_post"', skip=2):
        response = client.post(f"{POSTS}{post.pk}/change/", data)
    assert response.status_code == 200
    assert "Someone deleted this post." in response.text and "My text" in response.text


def test_a_form_of_the_admin_looks_its_row_up_once(root):
    group = Group.objects.create(name="Editors")
    with CaptureQueriesContext(connection) as queries:
        root.post(f"/admin/auth/group/{group.pk}/change/", {"name": "Writers"})
    assert Group.objects.get(pk=group.pk).name == "Writers"
    by_id = f'FROM "auth_group" WHERE "auth_group"."id" = {group.pk}'
    assert sum(by_id in query["sql"] for query in queries) == 1


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("publish_at__gte=0001-01-01 00:00:00%2B14:00", 400),
        ("publish_at__gte=9999-12-31 23:59:59-14:00", 400),
        ("publish_at__gte=2020-13-45", 302),
        ("publish_at__gte=2020-06-31 00:00", 302),
        ("publish_at__gte=x", 302),
        ("publish_at__isnull=x", 200),
        ("status__exact=nope", 200),
        (f"id__exact={HUGE}", 400),
        (f"author={HUGE}", 200),
        (f"p={HUGE}", 200),
        ("o=x.1.-99.99999999999999999999", 200),
        ("_to_field=title", 400),
    ],
)
def test_a_list_accepts_or_refuses_the_query_of_an_address(client_of, post, query, status):
    assert client_of("moderator").get(f"{POSTS}?{query}").status_code == status


@pytest.mark.parametrize("query", ["name__regex=(", f"id__exact={HUGE}", "permissions__id=x"])
def test_the_list_of_groups_accepts_only_offered_queries(root, query):
    assert root.get(f"/admin/auth/group/?{query}").status_code == 400
    assert root.get("/admin/auth/group/?q=Mod").context["cl"].result_count == 1


@pytest.mark.parametrize("key", [HUGE, "x", "-1", "\0"])
@pytest.mark.parametrize(
    ("page", "field"), [("user", "groups"), ("user", "user_permissions"), ("group", "permissions")]
)
def test_a_choice_of_missing_rows_is_refused_beside_its_field(root, author, page, field, key):
    row = author if page == "user" else Group.objects.first()
    name = f"admin:{'accounts' if page == 'user' else 'auth'}_{page}_change"
    data = {"username": "typed", "name": "typed", "date_joined_0": "2020-01-01"}
    data |= {"date_joined_1": "00:00", field: [key]}
    response = root.post(reverse(name, args=[row.pk]), data)
    assert response.context["adminform"].form.errors[field]
    assert 'value="typed"' in response.text


def test_existing_rows_can_be_chosen(root):
    group, (first, second) = Group.objects.first(), Permission.objects.all()[:2]
    data = {"name": "typed", "permissions": [first.pk, second.pk]}
    root.post(reverse("admin:auth_group_change", args=[group.pk]), data)
    assert set(group.permissions.all()) == {first, second}


@pytest.mark.parametrize("field", ["date_joined", "last_login"])
@pytest.mark.parametrize(("year", "is_saved"), [("0001", False), ("2020", True), ("9999", False)])
def test_times_of_a_user_that_some_zone_could_not_write_are_refused(
    root, author, field, year, is_saved
):
    data = {"username": "renamed", "date_joined_0": "2020-01-01", "date_joined_1": "00:00"}
    data |= {f"{field}_0": f"{year}-12-31", f"{field}_1": "23:59:59"}
    response = root.post(f"{USERS}{author.pk}/change/", data)
    assert User.objects.filter(username="renamed").exists() == is_saved
    assert is_saved or "Choose a year from 1900 to 9000." in response.text


@pytest.mark.parametrize(("model", "name"), [(Post, "author"), (Comment, "post")])
def test_a_related_row_is_searched_for_if_the_admin_offers_that(rf, model, name):
    of_model = admin.site.get_model_admin(model)
    is_offered = name in of_model.autocomplete_fields
    field = of_model.formfield_for_foreignkey(model._meta.get_field(name), rf.get("/"))
    assert isinstance(field.widget, KeySelect) == is_offered
