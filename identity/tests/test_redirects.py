"""Redirects from old addresses, which are looked up only before a 404."""

import pytest
from django.db import connection
from django.test import Client

from caching.tests.cached import AnonymousVisitor
from identity import redirects
from identity.models import Redirect
from posts.tests.meanwhile import meanwhile, together

ADMIN = "/admin/identity/redirect/"
START = "Start with one slash, such as /old-page/."
OTHER = "Type a path on this site, such as /new-page/, or an address with https://."
TAKEN = "This path already redirects. Change that redirect instead."
BACK = "This redirect would lead in circles."


@pytest.fixture
def owner(client, make_user):
    client.force_login(make_user("root", is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def add(owner):
    """Return a function that adds a redirect as an owner and returns the messages by field."""

    def send(old_path: str, target: str) -> dict[str, list[str]]:
        response = owner.post(f"{ADMIN}add/", {"old_path": old_path, "target": target})
        return {} if response.status_code == 302 else response.context["adminform"].form.errors

    return send


def moves(**rows: str) -> None:
    """Save redirects between pages with one-letter names."""
    for old, new in rows.items():
        Redirect.objects.create(old_path=f"/{old}", target=f"/{new}/")


def leads_to(client, path: str) -> str | None:
    """Return where `path` redirects in one step, or None if it is a 404."""
    response = client.get(path)
    assert response.status_code in (301, 404)
    return response.get("Location")


@pytest.mark.parametrize("debug", [True, False])
def test_old_addresses_redirect_with_debug_too(db, settings, debug):
    settings.DEBUG = debug
    moves(old="tags")
    client = Client()
    assert leads_to(client, "/old/feed/") == "/tags/feed/"
    assert leads_to(client, "/tags") == "/tags/"
    missing = client.get("/missing/")
    assert missing.status_code == 404
    assert ("Using the URLconf" in missing.text) == debug
    assert client.get("/tags/").status_code == 200


# Looking up ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "location"),
    [
        ("/old/", "/tags/"),
        ("/old", "/tags/"),
        ("/OLD/", "/tags/"),
        ("/old/?page=2&x=%20", "/tags/?page=2&x=%20"),
        ("/old/feed/atom/", "/tags/feed/atom/"),
        ("/old/Feed/a%3Fb/%E5%9C%B0/", "/tags/Feed/a%3Fb/%E5%9C%B0/"),
        ("/old/page/", "/archive/?by=year#top"),
        ("/old/page/?page=2", "/archive/?by=year#top"),
        ("/caf%C3%A9/", "/tags/caf%C3%A9/"),
        ("/100%25/", "/tags/100%25/"),
        ("/away/", "https://example.org/blog/"),
        ("/away/a/b", "https://example.org/blog/a/b"),
        ("/older/", None),
        ("/x/old/", None),
    ],
)
def test_an_old_address_leads_to_the_new_one(client, db, asked, location):
    rows = {
        "/old": "/tags/",
        "/old/page": "/archive/?by=year#top",
        "/café": "/tags/café/",
        "/100%25": "/tags/100%25/",
        "/away": "https://example.org/blog/",
    }
    for old_path, target in rows.items():
        Redirect.objects.create(old_path=old_path, target=target)
    assert leads_to(client, asked) == location


def test_a_redirect_never_leaves_the_site_that_its_owner_named(client, db):
    Redirect.objects.create(old_path="/home", target="/")
    Redirect.objects.create(old_path="/away", target="https://example.org")
    for rest in ("/evil.example/", "//evil.example/", "%5Cevil.example/", "/%2Fevil.example/"):
        assert leads_to(client, f"/home/{rest}").startswith(("/evil", "/%5Cevil"))
    for rest in (".evil.example/", "@evil.example/", "/evil.example/", ":80/"):
        assert leads_to(client, f"/away/{rest}").startswith("https://example.org/")
        assert leads_to(client, f"/away{rest}") in (None, "https://example.org/evil.example/")


def test_only_requests_that_read_are_redirected(client, db):
    moves(old="tags")
    assert client.head("/old/").status_code == 301
    assert client.post("/old/", {"title": "typed"}).status_code == 404


def test_a_browser_asks_again_because_a_redirect_may_be_deleted(client, db):
    moves(old="tags")
    assert client.get("/old/")["Cache-Control"] == "no-cache"


def test_a_page_comes_before_a_redirect_and_costs_no_query_for_it(
    client, make_post, django_assert_num_queries
):
    post = make_post(tags="tea")
    for path in (post.get_absolute_url(), "/tags/tea/", "/", "/feed/"):
        Redirect.objects.create(old_path=path.rstrip("/") or "/", target="/elsewhere/")
        assert client.get(path).status_code == 200
    # A missing slash at the end is added first.
    assert client.get("/tags/tea")["Location"] == "/tags/tea/"


@pytest.mark.parametrize(
    ("path", "queries"),
    [("/no/such/page/", 1), ("/" + "x/" * 2_000, 1), ("/" + "x" * 3_000, 0), ("/a%00b/", 1)],
)
def test_a_404_costs_one_query_at_most(client, db, django_assert_num_queries, path, queries):
    with django_assert_num_queries(queries):
        assert client.get(path).status_code == 404


def test_an_error_while_redirects_are_looked_up_is_logged_with_its_cause(client, db, caplog):
    client.raise_request_exception = False
    with meanwhile(lambda: 1 / 0, before="identity_redirect"):
        assert client.get("/old/").status_code == 500
    assert "A redirect could not be shown" in caplog.text and "ZeroDivisionError" in caplog.text


def test_no_cache_remembers_a_page_before_its_redirect_or_a_redirect_after_it(db):
    visitor = AnonymousVisitor()
    assert visitor.get("/old/").status == 404
    moves(old="tags")
    assert visitor.get("/old/").headers["Location"] == "/tags/"
    Redirect.objects.all().delete()
    assert visitor.get("/old/").status == 404


# Chains and loops ---------------------------------------------------------------------------------


def test_a_chain_leads_straight_to_its_end_in_whatever_order_it_was_saved(add, owner):
    assert not add("/a/", "/b/") and not add("/b/", "/c/")
    assert not add("/y/", "/z/") and not add("/x/", "/y/")
    assert [leads_to(owner, f"/{old}/") for old in "abxy"] == ["/c/", "/c/", "/z/", "/z/"]


def test_pages_that_move_back_or_in_circles_make_no_loop(client, db):
    for old, new in ("ab", "bc", "ca", "ab", "ba"):
        redirects.add(f"/{old}/", f"/{new}/")
        assert leads_to(client, f"/{new}/") is None
        assert leads_to(client, f"/{old}/") == f"/{new}/"
    assert [leads_to(client, f"/{old}/") for old in "abc"] == [None, "/a/", "/a/"]


@pytest.mark.parametrize(
    ("rows", "old", "new"),
    [
        ({}, "/a/", "/a"),
        ({}, "/a", "/A/?page=2"),
        ({}, "/a/", "/a/b/"),
        ({}, "/a/", "http://testserver/a/"),
        ({"b": "a"}, "/a/", "/b/"),
        ({"b": "a"}, "/a/", "/b/c/"),
        ({"b": "c", "c": "a"}, "/a/", "/b/"),
        ({"b": "c", "c": "b"}, "/a/", "/b/"),
    ],
)
def test_a_loop_is_refused_beside_the_field(add, rows, old, new):
    moves(**rows)
    assert add(old, new) == {"target": [BACK]}
    assert Redirect.objects.count() == len(rows)


def test_redirects_of_addresses_below_others_are_one_step_too(client, db):
    moves(a="b")
    Redirect.objects.create(old_path="/b/x", target="/c/")
    assert leads_to(client, "/a/x/y/") == "/c/y/"


def test_redirects_that_were_saved_at_the_same_moment_and_lead_in_circles_lead_nowhere(
    client, db, django_assert_max_num_queries
):
    moves(a="b", b="a", c="c/x")
    for path in ("/a/", "/b/x/", "/c/"):
        with django_assert_max_num_queries(redirects.STEPS_MAX):
            assert leads_to(client, path) is None


def test_a_page_that_moves_often_needs_one_row_for_each_address(client, db):
    for number in range(30):
        redirects.add(f"/{number}/", f"/{number + 1}/")
    assert leads_to(client, "/0/feed/") == "/30/feed/"
    assert set(Redirect.objects.values_list("target", flat=True)) == {"/30/"}


# Owners -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "kept"),
    [
        (" /Old-Page/ ", " /New-Page ", ("/old-page", "/New-Page")),
        ("/caf%C3%A9/", "/caf%c3%a9s/", ("/café", "/cafés/")),
        ("/地図/", "/%E5%9C%B0/", ("/地図", "/地/")),
        ("/a b/", "/c d/?q=e f", ("/a%20b", "/c%20d/?q=e f")),
        ("http://testserver/a/", "http://testserver", ("/a", "/")),
        ("/a/", "https://example.org/x?y#z", ("/a", "https://example.org/x?y#z")),
        ("/" + "%C3%A9" * 399, "/b/", ("/" + "é" * 399, "/b/")),
    ],
)
def test_an_owner_adds_a_redirect(add, old, new, kept):
    assert not add(old, new)
    assert Redirect.objects.values_list("old_path", "target").get() == kept


