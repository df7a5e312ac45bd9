"""Changing roles and closing accounts in the admin: who may act on whom, and the last owner."""

from functools import partial

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection, transaction

from accounts.granting import check_change, may_delete, may_manage, roles_to_grant
from accounts.models import User
from accounts.roles import Role
from posts.tests.meanwhile import together

USERS = "/admin/accounts/user/"
TIMES = {"date_joined_0": "2026-01-02", "date_joined_1": "03:04:05"}
LAST_OWNER = "This is the last owner. Make someone else an owner first."


@pytest.fixture
def someone(make_user) -> User:
    return make_user("someone")


@pytest.fixture
def save(as_role):
    """Return a function that saves the admin's form for a user, as a person with a role."""

    def save_as(by: str, user: User, **fields):
        values = {"username": user.username, "role": user.role, "is_active": "on", **TIMES}
        values |= {"groups": [group.pk for group in user.groups.all()]} | fields
        response = as_role(by).post(f"{USERS}{user.pk}/change/", values)
        user.refresh_from_db()
        return response

    return save_as


def test_nobody_but_an_owner_acts_at_or_above_their_own_role():
    acts_on = {
        role: [other for other in Role.values if may_manage(User(role=role), User(role=other))]
        for role in Role.values
    }
    assert acts_on == {
        "owner": ["owner", "editor", "author", "contributor", "reader"],
        "editor": ["author", "contributor", "reader"],
        "author": ["contributor", "reader"],
        "contributor": ["reader"],
        "reader": [],
    }
    assert acts_on == {role: roles_to_grant(User(role=role)) for role in Role.values}


def test_access_and_groups_follow_a_role_that_changes(save, someone):
    for role, group in (("editor", "Editor"), ("owner", "Owner"), ("author", None)):
        assert save("owner", someone, role=role).status_code == 302
        assert someone.role == role
        assert [found.name for found in someone.groups.all()] == ([group] if group else [])
        assert (someone.is_staff, someone.is_superuser) == (bool(group), role == "owner")


def test_a_moderator_keeps_the_admin_with_any_role(save, moderator):
    for role in ("reader", "editor", "contributor"):
        save("owner", moderator, role=role)
        assert moderator.is_staff and moderator.groups.filter(name="Moderators").exists()
    save("owner", moderator, groups=[])
    assert not moderator.is_staff


def test_a_group_of_a_role_is_not_given_without_the_role(save, someone):
    editors = Group.objects.get(name="Editor")
    save("owner", someone, groups=[editors.pk])
    assert not someone.groups.exists() and not someone.is_staff


def test_a_form_without_a_role_keeps_it(save, someone):
    assert save("owner", someone, role="", email="a@example.org").status_code == 302
    assert (someone.role, someone.email) == ("author", "a@example.org")


@pytest.mark.parametrize("role", ["owner", "editor"])
@pytest.mark.parametrize("by", ["editor", "moderator"])
def test_others_change_nobody_at_or_above_their_role(client_of, save, make_user, by, role):
    user = make_user("someone", role=role)
    if by == "moderator":
        page = client_of("moderator").get(f"{USERS}{user.pk}/change/")
        assert page.status_code == 200 and 'name="_save"' not in page.text
        return
    for fields in ({"role": "reader"}, {"is_active": ""}):
        assert save(by, user, **fields).status_code == 403
    assert (user.role, user.is_active) == (role, True)


def test_an_editor_changes_only_the_role_and_the_state_of_accounts_below(save, as_role, someone):
    page = as_role("editor").get(f"{USERS}{someone.pk}/change/").text
    offered = [role for role in Role.values if f'<option value="{role}"' in page]
    assert offered == ["author", "contributor", "reader"]
    forged = {"email": "mallory@example.org", "is_superuser": "on", "groups": ["1"]}
    assert save("editor", someone, role="reader", is_active="", **forged).status_code == 302
    assert (someone.role, someone.is_active, someone.email) == ("reader", False, "")
    assert not someone.groups.exists() and not someone.is_superuser
    for role in ("editor", "owner"):
        response = save("editor", someone, role=role)
        assert "is not one of the available choices" in response.text, role
        assert someone.role == "reader"
    editor = as_role("editor")
    for page in ("password/", "delete/"):
        assert editor.get(f"{USERS}{someone.pk}/{page}").status_code == 403, page
    assert editor.get(f"{USERS}add/").status_code == 403


