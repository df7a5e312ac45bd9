"""Updating and deleting a post."""

import pytest
from django.contrib.messages.storage.fallback import FallbackStorage
from django.utils import timezone

from posts.models import Post
from posts.writing import publishing
from posts.writing.edit import Edit
from posts.writing.editor import PostUpdate
from posts.writing.forms import PostForm


@pytest.mark.parametrize(
    ("path", "method", "next_"),
    [
        ("update", "get", "/{pk}/update/"),
        ("update", "post", "/{pk}/update/"),
        # The delete view takes only POST, so log-in returns to the editor.
        ("delete", "post", "/{pk}/update/"),
    ],
)
def test_an_anonymous_visitor_is_redirected_to_login_and_back(client, post, path, method, next_):
    """Seed: test_login_required."""
    response = getattr(client, method)(f"/{post.pk}/{path}/")
    assert response.status_code == 302
    assert response["Location"] == f"/auth/login/?next={next_.format(pk=post.pk)}"
    assert Post.objects.filter(title="Test title").exists()


@pytest.mark.parametrize(
    ("visitor", "status"), [("author", 302), ("reader", 403), ("moderator", 403)]
)
@pytest.mark.parametrize("path", ["update", "delete"])
def test_only_the_author_may_change_or_delete(client_of, post, path, visitor, status):
    """Seed: test_author_required."""
    response = client_of(visitor).post(f"/{post.pk}/{path}/", {"title": "changed"})
    assert response.status_code == status
    assert Post.objects.not_in_trash().filter(title="Test title").exists() == (status == 403)


@pytest.mark.parametrize(
    ("visitor", "status"), [("author", 200), ("reader", 404), ("moderator", 403)]
)
def test_a_draft_is_404_for_people_who_may_not_see_it(client_of, draft, visitor, status):
    client = client_of(visitor)
    assert client.get(f"/{draft.pk}/update/").status_code == status
    if status != 200:
        assert client.post(f"/{draft.pk}/delete/").status_code == status
        assert Post.objects.filter(pk=draft.pk).exists()


@pytest.mark.parametrize("path", ["update", "delete"])
@pytest.mark.parametrize("pk", ["2", "9" * 30])
def test_no_such_post_is_404(client_of, db, path, pk):
    """Seed: test_exists_required."""
    assert client_of("author").post(f"/{pk}/{path}/").status_code == 404


def test_the_author_changes_a_post_and_lands_on_it(client_of, post):
    """Seed: test_update."""
    client = client_of("author")
    page = client.get(f"/{post.pk}/update/").text
    assert ">\nTest title</textarea>" in page and "test\nbody</textarea>" in page
    response = client.post(f"/{post.pk}/update/", {"title": "updated", "body": " new"}, follow=True)
    assert response.redirect_chain == [(f"/{post.pk}-updated/", 302)]
    assert "Your changes are saved." in response.text
    changed = Post.objects.get()
    assert (changed.title, changed.slug, changed.body) == ("updated", "updated", " new")
    assert changed.updated_at > post.updated_at
    assert (changed.publish_at, changed.created_at, changed.uuid) == (
        post.publish_at,
        post.created_at,
        post.uuid,
    )


def test_saving_without_a_change_is_no_update(client_of, post):
    client_of("author").post(f"/{post.pk}/update/", {"title": "Test title", "body": "test\r\nbody"})
    assert Post.objects.get().updated_at == post.updated_at


def test_changing_a_draft_does_not_publish_it(client_of, draft):
    client_of("author").post(f"/{draft.pk}/update/", {"title": "still mine", "body": ""})
    assert Post.objects.get(title="still mine").status == Post.Status.DRAFT


@pytest.mark.parametrize("title", ["", "  "])
def test_an_empty_title_is_refused_and_the_text_stays(client_of, post, title):
    """Seed: test_create_update_validate."""
    response = client_of("author").post(
        f"/{post.pk}/update/", {"title": title, "body": "new words"}
    )
    assert response.status_code == 200
    assert "Title is required." in response.text
    assert "new words</textarea>" in response.text
    assert Post.objects.get().body == "test\nbody"


def test_the_author_deletes_a_post_and_lands_on_the_index(client_of, post):
    """Seed: test_delete."""
    response = client_of("author").post(f"/{post.pk}/delete/", follow=True)
    assert response.redirect_chain == [("/", 302)]
    assert "Your post is in the trash." in response.text
    assert not Post.objects.not_in_trash().exists()


@pytest.mark.parametrize("visitor", ["anonymous", "author"])
def test_a_link_never_deletes(client_of, post, visitor):
    response = client_of(visitor).get(f"/{post.pk}/delete/")
    assert response.status_code == 405
    assert Post.objects.exists()


def test_delete_asks_for_confirmation_without_javascript(client_of, post):
    page = client_of("author").get(f"/{post.pk}/update/").text
    _, confirmation = page.split("<details", 1)
    assert f'<form id="delete-form" method="post" action="/{post.pk}/delete/">' in confirmation
    assert f"/{post.pk}/delete/" not in client_of("author").get("/create/").text


def test_saving_a_post_that_was_deleted_meanwhile_does_not_bring_it_back(post):
    Post.objects.all().delete()
    with pytest.raises(publishing.PostIsGone):
        publishing.save_post(post, Edit(timezone.now()))
    assert not Post.objects.exists()


def test_the_text_of_a_post_deleted_meanwhile_comes_back(rf, author, post):
    data = {"title": "New title", "body": "my <long> text"}
    request = rf.post(f"/{post.pk}/update/", data)
    request.user, request.session = author, {}
    request._messages = FallbackStorage(request)
    form = PostForm(data, instance=post)
    assert form.is_valid()
    # After the form is validated, before it is saved.
    Post.objects.all().delete()
    view = PostUpdate()
    view.setup(request, pk=post.pk)
    view.object = post
    response = view.form_valid(form).render()
    assert response.status_code == 409
    assert "This post was deleted after you opened it. Your text is below" in response.text
    assert "my &lt;long&gt; text</textarea>" in response.text
    assert not Post.objects.exists()
