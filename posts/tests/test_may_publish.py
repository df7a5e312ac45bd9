"""The rights of each role: write, publish, delete and restore posts."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.granting import apply_role
from accounts.models import User
from accounts.roles import Role
from posts.models import ModerationEntry, Post
from posts.models.permissions import is_moderator, may_edit, may_moderate, may_publish
from posts.writing import publishing
from posts.writing.edit import Edit
from posts.writing.reviewing import unschedule

NOW = timezone.now()
TOMORROW = (NOW + timedelta(days=1)).replace(microsecond=0)
LATER = TOMORROW.strftime("%Y-%m-%dT%H:%M:%S")
WRITTEN = {"title": "Title", "body": "Typed zebra"}
KEPT = "Only an editor can change what readers see here."
EXPLAINED = "With your account, you can comment and like."
DRAFT = {"status": Post.Status.DRAFT, "publish_at": None}


def test_each_role_has_its_rights_on_own_and_other_posts(make_user, make_post):
    rights = (is_moderator, may_edit, may_publish, may_moderate)
    other = make_post()
    found = {}
    for role in Role.values:
        user = make_user(f"the-{role}", role=role)
        own = make_post(author=user)
        has = [
            "".join("x" if right(user, post) else "-" for right in rights[1:])
            for post in (own, other)
        ]
        found[role] = (is_moderator(user), *has)
    assert found == {
        "owner": (True, "xxx", "xxx"),
        "editor": (True, "xxx", "xxx"),
        "author": (False, "xxx", "---"),
        "contributor": (False, "x--", "---"),
        "reader": (False, "---", "---"),
    }


def test_the_rights_of_a_role_cost_no_query(make_user, post, django_assert_num_queries):
    for role in Role.values:
        user = User.objects.get(pk=make_user(f"the-{role}", role=role).pk)
        with django_assert_num_queries(0):
            for right in (may_edit, may_publish, may_moderate):
                right(user, post)


@pytest.mark.parametrize("role", ["owner", "editor", "author"])
def test_people_who_may_publish_publish_a_new_post(as_role, role):
    as_role(role).post("/create/", WRITTEN)
    assert Post.objects.get().is_listed(timezone.now())


@pytest.mark.parametrize("action", [None, "publish", "publish_now", "schedule", "update", "x"])
def test_a_new_post_of_a_contributor_is_saved_as_a_draft(as_role, action):
    typed = WRITTEN | {"publish_at": LATER} | ({"action": action} if action else {})
    page = as_role("contributor").post("/create/", typed, follow=True).text
    post = Post.objects.get()
    assert (post.status, post.body) == ("draft", "Typed zebra")
    assert KEPT in page and "Your draft is saved." in page
    assert 'value="ask_review"' in page and 'value="publish"' not in page


@pytest.mark.parametrize("state", ["draft", "scheduled", "published"])
@pytest.mark.parametrize(
    "action", [None, "publish", "publish_now", "schedule", "update", "unpublish", "draft"]
)
def test_a_contributor_changes_nothing_that_readers_see(own_post, state, action):
    at = {"draft": None, "scheduled": TOMORROW, "published": NOW}[state]
    client, post = own_post("contributor", **(DRAFT if at is None else {"publish_at": at}))
    typed = WRITTEN | {"publish_at": LATER} if state != "published" else WRITTEN
    page = client.post(f"/{post.pk}/update/", typed | ({"action": action} if action else {}))
    page = client.get(page["Location"]).text
    saved = Post.objects.get()
    assert (saved.status, saved.body == "Old") == (post.status, state != "draft")
    assert state == "draft" or saved.publish_at == post.publish_at
    assert "Typed zebra" in page
    is_kept = action not in (None, "draft") or (action is None and state != "draft")
    assert (KEPT in page) == is_kept


def test_a_role_that_changes_while_the_editor_is_open_decides(own_post):
    client, post = own_post("author", **DRAFT)
    assert 'value="publish"' in client.get(f"/{post.pk}/update/").text
    User.objects.filter(pk=post.author_id).update(role=Role.CONTRIBUTOR)
    client.post(f"/{post.pk}/update/", WRITTEN | {"action": "publish"})
    post.refresh_from_db()
    assert (post.status, post.body) == ("draft", "Typed zebra")


# Editors ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["owner", "editor"])
def test_editors_write_in_the_posts_of_others(as_role, post, role):
    client = as_role(role)
    address = f"/{post.pk}/update/"
    assert f'href="{address}"' in client.get(post.get_absolute_url()).text
    client.post(address, WRITTEN | {"action": "update"})
    saved = Post.objects.get()
    assert (saved.body, saved.author_id) == ("Typed zebra", post.author_id)
    assert saved.revisions.first().saved_by.role == role
    assert client.get(f"/{post.pk}/history/").status_code == 200
    preview = client.post("/preview/", WRITTEN | {"post": post.pk})
    assert post.author.username in preview.text


def test_an_editor_deletes_and_restores_a_post_of_someone_else_on_record(as_role, client_of, post):
    editor = as_role("editor")
    page = editor.post(f"/{post.pk}/delete/", follow=True).text
    assert "The post is in the trash." in page and f'action="/{post.pk}/restore/"' in page
    # Its author restores it, and readers still don't see it.
    client_of("author").post(f"/{post.pk}/restore/")
    assert Post.objects.get().is_hidden
    editor.post(f"/{post.pk}/delete/")
    assert "The post was restored." in editor.post(f"/{post.pk}/restore/", follow=True).text
    assert Post.objects.get().is_listed(timezone.now())
    acts = ModerationEntry.objects.order_by("pk").values_list("action", flat=True)
    assert list(acts) == ["delete", "delete", "restore"]


def test_an_editor_deletes_an_own_post_without_a_record(own_post):
    client, post = own_post("editor")
    client.post(f"/{post.pk}/delete/")
    client.post(f"/{post.pk}/restore/")
    assert Post.objects.get().is_listed(timezone.now())
    assert not ModerationEntry.objects.exists()


@pytest.mark.parametrize("visitor", ["moderator", "editor"])
def test_the_admin_publishes_a_draft_for_editors_alone(client_of, make_post, visitor):
    post = make_post(body="Old", **DRAFT)
    form = {"title": "Title", "body": "Typed zebra", "author": post.author_id}
    form |= {"status": "published", "publish_at_0": "2026-01-02", "publish_at_1": "03:04:05"}
    client = client_of(visitor)
    response = client.post(f"/admin/posts/post/{post.pk}/change/", form)
    may = visitor == "editor"
    assert response.status_code == (302 if may else 200)
    assert may or "Only an editor can publish this post." in response.text
    assert may or "Typed zebra" in response.text
    assert Post.objects.get().is_published == may
    # Both may edit a published post.
    publishing.publish(Post.objects.get(), Edit(NOW))
    assert client.post(f"/admin/posts/post/{post.pk}/change/", form).status_code == 302


# Deleting, restoring and earlier versions ---------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "is_deleted"), [(DRAFT, True), ({}, False), ({"publish_at": TOMORROW}, False)]
)
def test_a_contributor_deletes_only_what_readers_do_not_see(own_post, fields, is_deleted):
    client, post = own_post("contributor", **fields)
    page = client.get(f"/{post.pk}/update/").text
    assert ("Delete this post" in page) == is_deleted
    response = client.post(f"/{post.pk}/delete/")
    assert response.status_code == (302 if is_deleted else 403)
    assert is_deleted or "Only an editor can delete a post" in response.text
    assert Post.objects.get().is_in_trash == is_deleted


def test_a_published_post_comes_back_from_the_trash_as_a_draft(own_post):
    client, post = own_post("author")
    client.post(f"/{post.pk}/delete/")
    User.objects.filter(pk=post.author_id).update(role=Role.CONTRIBUTOR)
    client.post(f"/{post.pk}/restore/")
    assert Post.objects.get().is_draft


def test_an_earlier_version_of_a_published_post_comes_back_beside_it(own_post):
    client, post = own_post("author")
    publishing.update(post, Edit(NOW))
    post.body = "New"
    publishing.update(post, Edit(NOW))
    User.objects.filter(pk=post.author_id).update(role=Role.CONTRIBUTOR)
    assert (
        "Restoring puts this version into the editor." in client.get(f"/{post.pk}/history/1/").text
    )
    page = client.post(f"/{post.pk}/history/1/restore/", follow=True).text
    assert "is in the editor. Readers don&#x27;t see it yet." in page
    assert Post.objects.get().body == "New"
    assert ">\nOld</textarea>" in client.get(f"/{post.pk}/update/").text


@pytest.mark.parametrize(
    ("role", "review"), [("contributor", "asked"), ("reader", ""), ("author", None)]
)
def test_scheduled_posts_wait_if_their_author_may_no_longer_publish(
    make_user, make_post, role, review
):
    author = make_user("someone")
    make_post(author=author)
    make_post(author=author, publish_at=TOMORROW)
    author.role = role
    author.save()
    apply_role(author)
    published, scheduled = Post.objects.order_by("pk")
    assert published.is_listed(timezone.now())
    if review is None:
        assert scheduled.is_scheduled(timezone.now())
    else:
        assert (scheduled.status, scheduled.review) == ("draft", review)
        assert scheduled.publish_at == TOMORROW


def test_a_post_that_has_just_been_published_stays_published(post):
    unschedule(post, at=timezone.now(), is_to_review=True)
    assert Post.objects.get().is_listed(timezone.now())


# Readers ------------------------------------------------------------------------------------------


def test_a_reader_comments_and_likes(as_role, post):
    reader = as_role("reader")
    reader.post(f"/{post.pk}/like/")
    reader.post(f"/{post.pk}/comments/", {"body": "Words"})
    post.refresh_from_db()
    assert (post.like_count, post.comment_count) == (1, 1)


def test_a_reader_is_offered_no_writing(as_role, own_post):
    reader, post = own_post("reader")
    for path in ("/", "/mine/", "/mine/?state=trash", "/auth/account/", post.get_absolute_url()):
        page = reader.get(path)
        assert page.status_code == 200 and "/create/" not in page.text, path
        assert "/update/" not in page.text, path
    assert 'href="/create/"' in as_role("contributor").get("/").text


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_reader_who_writes_gets_an_explanation_and_the_text(own_post, method):
    client, post = own_post("reader", **DRAFT)
    for path in ("/create/", f"/{post.pk}/update/"):
        response = getattr(client, method)(path, WRITTEN)
        assert response.status_code == 403 and EXPLAINED in response.text, path
        assert ("Typed zebra</textarea>" in response.text) == (method == "post"), path
    assert Post.objects.get().body == "Old"


def test_scripts_of_a_reader_are_told_as_well(own_post):
    client, post = own_post("reader", **DRAFT)
    for path in ("/create/autosave/", f"/{post.pk}/autosave/"):
        response = client.post(path, WRITTEN)
        assert response.status_code == 403 and EXPLAINED in response.json()["message"], path
    for path in ("/images/", "/preview/", "/difference/"):
        assert client.post(path, WRITTEN).status_code == 403, path
    assert Post.objects.get().body == "Old"


# Comments -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "is_own", "status"),
    [
        ("editor", False, 302),
        ("author", True, 302),
        ("author", False, 403),
        ("contributor", True, 403),
        ("reader", True, 403),
    ],
)
def test_comments_are_moderated_by_people_who_may_publish_the_post(
    own_post, post, make_comment, role, is_own, status
):
    client, own = own_post(role)
    comment = make_comment(post=own if is_own else post)
    response = client.post(f"/{comment.post_id}/comments/{comment.pk}/hide/")
    assert response.status_code == status
    comment.refresh_from_db()
    assert comment.is_hidden == (status == 302)
