"""Renaming and merging tags in the admin, and redirects from their old addresses."""

import re
from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission
from django.utils import timezone

from identity.models import Redirect
from posts import tagging
from posts.models import Post, Tag, Tagging, TagRedirect
from posts.tests.listings import all_listings, by_number, expect_right_numbers, plain_slices

CHANGELIST = "/admin/posts/tag/"


def rename(client, old: str, new: str):
    tag = Tag.objects.get(name=old)
    return client.post(f"{CHANGELIST}{tag.pk}/change/", {"name": new}, follow=True)


def titles(client, path: str) -> list[str]:
    response = client.get(path, follow=True)
    return re.findall(r"<h2[^>]*><a [^>]*>([^<]*)</a>", response.text)


def leads_to(client, slug: str) -> str:
    """Return the slug that a tag's address redirects to in one step, or its own if it is a page."""
    response = client.get(f"/tags/{slug}/")
    if response.status_code == 200:
        return slug
    assert response.status_code == 301
    return re.fullmatch("/tags/(.*)/", response["Location"])[1]


@pytest.fixture
def moderating(client_of):
    return client_of("moderator")


# Renaming


def test_a_renamed_tag_keeps_its_posts_and_its_old_address_leads_on(moderating, make_post):
    make_post(title="First", tags="Phyton, other")
    response = rename(moderating, "Phyton", " Python  3 ")
    assert response.status_code == 200 and "Python 3" in response.text
    assert list(Tag.objects.values_list("name", "key", "slug").order_by("key")) == [
        ("other", "other", "other"),
        ("Python 3", "python 3", "python-3"),
    ]
    assert leads_to(moderating, "phyton") == "python-3"
    assert titles(moderating, "/tags/phyton/") == ["First"]
    expect_right_numbers()


def test_search_finds_posts_by_the_new_name_of_a_tag(moderating, make_post):
    post = make_post(title="First", tags="Phyton")
    rename(moderating, "Phyton", "Python")
    for question, is_found in [("python", True), ("tag:python", True), ("phyton", False)]:
        assert (post.get_absolute_url() in moderating.get(f"/?q={question}").text) == is_found


def test_a_chain_of_renames_redirects_straight_to_the_last_name(moderating, make_post):
    make_post(tags="a")
    for old, new in ["ab", "bc", "cd"]:
        rename(moderating, old, new)
    assert [leads_to(moderating, slug) for slug in "abcd"] == ["d"] * 4


def test_renaming_back_makes_no_redirect_loop(moderating, make_post):
    make_post(tags="a")
    for old, new in ["ab", "ba"]:
        rename(moderating, old, new)
    assert [leads_to(moderating, slug) for slug in "ab"] == ["a", "a"]
    assert Redirect.objects.count() == 1
    # A browser that cached the redirect from a to b would go in circles.
    moderating.logout()
    assert "no-cache" in moderating.get("/tags/b/")["Cache-Control"]


def test_a_redirect_keeps_the_query(moderating, make_post):
    for _ in range(6):
        make_post(tags="a")
    rename(moderating, "a", "b")
    assert moderating.get("/tags/a/?page=2")["Location"] == "/tags/b/?page=2"


@pytest.mark.parametrize(("old", "new"), [("tea", "Tea"), ("Cafe", "Café"), ("C", "C?")])
def test_another_spelling_keeps_the_address(moderating, make_post, old, new):
    make_post(tags=old)
    slug = Tag.objects.get().slug
    rename(moderating, old, new)
    assert Tag.objects.get().name == new
    if old != "Cafe":
        assert Tag.objects.get().slug == slug and not Redirect.objects.exists()


def test_a_new_tag_under_the_old_name_has_its_address_back(moderating, make_post):
    make_post(title="First", tags="a")
    rename(moderating, "a", "b")
    make_post(title="Second", tags="a")
    assert (titles(moderating, "/tags/a/"), titles(moderating, "/tags/b/")) == (
        ["Second"],
        ["First"],
    )
    rename(moderating, "a", "c")
    assert leads_to(moderating, "a") == "c"


@pytest.mark.parametrize("tail", ["feed/", "feed/atom/", "feed/json/"])
def test_feeds_move_with_their_tag(moderating, make_post, tail):
    make_post(tags="a")
    rename(moderating, "a", "b")
    response = moderating.get(f"/tags/a/{tail}")
    assert (response.status_code, response["Location"]) == (301, f"/tags/b/{tail}")


@pytest.mark.parametrize("fields", [{"status": Post.Status.DRAFT}, {"status": Post.Status.HIDDEN}])
def test_an_old_address_of_a_tag_that_nothing_listed_has_is_404(moderating, make_post, fields):
    make_post(tags="a", **fields)
    rename(moderating, "a", "b")
    assert moderating.get("/tags/a/").status_code == 404
    assert moderating.get("/tags/a/feed/").status_code == 404


def test_redirects_of_an_older_version_are_kept(client, make_post):
    make_post(tags="b, Ł")
    for slug, name in [("a", "b"), ("ł-2", "ł")]:
        TagRedirect.objects.create(slug=slug, tag=Tag.objects.get(key=name))
    import_module("posts.migrations.0018_redirects").copy(apps, None)
    assert leads_to(client, "a") == "b"
    assert client.get("/tags/ł-2/feed/")["Location"] == "/tags/%C5%82/feed/"


