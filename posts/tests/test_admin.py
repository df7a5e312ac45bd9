"""The admin as moderators use it."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from posts.models import Post

POSTS = "/admin/posts/post/"


def listed(page: str) -> list[str]:
    return re.findall(r'field-title"><a [^>]*>([^<]*)</a>', page)


@pytest.fixture
def two_posts(make_post, make_user):
    make_post(title="Old bread", publish_at=timezone.now() - timedelta(days=400))
    make_post(title="New boots", author=make_user("Straße"))


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("", ["New boots", "Old bread"]),
        ("?q=bread", ["Old bread"]),
        ("?q=-bread", []),
        ("?q=straße", ["New boots"]),
        ("?author=author", ["Old bread"]),
        # Ignores case, as logging in does.
        ("?author=STRASSE", ["New boots"]),
        ("?author=+", ["New boots", "Old bread"]),
        ("?author=nobody", []),
        ("?status__exact=draft", []),
        ("?author=author&status__exact=published", ["Old bread"]),
    ],
)
def test_posts_are_found_by_words_author_and_status(client_of, two_posts, query, titles):
    assert listed(client_of("moderator").get(POSTS + query).text) == titles


def test_posts_are_filtered_by_date(client_of, two_posts):
    page = client_of("moderator").get(POSTS).text
    # Don't filter by "Today": shortly after midnight, an hour ago was yesterday.
    (link,) = re.findall(r'href="(\?publish_at__gte=[^"]*)">\s*Past 7 days', page)
    found = client_of("moderator").get(POSTS + link.replace("&amp;", "&").replace("+", "%2B"))
    assert listed(found.text) == ["New boots"]


def test_the_author_filter_keeps_the_other_filters(client_of, two_posts):
    page = client_of("moderator").get(POSTS + "?status__exact=published&author=author").text
    form = page[page.index('data-filter-title="author"') :]
    assert '<input type="hidden" name="status__exact" value="published">' in form
    assert 'name="author" value="author"' in form


@pytest.mark.parametrize("visitor", ["moderator", "editor", "owner"])
def test_only_an_owner_changes_the_author_of_a_post(client_of, post, reader, visitor):
    client = client_of(visitor)
    path = f"{POSTS}{post.pk}/change/"
    may = visitor == "owner"
    assert ('name="author"' in client.get(path).text) == may
    data = change(post, title="Changed", author=reader.pk)
    assert client.post(path, data).status_code == 302
    changed = Post.objects.get()
    assert changed.title == "Changed"
    assert changed.author == (reader if may else post.author)


@pytest.mark.parametrize("visitor", ["editor", "owner"])
def test_a_new_post_is_by_the_person_who_adds_it_unless_an_owner_chooses(
    client_of, author, visitor
):
    client = client_of(visitor)
    own = client.get(f"{POSTS}add/").context["user"]
    data = {"title": "New", "body": "Text", "status": "draft", "author": author.pk}
    assert client.post(f"{POSTS}add/", data).status_code == 302
    assert Post.objects.get().author == (author if visitor == "owner" else own)


def test_the_author_of_a_new_post_is_preselected(client_of):
    page = client_of("owner").get(f"{POSTS}add/")
    assert page.context["adminform"].form["author"].value() == page.context["user"].pk


def test_the_author_is_an_autocomplete_field(client_of, post):
    page = client_of("owner").get(f"{POSTS}{post.pk}/change/").text
    assert 'class="admin-autocomplete"' in page
    found = client_of("owner").get(
        "/admin/autocomplete/?app_label=posts&model_name=post&field_name=author&term=auth"
    )
    assert [row["text"] for row in found.json()["results"]] == ["author"]


@pytest.mark.parametrize(("confirmed", "remaining"), [({}, 2), ({"post": "yes"}, 0)])
def test_the_action_deletes_after_confirmation(client_of, two_posts, confirmed, remaining):
    chosen = {"action": "delete_selected", "_selected_action": Post.objects.values_list("pk")}
    chosen["_selected_action"] = [pk for (pk,) in chosen["_selected_action"]]
    page = client_of("moderator").post(POSTS, chosen | confirmed, follow=True).text
    assert Post.objects.not_in_trash().count() == remaining
    assert ("Are you sure" in page) == bool(remaining)


def test_one_post_is_deleted_after_confirmation(client_of, post):
    client = client_of("moderator")
    path = f"{POSTS}{post.pk}/delete/"
    assert "Are you sure" in client.get(path).text
    assert client.post(path, {"post": "yes"}).status_code == 302
    assert not Post.objects.not_in_trash().exists()


def change(post: Post, **fields) -> dict:
    at = timezone.localtime(post.publish_at) if post.publish_at else None
    return {
        "author": post.author_id,
        "title": post.title,
        "body": post.body,
        "status": post.status,
        "publish_at_0": at.strftime("%Y-%m-%d") if at else "",
        "publish_at_1": at.strftime("%H:%M:%S") if at else "",
    } | fields


def test_a_moderator_changes_a_post_through_the_one_write_path(client_of, post):
    data = change(post, title="Mended title")
    assert client_of("moderator").post(f"{POSTS}{post.pk}/change/", data).status_code == 302
    changed = Post.objects.get()
    assert (changed.title, changed.slug) == ("Mended title", "mended-title")
    assert changed.updated_at > post.updated_at


def test_a_published_post_without_a_time_is_refused_with_a_message(client_of, post):
    data = change(post, publish_at_0="", publish_at_1="")
    response = client_of("moderator").post(f"{POSTS}{post.pk}/change/", data)
    assert "A published post needs a time." in response.text
    assert Post.objects.get().publish_at


@pytest.mark.parametrize(("year", "is_saved"), [("0001", False), ("2020", True), ("9999", False)])
def test_a_time_that_some_zone_could_not_write_is_refused(client_of, post, year, is_saved):
    data = change(post, title="Moved", publish_at_0=f"{year}-01-02")
    response = client_of("moderator").post(f"{POSTS}{post.pk}/change/", data)
    assert Post.objects.filter(title="Moved").exists() == is_saved
    assert is_saved or "Choose a year from 1900 to 9000." in response.text


def test_the_admin_too_stores_a_body_exactly_as_typed(client_of, post):
    data = change(post, body="  lead\r\nline  \r\n")
    client_of("moderator").post(f"{POSTS}{post.pk}/change/", data)
    assert Post.objects.get().body == "  lead\nline  \n"


@pytest.mark.parametrize(("visitor", "status"), [("reader", 302), ("moderator", 403)])
def test_moderators_can_not_add_posts_for_others(client_of, visitor, status):
    assert client_of(visitor).get(f"{POSTS}add/").status_code == status


def test_people_are_listed_with_the_number_of_their_posts(client_of, two_posts, make_post):
    make_post(title="Second by author")
    page = client_of("moderator").get("/admin/accounts/user/?o=2.1").text
    rows = re.findall(r'field-username">.*?>([^<]+)</a>.*?field-post_count">(\d+)<', page, re.S)
    assert dict(rows) == {"author": "2", "Straße": "1", "moderator": "0", "reader": "0"}


@pytest.mark.parametrize("has_posts", [True, False])
def test_a_person_with_posts_or_comments_can_not_be_deleted(
    client, make_user, make_post, has_posts
):
    writer = make_user("writer")
    if has_posts:
        make_post(author=writer)
    client.force_login(make_user("root", is_staff=True, is_superuser=True))
    client.post(f"/admin/accounts/user/{writer.pk}/delete/", {"post": "yes"})
    assert type(writer).objects.filter(pk=writer.pk).exists() == has_posts


@pytest.mark.parametrize("status", ["draft", "hidden", "published"])
def test_moderators_search_all_posts_as_readers_search_the_listed(client_of, make_post, status):
    make_post(title="Bread", body="of barley", tags="Baking", status=status)
    make_post(title="Soup")
    for question in ("barley", "bre", "tag:baking -soup", '"bread of"'):
        found = client_of("moderator").get(POSTS, {"q": question}).text
        assert listed(found) == ([] if question == '"bread of"' else ["Bread"])


def test_a_long_list_shows_its_first_rows_and_says_so(client_of, make_post, monkeypatch):
    monkeypatch.setattr("accounts.admin.ROWS_MAX", 2)
    said = "These are the first 2. Use the filters or the search to find others."
    make_post()
    assert said not in client_of("moderator").get(POSTS).text
    make_post()
    make_post()
    assert said in client_of("moderator").get(POSTS).text


@pytest.mark.parametrize(
    ("question", "is_found"),
    [
        ("Zo", True),
        ("ZOË", True),
        ("zoe@exa", True),
        ("Zoe@Exa", True),
        ("oë", False),
        ("@", False),
    ],
)
def test_people_are_found_by_how_their_names_begin(client_of, make_user, question, is_found):
    make_user("Zoë", email="zoe@example.org")
    page = client_of("moderator").get("/admin/accounts/user/", {"q": question}).text
    assert (">Zoë</a>" in page) is is_found