@pytest.mark.parametrize(
    ("old", "message"),
    [
        ("", "This field is required."),
        ("old", START),
        ("//old/", START),
        ("https://example.org/old/", START),
        ("/", "The home page can't redirect."),
        ("/?p=7", "Leave out “?”, “#” and everything after them."),
        ("/taken", TAKEN),
        ("/" + "x" * 400, "This address is too long. Use at most 400 characters."),
    ],
)
def test_an_old_path_that_can_not_redirect_is_refused_beside_its_field(add, old, message):
    moves(taken="tags")
    assert add(old, "/new/") == {"old_path": [message]}


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_an_old_path_that_another_owner_saves_at_the_same_moment_is_refused(add):
    def save() -> None:
        Redirect.objects.create(old_path="/old", target="/theirs/")

    # On SQLite, no one else writes during a transaction, so this row is undone with the first try.
    is_sqlite = connection.vendor == "sqlite"
    act = save if is_sqlite else lambda: together([save])
    with meanwhile(act, before='INSERT INTO "identity_redirect"'):
        errors = add("/old/", "/mine/")
    assert errors == ({} if is_sqlite else {"old_path": [TAKEN]})
    assert Redirect.objects.get().target == ("/mine/" if is_sqlite else "/theirs/")


@pytest.mark.parametrize(
    "new",
    ["new", "//example.org/", "/\\example.org/", "javascript:alert(1)", "ftp://example.org/",
     "https://", "https://[/", "http:/x", "https://example.org/a b"],
)  # fmt: skip
def test_a_target_must_be_a_path_or_a_web_address(add, new):
    assert add("/old/", new) == {"target": [OTHER]}


