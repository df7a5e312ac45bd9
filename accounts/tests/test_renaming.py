"""Changing a username: who may, what it needs, and who can have the old one."""

from functools import partial

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import FormerUsername, User
from accounts.profiles import rename
from conftest import PASSWORD
from posts.tests.meanwhile import meanwhile, together

CHANGE, REGISTER, ACCOUNT = "/auth/username/", "/auth/register/", "/auth/account/"
TAKEN = "This username is already registered."
FORMER = "Another person has used this or a similar username. Choose a different one."


@pytest.fixture
def change(author, client):
    """Return a function that renames the author and returns the messages by field."""

    def send(name: str, password: str = PASSWORD) -> dict[str, list[str]]:
        client.force_login(author)
        response = client.post(CHANGE, {"username": name, "password": password})
        assert response.status_code in (200, 302), (name, response.status_code, response.text)
        return {} if response.status_code == 302 else response.context["form"].errors

    return send


def register(name: str) -> list[str]:
    """Register a name and return the messages beside it."""
    fields = {"username": name, "password1": PASSWORD, "password2": PASSWORD}
    response = Client().post(REGISTER, fields)
    return [] if response.status_code == 302 else response.context["form"].errors["username"]


def test_a_person_changes_their_username_and_stays_logged_in(change, client, author):
    assert change("  Ｐen.name ") == {}
    page = client.get(ACCOUNT).text
    assert "Your username is now Pen.name." in page and f'href="{CHANGE}"' in page
    author.refresh_from_db()
    assert (author.username, author.username_key) == ("Pen.name", "pen.name")
    for name, works in [("author", False), ("PEN.NAME", True)]:
        assert Client().login(username=name, password=PASSWORD) is works


def test_a_name_that_can_not_be_taken_is_refused_and_nothing_is_changed(change, client, make_user):
    make_user("bob")
    refused = {
        "": ["This field is required."],
        "author": ["This is already your username."],
        "BOB": [TAKEN],
        "b0b": ["This username looks like another person's name. Choose a different one."],
        "a b": ["Use only letters, digits, hyphens, underscores and periods."],
        "moderator": ["This name is reserved. Choose a different one."],
        "x" * 31: ["Ensure this value has at most 30 characters (it has 31)."],
    }
    assert {name: list(change(name)["username"]) for name in refused} == refused
    response = client.post(CHANGE, {"username": "typed-name", "password": "wrong"})
    assert response.context["form"].errors == {"password": ["Incorrect password."]}
    assert 'value="typed-name"' in response.text
    # The header shows the name that the person has.
    assert 'title="Your account">author</a>' in response.text
    assert User.objects.filter(username="author").exists() and not FormerUsername.objects.exists()


def test_staff_may_take_a_reserved_name(client_of, moderator):
    client = client_of("moderator")
    response = client.post(CHANGE, {"username": "support", "password": PASSWORD})
    assert response.status_code == 302


def test_a_name_that_was_typed_before_the_session_ended_is_kept(client_of):
    client = client_of("author")
    writer = client.get(CHANGE).text.split('name="writer" value="')[1].split('"')[0]
    client.logout()
    fields = {"username": "pen.name", "password": PASSWORD, "writer": writer}
    assert client.post(CHANGE, fields).status_code == 302
    client = client_of("author")
    assert 'value="pen.name"' in client.get(f"{CHANGE}?recovered").text


def test_renames_have_a_limit(change, client, settings):
    settings.LIMITS = settings.LIMITS | {"rename": (2, 86_400)}
    assert [change(name) for name in ("one", "two")] == [{}, {}]
    response = client.post(CHANGE, {"username": "three", "password": PASSWORD})
    assert response.status_code == 429 and "three" in response.text


# The old name -------------------------------------------------------------------------------------


def test_no_one_else_can_take_the_old_name_or_one_that_looks_like_it(change, client_of, reader):
    change("pen.name")
    names = ("author", "AUTHOR", "аuthоr", "Ａuthor")
    assert [register(name) for name in names[:2]] == [[FORMER]] * 2
    assert register("authοr")
    assert register("auth0r") == [FORMER]
    client = client_of("reader")
    response = client.post(CHANGE, {"username": "author", "password": PASSWORD})
    assert response.context["form"].errors == {"username": [FORMER]}
    response = client.post(ACCOUNT, {"display_name": "Author", "time_zone": ""})
    assert "display_name" in response.context["form"].errors
    assert register("authors") == []


