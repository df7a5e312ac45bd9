"""Autosave: drafts are saved in place, edits to published posts beside the post."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from posts.models import Post, Revision, SearchDocument
from posts.writing import history, publishing
from posts.writing.autosave import Autosave
from posts.writing.edit import Edit

TYPED = {"title": "Typed", "body": "typed *words*", "tags": "tea, bread", "edit_session": "first"}


def autosave(client, post: Post | None, **data):
    path = f"/{post.pk}/autosave/" if post else "/create/autosave/"
    return client.post(path, TYPED | data)


def test_the_first_autosave_creates_a_draft_and_returns_its_address(client_of):
    result = autosave(client_of("author"), None).json()
    post = Post.objects.get()
    assert (post.status, post.title, post.body) == ("draft", "Typed", "typed *words*")
    assert [tag.name for tag in post.tag_list] == ["tea", "bread"]
    assert result["update_url"] == f"/{post.pk}/update/"
    assert result["autosave_url"] == f"/{post.pk}/autosave/"
    assert (result["version"], result["is_beside"]) == (1, False)
    assert result["saved_text"].startswith("Saved ")


def test_a_draft_is_saved_in_place_with_one_revision_per_edit_session(client_of, author):
    client = client_of("author")
    version = autosave(client, None).json()["version"]
    post = Post.objects.get()
    for body in ("one", "one two", "one two three"):
        version = autosave(client, post, body=body, version=version).json()["version"]
    assert Post.objects.get().body == Revision.objects.get().body == "one two three"
    assert (version, Revision.objects.get().saved_by) == (4, author)
    autosave(client, post, body="later", version=version, edit_session="second")
    assert [revision.body for revision in Revision.objects.all()] == ["later", "one two three"]


LONG = "A text that took its author the whole evening. " * 9


@pytest.mark.parametrize(
    ("body", "is_kept"),
    [
        ("", True),
        ("x", True),
        ("Pasted over all of it. " * 20, True),
        (LONG[:150] + LONG[-30:], True),
        (LONG[:-150], False),
        (LONG[:150] + "Pasted into it. " * 20 + LONG[150:], False),
    ],
)
@pytest.mark.parametrize("is_automatic", [True, False])
def test_a_save_that_removes_most_of_a_text_leaves_it_in_the_history(
    client_of, body, is_kept, is_automatic
):
    client = client_of("author")
    version = autosave(client, None, body=LONG).json()["version"]
    post = Post.objects.get()
    data = {"body": body, "version": version, "action": "draft"}
    client.post(f"/{post.pk}/{'autosave' if is_automatic else 'update'}/", TYPED | data)
    expected = [body, LONG] if is_kept else [body]
    assert [revision.body for revision in Revision.objects.all()] == expected


def test_a_draft_needs_no_title_to_be_kept(client_of):
    assert autosave(client_of("author"), None, title="").status_code == 200
    assert Post.objects.get().title == ""


def test_readers_see_no_edits_until_the_author_updates(client_of, post):
    client = client_of("author")
    result = autosave(client, post, version=0).json()
    assert result["is_beside"]
    saved = Post.objects.get()
    assert (saved.title, saved.body, saved.updated_at) == (
        "Test title",
        "test\nbody",
        post.updated_at,
    )
    assert not saved.tag_list
    page = client.get(f"/{post.pk}/update/").text
    assert "typed *words*</textarea>" in page and 'value="tea, bread"' in page
    assert "Readers see the published text until you press Update." in page
    client.post(f"/{post.pk}/update/", TYPED | {"version": result["version"]})
    assert Post.objects.get().body == "typed *words*"
    assert "Readers see" not in client.get(f"/{post.pk}/update/").text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "Readers see the published text until you press Update."),
        (
            {"publish_at": datetime(2031, 1, 1, 8, tzinfo=UTC)},
            "Jan. 1, 2031, 8 a.m. UTC</time>, readers will see the earlier text unless you press",
        ),
        ({"status": "hidden"}, "Hidden by a moderator: readers can't see this post. Your edits"),
    ],
)
def test_the_editor_says_that_the_edits_are_private(client_of, make_post, fields, said):
    post, client = make_post(**fields), client_of("author")
    autosave(client, post)
    assert said in client.get(f"/{post.pk}/update/").text


def test_the_editor_names_the_cookie_of_the_token_that_a_log_in_elsewhere_renews(
    client_of, post, settings
):
    page = client_of("author").get(f"/{post.pk}/update/").text
    assert f'data-csrf-cookie="{settings.CSRF_COOKIE_NAME}"' in page


def test_undone_edits_do_not_count_as_unpublished(client_of, post):
    client = client_of("author")
    autosave(client, post)
    autosave(client, post, title="Test title", body="test\nbody", tags="")
    assert "Readers see" not in client.get(f"/{post.pk}/update/").text


def test_an_unchanged_text_makes_no_revision(client_of, post):
    autosave(client_of("author"), post, title="Test title", body="test\nbody", tags="")
    assert [revision.is_autosave for revision in Revision.objects.all()] == [False]


@pytest.mark.parametrize(
    ("version", "edit_session", "status"),
    [
        # Either the form's version is current, or the newer version is the form's own save, whose
        # response was lost.
        (1, "second", 200),
        (0, "first", 200),
        (0, "second", 409),
        ("", "second", 200),
    ],
)
@pytest.mark.parametrize("state", ["draft", "published"])
def test_another_tab_on_the_same_post_is_noticed(
    client_of, make_post, state, version, edit_session, status
):
    post = make_post(status=state)
    client = client_of("author")
    autosave(client, post, body="from the first tab", version=0)
    response = autosave(client, post, body="from here", version=version, edit_session=edit_session)
    assert response.status_code == status
    assert Revision.objects.first().body == ("from here" if status == 200 else "from the first tab")
    assert status == 200 or "in another tab or by someone else" in response.json()["message"]


def test_a_draft_that_was_published_meanwhile_is_not_changed_automatically(author, draft):
    copy = Post.objects.get()
    publishing.publish(draft, Edit(timezone.now(), session="one"))
    copy.body = "typed"
    with pytest.raises(publishing.EditConflict):
        publishing.autosave(copy, Edit(timezone.now(), tags=[], by=author, session="one"))
    assert Post.objects.get().body == "test\nbody"


@pytest.mark.parametrize("state", ["draft", "published"])
def test_an_autosave_that_arrives_late_does_not_go_past_the_save_on_purpose(
    client_of, make_post, state
):
    post, client = make_post(status=state), client_of("author")
    version = autosave(client, post, body="one", version=0).json()["version"]
    data = TYPED | {"body": "one two three", "version": version}
    client.post(f"/{post.pk}/update/", data)
    assert autosave(client, post, body="one two", version=version).status_code == 409
    saved = Post.objects.get()
    assert (saved.body, history.unsaved_edits(saved)) == ("one two three", None)


@pytest.mark.parametrize("is_on_purpose", [True, False])
def test_saves_without_an_edit_session_are_not_one_session(
    client_of, post, moderator, is_on_purpose
):
    client = client_of("author")
    autosave(client, post, edit_session="")
    if is_on_purpose:
        publishing.save_post(Post.objects.get(), Edit(timezone.now(), by=moderator))
    else:
        autosave(client, post, edit_session="", body="other")
    assert "typed *words*" in [revision.body for revision in Revision.objects.all()]


@pytest.mark.parametrize(
    ("data", "field", "message"),
    [
        ({"title": "x" * 201}, "title", "at most 200"),
        ({"tags": ",".join(map(str, range(11)))}, "tags", "at most 10 tags"),
    ],
)
def test_an_autosave_that_is_refused_names_the_fields(client_of, draft, data, field, message):
    response = autosave(client_of("author"), draft, **data)
    assert response.status_code == 422
    assert message in response.json()["errors"][field][0]
    assert Post.objects.get().body == "test\nbody"


def test_an_alt_text_without_a_chosen_image_stops_nothing(client_of, draft):
    assert autosave(client_of("author"), draft, body_image_alt="A sea").status_code == 200


@pytest.mark.parametrize("in_trash", [True, False])
def test_a_deleted_post_is_not_restored(author, draft, in_trash):
    copy = Post.objects.get()
    if in_trash:
        publishing.trash_post(draft, now=timezone.now())
    else:
        publishing.delete_post(draft)
    with pytest.raises(publishing.PostIsGone):
        publishing.autosave(copy, Edit(timezone.now(), tags=[], by=author))
    assert not Post.objects.not_in_trash().exists()


def test_the_editor_learns_that_its_post_was_deleted(rf, author, draft):
    request = rf.post(f"/{draft.pk}/autosave/", TYPED)
    request.user = author
    view = Autosave()
    view.setup(request, pk=draft.pk)
    view.object = view.get_object()
    form = view.get_form()
    assert form.is_valid()
    # After the form is validated, before it is saved.
    publishing.trash_post(Post.objects.get(), now=timezone.now())
    response = view.form_valid(form)
    assert response.status_code == 404 and b"This post was deleted." in response.content


@pytest.mark.parametrize(
    ("visitor", "status"), [("anonymous", 401), ("reader", 404), ("moderator", 403)]
)
def test_no_one_else_saves_a_draft(client_of, draft, visitor, status):
    response = autosave(client_of(visitor), draft)
    assert response.status_code == status
    assert Post.objects.get().title == "Draft title"
    if status == 401:
        address = f"/auth/login/?next=/{draft.pk}/update/%3Frecovered"
        assert response.json()["login_url"] == address


def test_search_finds_an_autosaved_draft_once_it_is_published(client, client_of):
    author = client_of("author")
    autosave(author, None, body="needle")
    post = Post.objects.get()
    assert not SearchDocument.objects.exists()
    author.post(f"/{post.pk}/update/", TYPED | {"body": "needle", "action": "publish"})
    assert "Typed" in client.get("/?q=needle").text


def test_a_deliberate_save_makes_one_revision_of_its_edit_session(client_of):
    client = client_of("author")
    autosave(client, None)
    post = Post.objects.get()
    data = TYPED | {"body": "done", "action": "draft", "reason": "Said why"}
    client.post(f"/{post.pk}/update/", data)
    revision = Revision.objects.get()
    assert (revision.body, revision.is_autosave, revision.reason) == ("done", False, "Said why")


def test_recovered_text_is_saved_deliberately_in_its_own_edit_session(client_of, draft):
    client = client_of("author")
    autosave(client, draft)
    client.post(f"/{draft.pk}/update/", TYPED | {"edit_session": "later", "action": "draft"})
    assert [(r.body, r.is_autosave) for r in Revision.objects.all()[:2]] == [
        ("typed *words*", False),
        ("typed *words*", True),
    ]


def test_a_save_dates_the_post_by_its_text(client_of, post):
    later = timezone.now() + timedelta(hours=1)
    publishing.update(post, Edit(later))
    assert Post.objects.get().updated_at < later
    post.body = "other"
    publishing.update(post, Edit(later))
    assert Post.objects.get().updated_at == later


def test_an_editor_that_was_opened_before_the_update_names_its_session_by_the_old_name(client_of):
    client = client_of("author")
    typed = {name: text for name, text in TYPED.items() if name != "edit_session"}
    client.post("/create/autosave/", typed | {"sitting": "old"})
    post = Post.objects.get()
    # The response was lost: the editor still shows the version that it opened.
    path = f"/{post.pk}/autosave/"
    response = client.post(path, typed | {"sitting": "old", "body": "later", "version": 0})
    assert (response.status_code, Post.objects.get().body) == (200, "later")
