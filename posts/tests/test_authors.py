"""The page of a person who writes."""

import pytest

from posts.models import Post


@pytest.mark.parametrize("name", ["", "Ada of the Hills"])
def test_the_page_shows_who_they_are_and_what_they_wrote(client, author, post, name):
    author.display_name, author.website = name, "https://ada.example"
    author.biography_html = "<p>Writes <em>slowly</em>.</p>"
    author.save()
    page = client.get("/authors/author/").text
    assert f'<h1 dir="auto">{name or "author"}</h1>' in page
    assert "<em>slowly</em>" in page
    assert '<a href="https://ada.example" rel="nofollow ugc noopener">' in page
    assert "Test title" in page


def test_a_name_leads_there_from_list_and_post(client, post):
    for path in ("/", post.get_absolute_url()):
        assert 'rel="author" href="/authors/author/"' in client.get(path).text


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/authors/AUTHOR/", "/authors/author/"),
        ("/authors/ａｕｔｈｏｒ/", "/authors/author/"),
    ],
)
def test_another_spelling_leads_to_the_one_address(client, author, path, location):
    response = client.get(path)
    assert (response.status_code, response["Location"]) == (301, location)


@pytest.mark.parametrize("path", ["/authors/nobody/", "/authors/%00/", "/authors/..%2F/"])
def test_nobody_is_404(client, author, path):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(("is_active", "status"), [(True, 200), (False, 404)])
def test_a_closed_account_has_no_page(client, author, is_active, status):
    author.is_active = is_active
    author.save()
    assert client.get("/authors/author/").status_code == status
    assert client.get("/authors/author/feed/").status_code == status


def test_who_wrote_nothing_has_a_page_that_says_so(client, reader, draft):
    assert "reader has published nothing yet." in client.get("/authors/reader/").text
    assert "Draft title" not in client.get("/authors/author/").text


@pytest.mark.parametrize(("visitor", "sees"), [("author", True), ("reader", False)])
def test_one_edits_only_ones_own_page(client_of, post, visitor, sees):
    assert ("Edit your page" in client_of(visitor).get("/authors/author/").text) == sees


def test_others_posts_are_not_on_it(client, post, make_user):
    Post.objects.update(author=make_user("other"))
    assert "Test title" not in client.get("/authors/author/").text
