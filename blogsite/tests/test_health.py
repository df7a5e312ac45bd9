"""Answers for machines that watch the site, and the seed's greeting."""

import pytest
from django.test import Client

OWN_HOST = {}
FOREIGN_HOST = {"HTTP_HOST": "10.0.0.7:8000"}


@pytest.mark.parametrize("host", [OWN_HOST, FOREIGN_HOST])
@pytest.mark.parametrize("redirects", [False, True])
@pytest.mark.parametrize("method", ["get", "head"])
def test_healthz_answers_any_host_without_a_database(settings, client, method, host, redirects):
    # Without the mark `django_db`, a query would raise.
    settings.SECURE_SSL_REDIRECT = redirects
    response = getattr(client, method)("/healthz", **host)
    assert response.status_code == 200
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["Cache-Control"] == "no-store"
    assert response["Content-Length"] == "3"
    assert response.text == ("ok\n" if method == "get" else "")
    assert not response.cookies


@pytest.mark.parametrize("host", [OWN_HOST, FOREIGN_HOST])
@pytest.mark.parametrize("redirects", [False, True])
def test_readyz_says_that_database_and_cache_answer(settings, client, db, host, redirects):
    settings.SECURE_SSL_REDIRECT = redirects
    response = client.get("/readyz", **host)
    assert (response.status_code, response.text) == (200, "ready\n")


def test_readyz_costs_one_query(client, django_assert_num_queries, db):
    with django_assert_num_queries(1):
        client.get("/readyz")


@pytest.mark.parametrize("path", ["/", "/healthz/", "/readyz/"])
def test_other_addresses_keep_the_host_check(client, path):
    assert client.get(path, **FOREIGN_HOST).status_code == 400


def redis_at(port: int) -> dict:
    backend = "django.core.cache.backends.redis.RedisCache"
    return {"default": {"BACKEND": backend, "LOCATION": f"redis://127.0.0.1:{port}/0"}}


@pytest.fixture
def dead_cache(settings, dead_port):
    settings.CACHES = redis_at(dead_port)


@pytest.mark.parametrize(
    ("dead", "reason"),
    [
        (["dead_database"], "database"),
        (["dead_cache"], "cache"),
        (["dead_database", "dead_cache"], "database and cache"),
    ],
)
def test_readyz_names_what_does_not_answer(request, client, db, log, dead, reason):
    for name in dead:
        request.getfixturevalue(name)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.text == f"not ready: {reason} did not answer\n"
    for name in reason.split(" and "):
        assert f"WARNING blogsite.health [{response['X-Request-ID']}] The {name} did not" in (
            log.getvalue()
        )


def test_readyz_sees_a_cache_that_forgets(settings, client, db):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    assert client.get("/readyz").text == "not ready: cache did not answer\n"


def test_healthz_lives_on_while_database_and_cache_are_dead(client, dead_database, dead_cache):
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/hello/"])
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_what_only_answers_refuses_to_be_written(path, method):
    response = getattr(Client(), method)(path)
    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD"


def test_hello_greets_in_plain_text(client):
    """Seed: test_hello"""
    response = client.get("/hello/")
    assert response.status_code == 200
    assert response.text == "Hello, World!"
    assert response["Content-Type"] == "text/plain; charset=utf-8"