def test_renaming_does_not_overwrite_the_count(make_post):
    make_post(tags="a")
    tag = Tag.objects.get()
    make_post(tags="a")
    tagging.rename_tag(tag, "b")
    assert Tag.objects.get().published_count == 2


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "This field is required."),
        (" , ", "A tag is a single name without commas."),
        ("\u200b", "A tag is a single name without commas."),
        ("a, b", "A tag is a single name without commas."),
        ("x" * 51, "at most 50 characters"),
        ("ﷺ" * 50, "Use at most 50 characters for a tag."),
        ("a\0", "Null characters are not allowed."),
    ],
)
def test_a_bad_name_is_refused_beside_the_field(moderating, make_post, name, message):
    make_post(tags="tea")
    response = rename(moderating, "tea", name)
    assert message in response.context["adminform"].form.errors["name"][0]
    assert Tag.objects.get().name == "tea"


# Merging


def test_the_name_of_another_tag_merges_into_it(moderating, make_post):
    make_post(title="Both", tags="golang, x, Go")
    make_post(title="Old", tags="golang")
    make_post(title="New", tags="go")
    make_post(title="Draft", tags="golang", status=Post.Status.DRAFT)
    response = rename(moderating, "golang", "GO")
    assert response.status_code == 200 and "Go" in response.text
    go = Tag.objects.get(key="go")
    assert (go.name, go.published_count) == ("Go", 3)
    assert not Tag.objects.filter(key="golang").exists()
    assert titles(moderating, "/tags/golang/") == ["New", "Old", "Both"]
    assert "3 posts" in moderating.get("/tags/go/").text
    both, draft = (Post.objects.get(title=title) for title in ("Both", "Draft"))
    assert [tag.name for tag in both.tag_list] == ["x", "Go"]
    assert Tagging.objects.get(post=draft).status == Post.Status.DRAFT
    assert leads_to(moderating, "golang") == "go"
    expect_right_numbers()


def test_search_finds_merged_posts_by_the_name_that_stays(moderating, make_post):
    posts = [make_post(tags="golang, go"), make_post(tags="golang")]
    rename(moderating, "golang", "go")
    for question, number in [("go", 2), ("tag:go", 2), ("golang", 0)]:
        page = moderating.get(f"/?q={question}").text
        assert sum(post.get_absolute_url() in page for post in posts) == number


def test_addresses_of_merged_tags_lead_to_the_remaining_tag(moderating, make_post):
    make_post(tags="a, x")
    rename(moderating, "a", "b")
    rename(moderating, "b", "x")
    rename(moderating, "x", "y")
    assert {leads_to(moderating, slug) for slug in "abxy"} == {"y"}
    rename(moderating, "y", "a")
    assert {leads_to(moderating, slug) for slug in "abxy"} == {"a"}


def test_the_action_merges_into_the_one_most_used(moderating, make_post):
    for tags in ("a", "b, c", "b", "c, a", "b, a"):
        make_post(tags=tags)
    pks = list(Tag.objects.order_by("key").values_list("pk", flat=True))
    data = {"action": "merge_tags", "_selected_action": pks}
    response = moderating.post(CHANGELIST, data, follow=True)
    assert "2 tags were merged into “a”." in response.text
    assert Tag.objects.get().published_count == 5
    assert {leads_to(moderating, slug) for slug in "abc"} == {"a"}
    expect_right_numbers()


def test_pages_are_right_after_a_merge(moderating, make_post):
    now = timezone.now()
    for number in range(30):
        tags = "a" if number % 3 else "b" if number % 2 else "a, b"
        make_post(tags=tags, publish_at=now - timedelta(minutes=number))
    rename(moderating, "b", "a")
    for each in all_listings():
        assert by_number(each, now) == plain_slices(each, now)
    expect_right_numbers()


# Permissions


@pytest.mark.parametrize(
    ("visitor", "status"), [("anonymous", 302), ("reader", 302), ("moderator", 302)]
)
def test_only_moderators_rename_tags(client_of, make_post, visitor, status):
    make_post(tags="old")
    tag, client = Tag.objects.get(), client_of(visitor)
    response = client.post(f"{CHANGELIST}{tag.pk}/change/", {"name": "new"})
    assert response.status_code == status
    is_moderator = visitor == "moderator"
    assert response["Location"].startswith("/admin/login/") != is_moderator
    assert Tag.objects.get().name == ("new" if is_moderator else "old")


@pytest.mark.parametrize(
    ("permissions", "is_merged"),
    [(["view_tag"], False), (["view_tag", "change_tag"], True)],
)
def test_staff_who_may_only_view_tags_can_not_merge_them(
    client, make_user, make_post, permissions, is_merged
):
    make_post(tags="a, b")
    staff = make_user("staff", is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client.force_login(staff)
    pks = list(Tag.objects.values_list("pk", flat=True))
    client.post(CHANGELIST, {"action": "merge_tags", "_selected_action": pks})
    assert Tag.objects.count() == (1 if is_merged else 2)


def test_tags_can_not_be_added_in_the_admin(moderating, make_post):
    make_post(tags="tea")
    assert moderating.get(f"{CHANGELIST}add/").status_code == 403
    page = moderating.get(CHANGELIST).text
    assert "tea" in page and "Add tag" not in page
    assert 'name="name" value="tea"' in moderating.get(
        f"{CHANGELIST}{Tag.objects.get().pk}/change/"
    ).text.replace("\n", " ")
    assert "tea" in moderating.get(f"{CHANGELIST}?q=TE").text


def test_no_one_deletes_a_tag_without_its_posts_in_search(client, make_user, make_post):
    make_post(tags="spam")
    client.force_login(make_user("root", is_staff=True, is_superuser=True))
    pk = Tag.objects.get().pk
    assert client.post(f"{CHANGELIST}{pk}/delete/", {"post": "yes"}).status_code == 403
    data = {"action": "delete_selected", "_selected_action": [pk], "post": "yes"}
    client.post(CHANGELIST, data)
    assert Tag.objects.get().name == "spam"
