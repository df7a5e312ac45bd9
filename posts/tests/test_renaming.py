"""A person with a new username: every old address leads on, and no page shows the old name."""

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.profiles import rename
from caching.tests.cached import AnonymousVisitor
from posts.search import find

TAILS = ["", "feed/", "feed/atom/", "feed/json/"]


def leads_to(client, path: str) -> str:
    """Return where an address redirects in one step, or itself if it is a page."""
    response = client.get(path)
    assert response.status_code in (200, 301), path
    return response.get("Location", path)


def test_every_address_of_a_renamed_person_leads_to_the_new_one_in_one_step(
    client, make_post, author
):
    make_post()
    names = ["author", "Zoë", "third.name"]
    for name in names[1:]:
        rename(author, name)
    for tail in TAILS:
        for old in ("/authors/author/", "/authors/AUTHOR/", "/authors/Zo%C3%AB/"):
            assert leads_to(client, old + tail) == f"/authors/third.name/{tail}"
    assert leads_to(client, "/authors/author/?page=2") == "/authors/third.name/?page=2"
    rename(author, "author")
    for name in names:
        assert leads_to(client, f"/authors/{name}/feed/") == "/authors/author/feed/"


def test_names_that_go_round_make_no_loop(client, author, reader):
    rename(author, "a")
    rename(author, "b")
    rename(author, "author")
    rename(reader, "c")
    for old, new in [("a", "author"), ("b", "author"), ("reader", "c"), ("c", "c")]:
        assert leads_to(client, f"/authors/{old}/") == f"/authors/{new}/"


def test_no_page_shows_the_old_name(
    make_post, make_comment, author, client_of, django_capture_on_commit_callbacks
):
    post = make_post(tags="tea")
    author.display_name = "Zoë"
    author.save()
    make_comment(post=post, author=author)
    visitor = AnonymousVisitor()
    paths = ["/", post.get_absolute_url(), "/tags/tea/", "/feed/json/"]
    for path in paths:
        for text in (visitor.get(path).text, client_of("reader").get(path).text):
            assert "/authors/author/" in text
    with django_capture_on_commit_callbacks(execute=True):
        rename(author, "pen.name")
    for path in paths:
        for text in (visitor.get(path).text, client_of("reader").get(path).text):
            assert "/authors/pen.name/" in text
            assert "/authors/author/" not in text and "@author" not in text
    assert visitor.get("/authors/author/").headers["Location"] == "/authors/pen.name/"


def test_search_finds_posts_by_the_new_username_only(make_post, author):
    post = make_post()
    rename(author, "pen.name")
    assert find("pen", now=timezone.now()).ids == [post.pk]
    assert find("author", now=timezone.now()).ids == []


@pytest.mark.parametrize("name", ["author", "new"])
def test_a_page_that_someone_has_under_an_old_name_comes_first(client, author, name):
    rename(author, "new")
    # A command may give a name to someone else.
    if name == "author":
        User.objects.create_user("author")
    assert leads_to(client, f"/authors/{name}/") == f"/authors/{name}/"
