"""Roles: their ranks, their column, and the access to the admin that follows from them."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from accounts.models import User
from accounts.roles import Role, is_at_least

BEFORE = [("accounts", "0008_lookalikes")]


def test_each_role_has_the_rights_of_the_roles_below_it(make_user):
    found = {}
    for role in Role.values:
        user = make_user(role, role=role)
        found[role] = [other for other in Role.values if is_at_least(user, other)]
    assert found == {
        "owner": ["owner", "editor", "author", "contributor", "reader"],
        "editor": ["editor", "author", "contributor", "reader"],
        "author": ["author", "contributor", "reader"],
        "contributor": ["contributor", "reader"],
        "reader": ["reader"],
    }
    assert not is_at_least(AnonymousUser(), Role.READER)


def test_access_to_the_admin_follows_the_role(make_user):
    for role in Role.values:
        user = make_user(role, role=role)
        flags = (user.is_staff, user.is_superuser)
        assert flags == (role in ("owner", "editor"), role == "owner"), role


def test_a_new_account_is_an_author_unless_the_command_line_makes_an_owner(make_user):
    assert make_user("someone").role == Role.AUTHOR
    fields = {"username": "first", "email": "", "interactive": False, "verbosity": 0}
    call_command("createsuperuser", **fields)
    owner = User.objects.get(username="first")
    assert (owner.role, owner.is_staff, owner.is_superuser) == (Role.OWNER, True, True)


def test_the_flags_follow_a_role_that_is_saved_alone(make_user):
    user = make_user("someone", role=Role.OWNER)
    user.role = Role.AUTHOR
    user.save(update_fields=["role"])
    assert not User.objects.get().is_superuser


def test_the_role_is_read_with_the_session(client, make_user, django_assert_num_queries):
    client.force_login(make_user("someone", role=Role.EDITOR))
    # This page needs only the query for the session.
    with django_assert_num_queries(1):
        user = client.get("/auth/logout/").wsgi_request.user
        assert is_at_least(user, Role.EDITOR)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_an_update_makes_superusers_owners_and_everyone_else_an_author():
    latest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    executor = MigrationExecutor(connection)
    executor.migrate(BEFORE)
    old_model = executor.loader.project_state(BEFORE).apps.get_model("accounts", "User")
    for name, is_superuser in (("root", True), ("staff", False), ("someone", False)):
        flags = {"is_staff": name == "staff", "is_superuser": is_superuser}
        old_model.objects.create(username=name, username_key=name, **flags)
    MigrationExecutor(connection).migrate(latest)
    # During the update, the previous version still adds rows.
    old_model.objects.create(username="late", username_key="late")
    found = User.objects.values_list("username", "role", "is_staff")
    assert sorted(found) == [
        ("late", "author", False),
        ("root", "owner", True),
        ("someone", "author", False),
        ("staff", "author", True),
    ]
