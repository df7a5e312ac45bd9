"""Author pages."""

import pytest
from django.utils import timezone

from accounts.models import User
from posts.discussion import commenting
from posts.models import Post


@pytest.mark.parametrize("name", ["", "Ada of the Hills"])
def test_the_page_shows_the_profile_and_the_posts(client, author, post, name):
    author.display_name, author.website = name, "https://ada.example"
    author.biography_html = "<p>Writes <em>slowly</em>.</p>"
    author.save()
    page = client.get("/authors/author/").text
    assert f'<h1 dir="auto">{name or "author"}</h1>' in page
    assert "<em>slowly</em>" in page
    assert '<a href="https://ada.example" rel="nofollow ugc noopener">' in page
    assert "Test title" in page


def test_the_name_on_lists_and_posts_links_there(client, post):
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
def test_an_unknown_author_is_404(client, author, path):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(("is_active", "status"), [(True, 200), (False, 404)])
def test_a_closed_account_has_no_page(client, author, is_active, status):
    author.is_active = is_active
    author.save()
    assert client.get("/authors/author/").status_code == status
    assert client.get("/authors/author/feed/").status_code == status


@pytest.mark.parametrize(("is_listed", "status"), [(True, 200), (False, 404)])
def test_posts_of_a_closed_account_lead_to_a_page_with_them_alone(
    client, author, make_post, is_listed, status
):
    make_post(status=Post.Status.PUBLISHED if is_listed else Post.Status.HIDDEN)
    author.is_active, author.website = False, "https://ada.example"
    author.biography_html, author.avatar = "<p>Buy this.</p>", f"images/{'a' * 22}-8x6-300.webp"
    author.save()
    for path in ("", "feed/", "feed/atom/", "feed/json/"):
        response = client.get(f"/authors/author/{path}")
        assert response.status_code == status
        assert ("Test title" in response.text) == is_listed
        for part in ("Buy this.", "ada.example", "<img"):
            assert part not in response.text


@pytest.mark.parametrize("is_active", [True, False])
def test_the_name_on_a_comment_links_there_unless_the_account_is_closed(
    client, post, reader, is_active
):
    commenting.add_comment(post, reader, "Hm.", now=timezone.now())
    User.objects.filter(pk=reader.pk).update(is_active=is_active)
    page = client.get(post.get_absolute_url()).text
    assert "reader</a>" in page if is_active else "reader</span>" in page
    assert ('href="/authors/reader/"' in page) == is_active


def test_the_account_page_links_to_the_public_page(client_of):
    assert '<a href="/authors/reader/">reader</a>' in client_of("reader").get("/auth/account/").text


def test_an_author_without_posts_has_a_page_that_says_so(client, reader, draft):
    assert "reader hasn’t published anything yet." in client.get("/authors/reader/").text
    assert "Draft title" not in client.get("/authors/author/").text


@pytest.mark.parametrize(("visitor", "sees"), [("author", True), ("reader", False)])
def test_people_edit_only_their_own_page(client_of, post, visitor, sees):
    assert ("Edit your page" in client_of(visitor).get("/authors/author/").text) == sees


def test_it_lists_no_posts_by_other_people(client, post, make_user):
    Post.objects.update(author=make_user("other"))
    assert "Test title" not in client.get("/authors/author/").text
