"""Pages that a browser may prefetch: which ones, for whom, and without side effects."""

import json
import re

import pytest
from django.urls import reverse

from conftest import PASSWORD
from tests.test_urls import INVENTORY, READ

RULES = re.compile(r'"(/static/next-page\.[0-9a-f]{12}\.speculationrules)"')


@pytest.fixture
def rules(client, db) -> dict:
    """Return the speculation rules, found as a browser finds them."""
    (address,) = RULES.fullmatch(client.get("/")["Speculation-Rules"]).groups()
    response = client.get(address)
    assert response["Content-Type"] == "application/speculationrules+json"
    assert "immutable" in response["Cache-Control"]
    return json.loads(b"".join(response))


def test_pages_are_prefetched_on_hover_and_none_is_run(rules):
    (rule,) = rules.pop("prefetch")
    assert rule["eagerness"] == "moderate"
    assert rules == {}


@pytest.mark.parametrize(
    ("visitor", "path", "is_offered"),
    [
        ("anonymous", "/", True),
        ("anonymous", "/1-test-title/", True),
        ("anonymous", "/tags/", True),
        ("anonymous", "/?q=test", True),
        ("anonymous", "/nowhere/", False),
        ("anonymous", "/feed/", False),
        ("anonymous", "/robots.txt", False),
        ("anonymous", "/auth/login/", False),
        ("reader", "/", False),
        ("reader", "/1-test-title/", False),
        ("author", "/1/update/", False),
    ],
)
def test_they_are_offered_only_to_visitors_of_the_page_cache(
    client_of, post, visitor, path, is_offered
):
    response = client_of(visitor).get(path.replace("/1", f"/{post.pk}"))
    assert ("Speculation-Rules" in response) == is_offered


def test_only_public_pages_that_change_nothing_are_fetched(rules):
    (rule,) = rules["prefetch"]
    patterns = rule["where"]["and"][0]["href_matches"]
    # In a URL pattern, a name matches up to the next slash, or up to the text that follows the
    # name.
    fetched = re.compile("|".join(re.sub(r":[a-z]+", "[^/]+?", each) for each in patterns))
    matched = {
        name: (methods, visitors)
        for name, (arguments, methods, visitors) in INVENTORY.items()
        if fetched.fullmatch(reverse(name, kwargs=arguments))
    }
    pages = {"post_list", "post_detail", "tag_list", "tag_detail", "author_detail"}
    assert {f"posts:{name}" for name in pages} <= set(matched)
    for name, allowed in matched.items():
        assert allowed == (READ, "public"), name


@pytest.mark.parametrize("path", ["/auth/login/", "/admin/login/"])
def test_after_logging_in_no_prefetched_page_is_shown(client, make_user, path):
    make_user("staff", is_staff=True)
    refused = client.post(path, {"username": "staff", "password": "wrong"})
    assert "Clear-Site-Data" not in refused
    response = client.post(path, {"username": "staff", "password": PASSWORD})
    assert (response.status_code, response["Clear-Site-Data"]) == (302, '"prefetchCache"')
    assert "Clear-Site-Data" not in client.get("/")