@pytest.mark.parametrize(
    ("fields", "name"), [({"role": "editor"}, "role"), ({"is_active": ""}, "is_active")]
)
def test_the_last_owner_is_neither_demoted_nor_closed(save, as_role, make_user, fields, name):
    as_role("owner")
    owner = User.objects.get()
    make_user("closed", role="owner", is_active=False)
    response = save("owner", owner, **fields)
    assert response.context["adminform"].errors == {name: [LAST_OWNER]}
    assert (owner.role, owner.is_active) == ("owner", True)
    make_user("another", role="owner")
    assert save("owner", owner, **fields).status_code == 302
    assert (owner.role, owner.is_active) != ("owner", True)


@pytest.mark.parametrize("how", ["page", "action"])
def test_the_last_owner_is_not_deleted(as_role, make_user, how):
    client = as_role("owner")
    owner = User.objects.get()
    if how == "page":
        client.post(f"{USERS}{owner.pk}/delete/", {"post": "yes"})
    else:
        form = {"action": "delete_selected", "_selected_action": owner.pk, "post": "yes"}
        assert "Not deleted: the-owner." in client.post(USERS, form, follow=True).text
    assert User.objects.filter(pk=owner.pk).exists()
    other = make_user("another", role="owner")
    client.post(f"{USERS}{other.pk}/delete/", {"post": "yes"})
    assert list(User.objects.all()) == [owner]


def test_an_account_that_must_stay_by_now_is_not_deleted(as_role, make_user, rf):
    """Check the moment between the page's own check and the deletion."""
    owner = make_user("owner", role="owner")
    request = rf.post("/")
    request.user = owner
    assert admin.site.get_model_admin(User).delete_model(request, owner) is False
    request.user = make_user("former", role="author")
    assert admin.site.get_model_admin(User).delete_model(request, owner) is False
    assert User.objects.filter(pk=owner.pk).exists()


def test_a_person_who_lost_their_role_in_the_meantime_changes_nothing(make_user):
    owner = make_user("owner", role="owner")
    make_user("other", role="owner")
    author = make_user("author")
    User.objects.filter(pk=owner.pk).update(role="author")
    # `owner` is still an owner in memory, as in a request that has begun.
    with pytest.raises(ValidationError, match="Your role doesn't allow this change"):
        check_change(owner, author, role="editor", is_active=True)
    assert not may_delete(User.objects.get(pk=owner.pk), author)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_owners_who_demote_each_other_leave_one(make_user):
    if connection.vendor == "sqlite":
        connection.settings_dict["OPTIONS"]["timeout"] = 60
        connection.close()
    for number in range(2):
        make_user(f"owner{number}")

    def demote(by: User, user: User) -> bool:
        try:
            with transaction.atomic():
                check_change(by, user, role="author", is_active=True)
                User.objects.filter(pk=user.pk).update(role="author")
        except ValidationError:
            return False
        return True

    for _round in range(8):
        User.objects.update(role="owner")
        mine, theirs = User.objects.order_by("pk")
        done = together([partial(demote, mine, theirs), partial(demote, theirs, mine)])
        assert sorted(done) == [False, True]
        assert User.objects.filter(role="owner").count() == 1


# Updating -----------------------------------------------------------------------------------------


def test_the_owner_is_told_once_about_the_roles(make_user, moderator, capsys):
    make_user("someone")
    call_command("update_roles")
    assert capsys.readouterr().out == ""
    # As the migration leaves them, and as the version before adds one meanwhile.
    for name, role in (("anna", "owner"), ("ben", "author")):
        user = make_user(name)
        flags = {"is_superuser": True, "is_staff": True}
        User.objects.filter(pk=user.pk).update(role=role, **flags)
    call_command("update_roles")
    told = capsys.readouterr().out
    assert "Owners: anna, ben." in told and "Members of Moderators (1) keep their rights." in told
    assert set(User.objects.filter(groups__name="Owner")) == set(
        User.objects.filter(username__in=["anna", "ben"], role="owner")
    )
    call_command("update_roles")
    assert capsys.readouterr().out == ""


def test_the_owner_of_a_blog_without_moderators_is_told_nothing_about_them(make_user, capsys):
    user = make_user("anna")
    User.objects.filter(pk=user.pk).update(is_superuser=True, is_staff=True)
    call_command("update_roles")
    told = capsys.readouterr().out
    assert "Owners: anna." in told and "Moderators" not in told
