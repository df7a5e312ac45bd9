"""Reading from a replica: which requests do, and how the primary serves instead without errors.

Here, the replica is a second connection to the test database, and the queries for PostgreSQL's log
positions are faked. `tests/test_many_machines.py` has a real primary with a real replica.
"""

import logging
import time
from contextlib import contextmanager

import pytest
from django.core.management import call_command
from django.db import connections, router, transaction
from django.db.backends.postgresql.base import DatabaseWrapper as PostgreSQL
from django.http import HttpResponse
from django.urls import path

from accounts.models import User
from blogsite import replica
from blogsite.replica import PRIMARY, REPLICA, REST_AWAY, REST_BEHIND
from caching import pages
from identity import current
from posts.models import Post

UP_TO_DATE, BEHIND = "SELECT 5 >= %s", "SELECT 4 >= %s"


# Test views for cases that no page has ------------------------------------------------------------


def databases(*found: str) -> HttpResponse:
    return HttpResponse(" ".join(found))


def writes_in_between(request):
    first = User.objects.get()._state.db
    User.objects.update(display_name="Somebody else")
    read = User.objects.get()
    return databases(first, read._state.db, read.display_name)


def locks(request):
    with transaction.atomic():
        inside = User.objects.get()._state.db
        locked = User.objects.select_for_update().get()._state.db
    return databases(inside, locked, User.objects.get()._state.db)


def leaves_after_transaction(request):
    with transaction.atomic():
        inside = User.objects.get()._state.db
    return databases(inside, User.objects.get()._state.db)


def loses_it_in_between(request):
    first = User.objects.get()
    break_off(connections[REPLICA])
    # Django runs this query again on the primary, and combines rows of both databases.
    second = User.objects.prefetch_related("groups").get()
    assert first == second
    return databases(first._state.db, User.objects.get()._state.db, second.username)


urlpatterns = [
    path(f"{view.__name__}/", view)
    for view in (
        writes_in_between,
        locks,
        leaves_after_transaction,
        loses_it_in_between,
    )
]


def break_off(connection) -> None:
    """Make all queries of a connection fail, as if its server had died."""
    if connection.vendor == "sqlite":
        connection.connection.set_progress_handler(lambda: 1, 1)
        return
    with connections[PRIMARY].cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])


# A replica ----------------------------------------------------------------------------------------


@pytest.fixture
def following(settings, transactional_db, django_db_serialized_rollback, monkeypatch):
    """Add a replica to the primary; return a function that sets how much it has replayed."""
    settings.DATABASE_ROUTERS = ["blogsite.replica.ReplicaRouter"]
    # Without cached fragments, each request queries all parts of its page.
    settings.KEEP_FRAGMENTS = False
    settings.MIDDLEWARE = ["blogsite.replica.read_from_replica", *settings.MIDDLEWARE]
    monkeypatch.setattr(replica, "COMMITTED", "SELECT 5")
    monkeypatch.setattr(replica, "trust", replica.Trust())

    def follow(state: str = UP_TO_DATE) -> None:
        monkeypatch.setattr(replica, "HAS_REPLAYED", state)

    follow()
    connections[REPLICA] = connections[PRIMARY].copy(REPLICA)
    yield follow
    connections[REPLICA].close()
    del connections[REPLICA]


@pytest.fixture
def asked(following, client, author, post):
    """Return a function that gets a page and counts the queries to each database."""

    def get(page: str = "/", **options) -> tuple[HttpResponse, int, int]:
        # Each process keeps the site's settings until the next change.
        current.keep(pages.find_counter().read())
        with counting(PRIMARY) as primary, counting(REPLICA) as copied:
            response = client.get(page, **options)
        return response, len(primary), len(copied)

    return get


@contextmanager
def counting(database: str):
    """Yield a list of the queries sent over a connection, whether or not it responds."""
    asked = []

    def count(execute, sql, *arguments):
        asked.append(sql)
        return execute(sql, *arguments)

    with connections[database].execute_wrapper(count):
        yield asked


@pytest.fixture
def ours(settings, asked):
    """Return a function that gets one of the test views and splits its response into words."""
    settings.ROOT_URLCONF = __name__

    def get(view) -> list[str]:
        response, _, _ = asked(f"/{view.__name__}/")
        assert response.status_code == 200
        return response.text.split()

    return get


@pytest.fixture
def dead(following, dead_port):
    """Point the replica at a port without a server."""
    address = {"NAME": "blog", "HOST": "127.0.0.1", "PORT": dead_port, "OPTIONS": {}}
    connections[REPLICA] = PostgreSQL(connections[PRIMARY].settings_dict | address, REPLICA)


def test_a_page_is_read_from_the_replica(asked):
    # The primary gets one query, for its log position. So does the replica, before the page's own.
    response, primary, copied = asked()
    assert (response.status_code, primary, copied) == (200, 1, 1 + 4)