def test_the_person_can_take_an_old_name_back_and_use_it_as_a_display_name(
    change, client, author, reader
):
    for name in ("two", "three", "author", "two"):
        assert change(name) == {}
    keys = FormerUsername.objects.values_list("username_key", flat=True)
    assert set(keys) == {"author", "three"}
    assert client.post(ACCOUNT, {"display_name": "Author", "time_zone": ""}).status_code == 302
    # Two people can't swap their names.
    client.force_login(reader)
    refused = client.post(CHANGE, {"username": "three", "password": PASSWORD})
    assert refused.context["form"].errors == {"username": [FORMER]}


def test_another_spelling_reserves_nothing(change):
    assert change("Author") == {}
    assert not FormerUsername.objects.exists()


def test_the_command_line_makes_no_account_with_an_old_name(change):
    change("pen.name")
    fields = {"email": "", "interactive": False, "verbosity": 0}
    with pytest.raises(CommandError, match="Another person has used this username"):
        call_command("createsuperuser", username="AUTHOR", **fields)
    assert User.objects.get().username == "pen.name"
    call_command("createsuperuser", username="authors", **fields)


def test_a_name_is_free_when_the_account_is_deleted(change, author):
    change("pen.name")
    author.delete()
    assert register("author") == []


def test_the_admin_renames_like_the_person_does(client, author, make_user):
    client.force_login(make_user("root", is_staff=True, is_superuser=True))
    path = f"/admin/accounts/user/{author.pk}/change/"
    form = client.get(path).context["adminform"].form
    joined = form["date_joined"].value()
    fields = {
        "username": "pen.name",
        "role": author.role,
        "is_active": "on",
        "date_joined_0": joined.date().isoformat(),
        "date_joined_1": f"{joined:%H:%M:%S}",
    }
    assert client.post(path, fields).status_code == 302
    assert register("author") == [FORMER]
    # The form of another owner was shown before that.
    author.refresh_from_db()
    rename(author, "third")
    stale = fields | {"initial-username": "pen.name", "first_name": "Zoë"}
    assert client.post(path, stale | {"username": "author"}).status_code == 302
    author.refresh_from_db()
    assert (author.username, author.first_name) == ("author", "Zoë")


def test_the_admin_keeps_a_name_that_the_person_changes_during_the_request(
    as_role, author, make_user
):
    client = as_role("owner")
    path = f"/admin/accounts/user/{author.pk}/change/"
    joined = {"date_joined_0": "2026-01-01", "date_joined_1": "10:00:00"}
    fields = {"username": "author", "role": "author", "is_active": "on", "first_name": "Zoë"}
    change_name = partial(rename, User.objects.get(pk=author.pk), "pen.name")
    with meanwhile(change_name, before='SELECT "accounts_user"."username" AS'):
        assert client.post(path, fields | joined).status_code == 302
    author.refresh_from_db()
    assert (author.username, author.first_name) == ("pen.name", "Zoë")


def test_a_name_that_was_given_up_twice_stays_with_its_first_owner(change, author, make_user):
    change("pen.name")
    # No form allows this.
    rename(make_user("author"), "bob")
    assert FormerUsername.objects.get().user == author


def test_skeletons_of_old_names_are_derived_again_after_an_update_of_the_data(change):
    change("pen.name")
    User.objects.update(username_skeleton="")
    FormerUsername.objects.update(username_skeleton="")
    call_command("update_names")
    assert register("auth0r") == [FORMER]


# At the same moment -------------------------------------------------------------------------------


def test_a_name_that_someone_takes_first_is_refused(change, make_user):
    def take() -> None:
        make_user("pen.name")

    with meanwhile(take, before='UPDATE "accounts_user" SET "username"'):
        assert change("pen.name") == {"username": [TAKEN]}


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_of_names_that_look_alike_one_can_be_registered_at_a_time(settings):
    settings.WEB_THREADS = 16
    found = together([lambda n=name: register(n) for name in ("paypal", "paypaI", "paypa1")])
    assert sorted(map(bool, found)) == [False, True, True]
    assert User.objects.count() == 1


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_renames_at_the_same_moment_reserve_every_name(author):
    def to(name: str) -> None:
        rename(User.objects.get(pk=author.pk), name)

    together([lambda: to("one"), lambda: to("two")])
    author.refresh_from_db()
    keys = set(FormerUsername.objects.values_list("username_key", flat=True))
    assert keys | {author.username} == {"author", "one", "two"} and len(keys) == 2


def test_the_admin_lists_the_usernames_that_are_free_again_after_an_account_is_deleted(
    as_role, make_user
):
    rename(make_user("bob"), "robert")
    bob = User.objects.get(username="robert")
    page = as_role("owner").get(f"/admin/accounts/user/{bob.pk}/delete/").text
    assert "Former username: bob" in page
