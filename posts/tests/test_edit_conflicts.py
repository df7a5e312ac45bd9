"""Two editors on one post: nothing is overwritten silently, and both texts are offered."""

import pytest
from django.urls import reverse
from django.utils import timezone

from posts.models import Post, Revision
from posts.tests.images import image_file
from posts.writing import publishing
from posts.writing.edit import Edit

THEIRS = {"title": "Their title", "body": "their long text", "tags": "tea"}
MINE = {"title": "My title", "body": "my long text", "tags": "bread", "version": 0}


@pytest.fixture
def contested(client_of, make_post):
    """Return a function that makes a post and saves it in one tab while another tab has it open."""

    def make(state: str) -> Post:
        post = make_post(status=state)
        client_of("author").post(
            f"/{post.pk}/update/", THEIRS | {"version": 0, "edit_session": "a"}
        )
        return post

    return make


@pytest.mark.parametrize("state", ["draft", "published", "hidden"])
def test_saving_over_a_newer_version_shows_both_whole_and_the_difference(
    client_of, contested, state
):
    post = contested(state)
    response = client_of("author").post(f"/{post.pk}/update/", MINE | {"edit_session": "b"})
    assert response.status_code == 409
    page = response.text
    assert "my long text</textarea>" in page and "their long text</textarea>" in page
    assert "\nMy title</textarea>" in page and 'value="Their title"' in page
    assert "</span>their</del>" in page and "</span>my</ins>" in page
    assert "<h3>Title</h3>" in page and "<h3>Tags</h3>" in page
    assert Post.objects.get().body == "their long text"


def test_the_authors_note_about_the_change_comes_back_too(client_of, contested):
    data = MINE | {"reason": "Shorter words"}
    page = client_of("author").post(f"/{contested('published').pk}/update/", data).text
    assert 'value="Shorter words"' in page


def hidden_in(page: str, name: str) -> str:
    return page.split(f'name="{name}" value="')[1].split('"')[0]


def version_in(page: str) -> str:
    return hidden_in(page, "version")


def test_after_a_conflict_the_author_may_save_the_form(client_of, contested):
    post, client = contested("published"), client_of("author")
    page = client.post(f"/{post.pk}/update/", MINE).text
    merged = MINE | {"body": "our long text", "version": version_in(page)}
    assert client.post(f"/{post.pk}/update/", merged).status_code == 302
    assert Post.objects.get().body == "our long text"
    # Their text stays in the history.
    assert "their long text" in [revision.body for revision in Revision.objects.all()]


def test_after_a_conflict_the_typed_text_may_become_a_new_draft(client_of, contested):
    post, client = contested("published"), client_of("author")
    page = client.post(f"/{post.pk}/update/", MINE).text
    assert 'name="action" value="draft" formaction="/create/"' in page
    data = MINE | {name: hidden_in(page, name) for name in ("version", "edit_session", "uuid")}
    # Pressing twice makes one post.
    for _ in range(2):
        assert client.post("/create/", data | {"action": "draft"}).status_code == 302
    assert Post.objects.get(pk=post.pk).body == "their long text"
    draft = Post.objects.exclude(pk=post.pk).get()
    assert (draft.status, draft.body) == ("draft", "my long text")


def test_the_conflict_page_does_not_autosave(client_of, contested):
    post = contested("draft")
    page = client_of("author").post(f"/{post.pk}/update/", MINE).text
    assert "data-autosave-url" not in page


def test_edits_beside_a_post_conflict_too(client_of, post):
    client = client_of("author")
    client.post(f"/{post.pk}/autosave/", THEIRS | {"version": 0, "edit_session": "a"})
    response = client.post(f"/{post.pk}/update/", MINE | {"edit_session": "b"})
    assert response.status_code == 409
    assert "their long text</textarea>" in response.text


@pytest.mark.parametrize("edit_session", ["a", ""])
@pytest.mark.parametrize("version", [0, 1, None])
def test_an_edit_of_the_saved_version_or_session_is_saved(
    client_of, contested, version, edit_session
):
    post = contested("published")
    data = MINE | {"edit_session": edit_session} | ({} if version is None else {"version": version})
    data = {name: value for name, value in data.items() if version is not None or name != "version"}
    response = client_of("author").post(f"/{post.pk}/update/", data)
    is_stale = version == 0 and not edit_session
    assert response.status_code == (409 if is_stale else 302)


def test_a_chosen_cover_must_be_chosen_again_and_it_says_so(
    client_of, contested, settings, tmp_path
):
    settings.MEDIA_ROOT = tmp_path
    post = contested("published")
    response = client_of("author").post(f"/{post.pk}/update/", MINE | {"image": image_file()})
    assert response.status_code == 409
    assert "Choose your cover image again." in response.text


@pytest.mark.parametrize(("is_stale", "status"), [(True, 200), (False, 302)])
def test_the_admin_overwrites_nothing_either(client_of, post, is_stale, status):
    client, path = client_of("moderator"), reverse("admin:posts_post_change", args=[post.pk])
    opened = client.get(path).text.split('name="opened_version" value="')[1].split('"')[0]
    if is_stale:
        Post.objects.update(version=1, body="theirs")
    data = {
        "author": post.author_id,
        "title": "By the admin",
        "body": "mine",
        "status": "published",
        "publish_at_0": "2026-01-01",
        "publish_at_1": "10:00:00",
        "opened_version": opened,
    }
    response = client.post(path, data)
    assert response.status_code == status
    assert Post.objects.get().body == ("theirs" if is_stale else "mine")
    if is_stale:
        assert "Someone changed this post" in response.text and "mine</textarea>" in response.text
    else:
        assert Revision.objects.first().saved_by.username == "moderator"


@pytest.mark.parametrize("visitor", ["anonymous", "reader"])
def test_the_admin_returns_the_typed_text_if_the_session_has_ended(client_of, post, visitor):
    path = reverse("admin:posts_post_change", args=[post.pk])
    response = client_of(visitor).post(path, {"title": "Mine", "body": "an hour's words"})
    assert response.status_code == 403
    assert "an hour&#x27;s words</textarea>" in response.text
    assert Post.objects.get().body == "test\nbody"
    # Without typed text, there is nothing to hand back.
    assert client_of(visitor).post(path, {"_save": "Save"}).status_code == 302


@pytest.mark.parametrize(("by", "is_said"), [("moderator", True), ("author", False)])
def test_edits_left_out_by_someone_elses_save_are_mentioned(
    client_of, post, moderator, author, by, is_said
):
    client = client_of("author")
    client.post(f"/{post.pk}/autosave/", THEIRS | {"edit_session": "a"})
    person = {"moderator": moderator, "author": author}[by]
    publishing.update(Post.objects.get(), Edit(timezone.now(), by=person, reason="Shorter"))
    page = client.get(f"/{post.pk}/update/").text
    assert ("A moderator changed this post after your edits" in page) == is_said


def test_the_admin_does_not_save_a_post_in_the_trash(client_of, make_post):
    post = make_post(status="trash", trashed_from="published", trashed_at="2026-01-01T00:00Z")
    path = reverse("admin:posts_post_change", args=[post.pk])
    data = {"author": post.author_id, "title": "Changed", "body": "", "opened_version": 0}
    response = client_of("moderator").post(path, data)
    assert "Restore it first" in response.text
    assert Post.objects.get().title == "Test title"