def test_slashes_at_the_start_of_a_quoted_path_are_no_host(add, owner):
    assert not add("/old/", "/%2F%2Fexample.org/")
    assert leads_to(owner, "/old/") == Redirect.objects.get().target == "/example.org/"


def test_an_owner_changes_and_deletes_a_redirect(add, owner):
    add("/old/", "/a/")
    row = Redirect.objects.get()
    owner.post(f"{ADMIN}{row.pk}/change/", {"target": "/b/", "old_path": "/other/"})
    assert leads_to(owner, "/old/") == "/b/" and leads_to(owner, "/other/") is None
    refused = owner.post(f"{ADMIN}{row.pk}/change/", {"target": "/old/"})
    assert refused.context["adminform"].form.errors == {"target": [BACK]}
    assert "/old" in owner.get(f"{ADMIN}?q=/old").text
    owner.post(f"{ADMIN}{row.pk}/delete/", {"post": "yes"})
    assert leads_to(owner, "/old/") is None


@pytest.mark.parametrize("visitor", ["anonymous", "author", "moderator"])
def test_only_owners_see_and_change_redirects(client_of, visitor):
    client = client_of(visitor)
    for path in (ADMIN, f"{ADMIN}add/"):
        assert client.get(path).status_code in (302, 403)
    client.post(f"{ADMIN}add/", {"old_path": "/old/", "target": "/new/"})
    assert not Redirect.objects.exists()
