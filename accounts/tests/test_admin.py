"""Users in the admin: superusers can change them, moderators can view them."""

import pytest
from django.contrib.auth.models import Permission

from accounts.models import User

USERS = "/admin/accounts/user/"
SECRET = "tulip-candle-42"


@pytest.fixture
def visit(client_of, client, make_user):
    """Return a function that returns the client of a visitor by name, including the superuser."""

    def as_visitor(visitor: str):
        if visitor == "superuser":
            client.force_login(make_user("root", is_staff=True, is_superuser=True))
            return client
        return client_of(visitor)

    return as_visitor


@pytest.mark.parametrize(
    ("visitor", "gets_in"),
    [("superuser", True), ("moderator", True), ("reader", False), ("anonymous", False)],
)
@pytest.mark.parametrize("page", ["", "{pk}/change/", "{pk}/history/"])
def test_only_staff_see_users(visit, author, visitor, gets_in, page):
    address = USERS + page.format(pk=author.pk)
    response = visit(visitor).get(address)
    if gets_in:
        assert response.status_code == 200 and "author" in response.text
    else:
        assert response.status_code == 302
        assert response["Location"] == f"/admin/login/?next={address}"


@pytest.mark.parametrize(("visitor", "may"), [("superuser", True), ("moderator", False)])
def test_only_a_superuser_is_offered_to_change_users(visit, author, visitor, may):
    client = visit(visitor)
    assert (f'href="{USERS}add/"' in client.get(USERS).text) is may
    page = client.get(f"{USERS}{author.pk}/change/").text
    assert ('name="_save"' in page) is may
    assert ('name="role"' in page) is may
    assert (">Delete</a>" in page) is may


@pytest.mark.parametrize(
    "page",
    ["add/", "{pk}/change/", "{pk}/delete/", "{pk}/password/", ""],
    ids=lambda p: p or "list",
)
def test_a_moderator_changes_no_user(visit, author, page):
    before = User.objects.filter(pk=author.pk).values().get()
    forged = {
        "username": "mallory",
        "is_superuser": "on",
        "password1": SECRET,
        "password2": SECRET,
        "usable_password": "true",
        "post": "yes",
        "action": "delete_selected",
        "_selected_action": str(author.pk),
    }
    client = visit("moderator")
    response = client.post(USERS + page.format(pk=author.pk), forged)
    # Moderators don't have this action, so the list is shown again.
    assert response.status_code == (403 if page else 200)
    assert User.objects.filter(pk=author.pk).values().get() == before
    assert not User.objects.filter(username="mallory").exists()


def test_a_moderator_sees_no_password_not_even_its_hash(visit, author):
    page = visit("moderator").get(f"{USERS}{author.pk}/change/").text
    assert author.password not in page
    assert author.password.split("$")[-1] not in page


def test_the_list_shows_name_and_email(visit, make_user):
    make_user("Zoë", email="zoe@example.org", is_active=False)
    page = visit("superuser").get(USERS).text
    assert "Zoë" in page and "zoe@example.org" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("ali", ["Alice", "alinea"]),
        ("ALI", ["Alice", "alinea"]),
        ("strasse", ["Straße"]),
        ("writer@example.org", ["Alice"]),
        ("WRITER@example.org", ["Alice"]),
        ("Ann.Lee@example.org", ["alinea"]),
        ("Ann.L", ["alinea"]),
        ("nobody", []),
        ("'\"%_\\", []),
        ("x" * 5000, []),
    ],
)
def test_users_are_found_by_name_in_any_case_and_by_email(visit, make_user, query, found):
    make_user("Alice", email="writer@example.org")
    make_user("alinea", email="Ann.Lee@example.org")
    make_user("Straße")
    response = visit("superuser").get(USERS, {"q": query})
    assert response.status_code == 200
    if found is not None:
        users = response.context["cl"].result_list
        assert sorted(user.username for user in users) == found


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("bob", None),
        ("alice", "This username is already registered."),
        ("ALICE", "This username is already registered."),
        ("Ａｌｉｃｅ", "This username is already registered."),
        ("STRASSE", "This username is already registered."),
        ("a b", "Use only letters, digits, hyphens, underscores and periods."),
        ("x" * 31, "Ensure this value has at most 30 characters (it has 31)."),
        ("al\0ice", "Null characters are not allowed."),
    ],
)
@pytest.mark.parametrize("adding", [True, False], ids=["add", "rename"])
def test_a_name_that_reads_like_anothers_is_refused_in_the_admin(
    visit, make_user, name, message, adding
):
    make_user("Alice")
    make_user("straße")
    client = visit("superuser")
    if adding:
        address = f"{USERS}add/"
        typed = {"usable_password": "true", "password1": SECRET, "password2": SECRET}
    else:
        carol = make_user("carol")
        address = f"{USERS}{carol.pk}/change/"
        joined = carol.date_joined
        typed = {
            "date_joined_0": joined.date().isoformat(),
            "date_joined_1": joined.time().isoformat("seconds"),
            "is_active": "on",
        }
    before = set(User.objects.values_list("username", flat=True))
    response = client.post(address, typed | {"username": name})
    if message is None:
        assert response.status_code == 302
        assert User.objects.get_by_natural_key(name).username == name
    else:
        assert response.status_code == 200
        assert message in response.context["adminform"].form.errors["username"]
        assert message in response.text
        assert set(User.objects.values_list("username", flat=True)) == before


def test_a_superuser_sets_a_users_password(visit, author):
    address = f"{USERS}{author.pk}/password/"
    client = visit("superuser")
    assert client.get(address).status_code == 200
    typed = {"usable_password": "true", "password1": SECRET, "password2": SECRET}
    assert client.post(address, typed).status_code == 302
    author.refresh_from_db()
    assert author.check_password(SECRET)


@pytest.mark.parametrize("key", ["0", "-1", "9" * 30, "x", "\0", "1/../2"])
def test_an_unknown_user_does_not_cause_a_500(visit, key):
    response = visit("superuser").get(f"{USERS}{key}/change/")
    assert response.status_code in (302, 404)


def test_the_users_of_a_page_cost_the_same_however_many_they_are(
    visit, make_user, django_assert_max_num_queries
):
    client = visit("superuser")
    for number in range(40):
        make_user(f"user{number}")
    client.get(USERS)
    with django_assert_max_num_queries(6):
        assert "user39" in client.get(USERS).text


def test_the_moderators_permission_on_users_is_to_view_them(moderator):
    granted = Permission.objects.filter(group__user=moderator, content_type__app_label="accounts")
    assert list(granted.values_list("codename", flat=True)) == ["view_user"]