def test_with_session_and_user(asked, client, author):
    client.force_login(author)
    # Two of these queries load the user's own card.
    response, primary, copied = asked()
    assert (response.status_code, primary, copied) == (200, 1, 1 + 7)


def test_a_search_is_read_from_the_replica_too(asked, post):
    response, primary, copied = asked("/", data={"q": "test"})
    assert post.get_absolute_url() in response.text
    # SQLite, which has no replicas, searches with the connection that writes.
    assert primary + copied == 1 + 1 + 3
    assert primary == (2 if connections[PRIMARY].vendor == "sqlite" else 1)


def test_a_page_without_data_makes_no_query(asked):
    assert asked("/hello/")[1:] == (0, 0)


def test_a_replica_that_is_behind_is_not_used(asked, following, log):
    following(BEHIND)
    response, primary, copied = asked()
    assert (response.status_code, primary, copied) == (200, 1 + 4, replica.ATTEMPTS)
    assert "the replica is behind" in log.getvalue()


@pytest.mark.parametrize("away", ["dead", "dying"])
def test_a_replica_that_does_not_respond_is_not_noticed(request, asked, following, log, away):
    if away == "dead":
        request.getfixturevalue("dead")
    else:
        # SQLite does not know this function. PostgreSQL ends its own connection.
        following("SELECT pg_terminate_backend(pg_backend_pid()) AND %s = '5'")
    response, primary, _ = asked()
    assert (response.status_code, primary) == (200, 1 + 4)
    assert "WARNING blogsite.replica" in log.getvalue()
    assert "the replica does not respond: " in log.getvalue()


def test_a_replica_that_failed_is_not_used_until_its_pause_ends(asked, following, monkeypatch, log):
    following(BEHIND)
    asked()
    assert asked()[1:] == (4, 0)
    for rests, state, queries in ((1, BEHIND, 1 + 4), (2, UP_TO_DATE, 1)):
        following(state)
        later = time.monotonic() + rests * REST_BEHIND
        monkeypatch.setattr(replica.time, "monotonic", lambda now=later: now)
        assert asked()[1] == queries
    # The log says it once, however often the replica is tried.
    assert log.getvalue().count("the replica is behind") == 1
    assert log.getvalue().count("The replica serves again") == 1


def test_after_its_rest_one_thread_tries_for_all(monkeypatch):
    trust = replica.Trust()
    assert trust.may_ask() and trust.may_ask()
    trust.lose("is away", REST_AWAY)
    assert not trust.may_ask()
    later = time.monotonic() + REST_AWAY
    monkeypatch.setattr(replica.time, "monotonic", lambda: later)
    assert [trust.may_ask() for _ in range(3)] == [True, False, False]
    trust.regain()
    assert trust.may_ask() and trust.may_ask()


def test_a_failure_that_was_not_logged_is_logged_the_next_time(log):
    trust = replica.Trust()
    logging.disable()
    trust.lose("is away", REST_AWAY)
    logging.disable(logging.NOTSET)
    assert not trust.may_ask() and not log.getvalue()
    for _ in range(2):
        trust.lose("is away", REST_AWAY)
    assert log.getvalue().count("the replica is away") == 1
    trust.regain()
    assert log.getvalue().count("The replica serves again") == 1


def test_a_replica_that_stops_between_two_queries_is_not_noticed(ours, log):
    assert ours(loses_it_in_between) == [REPLICA, PRIMARY, "author"]
    assert "the replica disconnected: " in log.getvalue()


def test_writes_of_a_request_are_read_back(ours):
    assert ours(writes_in_between) == [REPLICA, PRIMARY, "Somebody", "else"]


def test_transactions_and_locks_are_the_primarys(ours):
    assert ours(locks) == [PRIMARY, PRIMARY, PRIMARY]


def test_after_a_transaction_that_only_read_the_replica_is_used_again(ours):
    assert ours(leaves_after_transaction) == [PRIMARY, REPLICA]


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_a_request_that_may_write_queries_only_the_primary(asked, client, author, method):
    client.force_login(author)
    with counting(REPLICA) as copied:
        getattr(client, method)("/create/", {"title": "Written", "body": "at once"})
    assert not copied
    assert Post.objects.filter(title="Written").exists() == (method == "post")


def test_queries_after_a_request_go_to_the_primary(asked):
    assert asked()[2]
    assert User.objects.get()._state.db == PRIMARY


def test_commands_query_the_primary(following, author):
    call_command("recount_posts", verbosity=0)
    assert connections[REPLICA].connection is None


def test_rows_of_both_databases_belong_together_and_the_primary_alone_migrates(following):
    assert router.allow_relation(Post(), User())
    assert router.allow_migrate(PRIMARY, "posts")
    assert not router.allow_migrate(REPLICA, "posts")
