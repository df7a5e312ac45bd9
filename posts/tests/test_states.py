"""Drafts, scheduling, publishing and unpublishing, by the buttons of the editor."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.messages.storage.fallback import FallbackStorage
from django.utils import timezone

from accounts.tests.test_unsaved_text import writer_in
from posts.discussion import moderation
from posts.models import Post
from posts.writing import publishing
from posts.writing.edit import Edit
from posts.writing.editor import PostCreate

NOW = timezone.now()
TOMORROW = (NOW + timedelta(days=1)).replace(microsecond=0)
Status = Post.Status


def typed(at: datetime) -> str:
    """Return a time in the format that browsers send."""
    return at.strftime("%Y-%m-%dT%H:%M:%S")


@pytest.mark.parametrize(
    ("data", "status", "leads_to"),
    [
        ({}, "published", "/{pk}-title/"),
        ({"action": "publish"}, "published", "/{pk}-title/"),
        ({"action": "draft"}, "draft", "/{pk}/update/"),
        ({"action": "draft", "title": ""}, "draft", "/{pk}/update/"),
        ({"action": "schedule", "publish_at": typed(TOMORROW)}, "published", "/{pk}/update/"),
        ({"action": "nonsense"}, "draft", "/{pk}/update/"),
    ],
)
def test_a_new_post_becomes_what_the_button_says(client_of, data, status, leads_to):
    response = client_of("author").post("/create/", {"title": "Title"} | data)
    post = Post.objects.get()
    assert post.status == status
    assert response["Location"] == leads_to.format(pk=post.pk)
    assert (post.publish_at == TOMORROW) == ("publish_at" in data)


@pytest.fixture
def states(make_post):
    """Return a function that makes a post in the named state."""
    fields = {
        "draft": {"status": Status.DRAFT, "publish_at": None},
        "scheduled": {"publish_at": TOMORROW},
        "published": {},
        "hidden": {"status": Status.HIDDEN},
    }
    return lambda state: make_post(**fields[state])


@pytest.mark.parametrize(
    ("state", "action", "becomes", "message"),
    [
        ("draft", "draft", "draft", "Your draft is saved."),
        ("draft", "unpublish", "draft", "Your draft is saved."),
        ("draft", "publish", "scheduled", "Your post is scheduled for"),
        ("draft", "publish_now", "published", "Your post is published."),
        ("draft", "schedule", "scheduled", "Your post is scheduled for"),
        ("draft", None, "draft", "Your draft is saved."),
        ("scheduled", "schedule", "scheduled", "Your post is scheduled for"),
        ("scheduled", None, "scheduled", "Your post is scheduled for"),
        ("scheduled", "publish", "scheduled", "Your post is scheduled for"),
        ("scheduled", "publish_now", "published", "Your post is published."),
        ("scheduled", "unpublish", "draft", "Your post is a draft again"),
        ("published", "unpublish", "draft", "Your post is a draft again"),
        ("hidden", "update", "hidden", "Your changes are saved."),
        ("hidden", "publish", "hidden", "Your changes are saved."),
        ("hidden", "schedule", "hidden", "Your changes are saved."),
    ],
)
def test_each_button_changes_the_state_of_a_post(
    client_of, states, state, action, becomes, message
):
    post = states(state)
    data = {"title": "Title", "publish_at": typed(TOMORROW)} | (
        {"action": action} if action else {}
    )
    page = client_of("author").post(f"/{post.pk}/update/", data, follow=True)
    assert message in page.text
    saved = Post.objects.get()
    assert becomes == ("scheduled" if saved.is_scheduled(timezone.now()) else saved.status)
    assert page.redirect_chain[0][0] == (
        saved.get_absolute_url() if becomes in ("published", "hidden") else f"/{post.pk}/update/"
    )


@pytest.mark.parametrize("action", ["publish", "publish_now", "update", None])
def test_a_published_post_keeps_its_time(client_of, post, action):
    data = {"title": "Title"} | ({"action": action} if action else {})
    page = client_of("author").post(f"/{post.pk}/update/", data, follow=True)
    assert "Your changes are saved." in page.text
    assert page.redirect_chain[0][0] == f"/{post.pk}-title/"
    saved = Post.objects.get()
    assert (saved.title, saved.publish_at) == ("Title", post.publish_at)


@pytest.mark.parametrize(
    ("state", "title"), [("published", ""), ("scheduled", ""), ("hidden", "Title")]
)
def test_a_save_that_names_no_change_keeps_the_state_of_a_post(client_of, states, state, title):
    post = states(state)
    data = {"title": title, "body": "half", "action": "draft", "publish_at": typed(TOMORROW)}
    if state == "published":
        del data["publish_at"]
    page = client_of("author").post(f"/{post.pk}/update/", data, follow=True)
    assert page.redirect_chain == [(f"/{post.pk}/update/", 302)]
    assert "half</textarea>" in page.text
    saved = Post.objects.get()
    assert (saved.status, saved.publish_at) == (post.status, post.publish_at)
    assert (saved.body == "half") == (state == "hidden")


@pytest.mark.parametrize(
    ("publish_at", "message"),
    [
        ("", "Choose when the post should appear."),
        ("2020-01-01T00:00:00", "This time has passed."),
        ("9999-12-31T23:59:59", "Choose a year from 1900 to 9000."),
        ("tomorrow", "Enter a valid date/time."),
    ],
)
def test_an_impossible_time_is_refused_beside_its_field(client_of, publish_at, message):
    data = {"title": "Kept", "body": "words", "action": "schedule", "publish_at": publish_at}
    page = client_of("author").post("/create/", data)
    assert message in page.text and "words</textarea>" in page.text
    assert not Post.objects.exists()


def test_a_time_is_entered_and_shown_in_the_zone_of_the_author(client_of, author):
    author.time_zone = "Asia/Tokyo"
    author.save(update_fields=["time_zone"])
    data = {"title": "t", "action": "schedule", "publish_at": "2031-01-01T09:00:07"}
    page = client_of("author").post("/create/", data, follow=True).text
    post = Post.objects.get()
    assert post.publish_at == datetime(2031, 1, 1, 0, 0, 7, tzinfo=UTC)
    assert 'value="2031-01-01T09:00:07"' in page


# The form was open when the author chose another zone in another tab.
@pytest.mark.parametrize(
    ("zone", "hour"),
    [("UTC", 9), ("Europe/Berlin", 8), ("", 0), ("Mars/Base", 0), ("../UTC", 0), ("Asia", 0)],
)
@pytest.mark.parametrize("is_recovered", [True, False])
def test_a_time_is_read_in_the_zone_that_its_form_named(
    client_of, author, zone, hour, is_recovered
):
    client = client_of("author")
    page = client.get("/create/").text
    assert 'name="zone" value="UTC"' in page
    author.time_zone = "Asia/Tokyo"
    author.save(update_fields=["time_zone"])
    data = {"title": "t", "action": "schedule", "publish_at": "2031-01-01T09:00:00", "zone": zone}
    if is_recovered:
        client.logout()
        client.post("/create/", data | {"writer": writer_in(page)})
        page = client_of("author").get("/create/?recovered").text
        assert f"Time zone: <span data-zone>{zone if hour else 'Asia/Tokyo'}<" in page
    client.post("/create/", data)
    assert Post.objects.get().publish_at == datetime(2031, 1, 1, hour, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "UTC"])
def test_the_field_for_the_time_says_whose_time_it_takes(client_of, author, zone):
    author.time_zone = zone
    author.save(update_fields=["time_zone"])
    page = client_of("author").get("/create/").text
    assert f"Time zone: <span data-zone>{zone}<" in page


# In Berlin, clocks show 2:30 twice that night, so a newly typed 2:30 is ambiguous.
@pytest.mark.parametrize(("typed_at", "is_taken"), [("02:30:15", True), ("02:30:16", False)])
@pytest.mark.parametrize("path", ["update", "autosave"])
def test_an_unchanged_time_keeps_its_exact_value(
    client_of, author, make_post, path, typed_at, is_taken
):
    at = datetime(2031, 10, 26, 1, 30, 15, 7, tzinfo=UTC)
    post = make_post(publish_at=at)
    author.time_zone = "Europe/Berlin"
    author.save(update_fields=["time_zone"])
    client = client_of("author")
    assert 'value="2031-10-26T02:30:15"' in client.get(f"/{post.pk}/update/").text
    data = {"title": "Title", "action": "schedule", "publish_at": f"2031-10-26T{typed_at}"}
    response = client.post(f"/{post.pk}/{path}/", data | {"version": post.version})
    is_refused = "show this time twice" in response.text
    assert (response.status_code in (200, 302) and not is_refused) == is_taken
    assert Post.objects.get().publish_at == at


def test_a_post_published_while_its_editor_was_open_is_not_scheduled_again(client_of, post):
    typed_text = {"title": "Title", "body": "half of it"}
    data = typed_text | {"action": "schedule", "publish_at": typed(TOMORROW)}
    page = client_of("author").post(f"/{post.pk}/update/", data).text
    assert (
        "This post has been published since you opened it." in page
        and "half of it</textarea>" in page
    )
    assert 'value="update">Update' in page and 'value="unpublish">Unpublish' in page
    # Readers see nothing of the text that was meant to be scheduled.
    assert Post.objects.get().body == "test\nbody"


@pytest.mark.parametrize(("title", "refused"), [("", "id_title"), ("Title", "id_publish_at")])
def test_a_refused_form_opens_at_its_first_mistake(client_of, title, refused):
    page = client_of("author").post("/create/", {"title": title, "action": "schedule"}).text
    fields = [tag for tag in page.split("<") if " autofocus" in tag]
    assert len(fields) == 1 and f'id="{refused}"' in fields[0]


# Times aren't rounded. Rounded to the minute, one of these would fall on the wrong side.
@pytest.mark.parametrize("status", Post.Status)
@pytest.mark.parametrize("microseconds", [-1, 0, 1])
def test_the_rule_for_one_row_agrees_with_the_rule_for_many(make_post, status, microseconds):
    pk, at = make_post().pk, NOW + timedelta(microseconds=microseconds)
    rows = Post.objects.filter(pk=pk)
    rows.update(status=status, publish_at=at, trashed_at=NOW)
    assert rows.listed_rows(NOW) == list(rows.listed(NOW))
    assert rows.get().is_scheduled(NOW) == rows.scheduled(NOW).exists()


@pytest.mark.parametrize(("seconds", "is_listed"), [(25, False), (0, True)])
def test_a_scheduled_post_appears_at_its_second(client, make_post, one_sitemap, seconds, is_listed):
    post = make_post(title="Appears", publish_at=timezone.now() + timedelta(seconds=seconds))
    for path in ("/", "/feed/", "/sitemap.xml", "/?q=appears", "/authors/author/"):
        assert (post.get_absolute_url() in client.get(path).text) == is_listed
    assert client.get(post.get_absolute_url()).status_code == (200 if is_listed else 404)


@pytest.mark.parametrize("action", ["publish", "schedule", "draft"])
def test_a_post_that_was_hidden_while_its_editor_was_open_stays_hidden(
    client_of, post, moderator, action
):
    moderation.hide_post(post, moderator, now=NOW)
    before = Post.objects.get()
    data = {"title": "Title", "action": action, "publish_at": typed(TOMORROW)}
    client_of("author").post(f"/{post.pk}/update/", data)
    after = Post.objects.get()
    assert (after.status, after.publish_at) == (before.status, before.publish_at)
    assert after.title == "Title"


@pytest.mark.parametrize(
    "save",
    [
        publishing.publish,
        publishing.save_draft,
        lambda post, edit: publishing.schedule(post, TOMORROW, edit),
    ],
    ids=["publish", "draft", "schedule"],
)
def test_a_post_that_is_hidden_between_reading_and_saving_it_stays_hidden(post, moderator, save):
    moderation.hide_post(Post.objects.get(), moderator, now=NOW)
    publish_at = post.publish_at
    save(post, Edit(NOW))
    saved = Post.objects.get()
    assert (saved.status, saved.publish_at) == (Status.HIDDEN, publish_at)


@pytest.mark.parametrize("status", ["hidden", "published"])
def test_a_post_that_readers_know_keeps_its_title(client_of, make_post, status):
    post = make_post(status=status)
    data = {"title": "", "action": "draft" if status == "hidden" else "publish"}
    page = client_of("author").post(f"/{post.pk}/update/", data)
    assert "Title is required." in page.text
    assert Post.objects.get().title == "Test title"


def test_a_post_without_a_title_is_called_untitled(client_of, make_post):
    post = make_post(title="", status=Status.DRAFT, publish_at=None)
    assert "Untitled" in client_of("author").get(post.get_absolute_url()).text


def test_a_form_that_is_sent_twice_makes_one_post(client_of):
    client = client_of("author")
    data = {"title": "Once", "uuid": "5f0c6a6e-8d55-4f3c-8f0f-7a4e7c2f7f10", "edit_session": "s"}
    first, second = client.post("/create/", data), client.post("/create/", data)
    assert first["Location"] == second["Location"]
    assert Post.objects.count() == 1


@pytest.mark.parametrize("uuid", ["", "nonsense", None])
def test_a_form_without_its_own_uuid_makes_a_post(client_of, post, author, uuid):
    uuid = str(post.uuid) if uuid is None else uuid
    Post.objects.update(author=author)
    client = client_of("reader" if uuid == str(post.uuid) else "author")
    response = client.post("/create/", {"title": "New", "uuid": uuid})
    # An invalid UUID makes the form invalid. Another person's post is left alone.
    assert Post.objects.filter(title="New").exists() == (response.status_code == 302)
    assert Post.objects.get(pk=post.pk).title == "Test title"


@pytest.mark.parametrize("is_early", [True, False])
@pytest.mark.parametrize(("edit_session", "status"), [("same", 302), ("other", 409)])
def test_two_forms_of_one_name_at_the_same_moment_make_one_post(
    rf, author, edit_session, status, is_early
):
    data = {"title": "Second", "uuid": "5f0c6a6e-8d55-4f3c-8f0f-7a4e7c2f7f10", "version": 0}
    request = rf.post("/create/", data | {"edit_session": "same", "action": "publish"})
    request.user, request.session = author, {}
    request._messages = FallbackStorage(request)
    view = PostCreate()
    view.setup(request)
    view.object = Post(author=author)
    form = view.get_form()
    # The view has already looked for a post with this UUID. The form may be validated or not.
    assert is_early or form.is_valid()
    first = Post(author=author, title="First", uuid=data["uuid"])
    publishing.autosave(first, Edit(NOW, tags=[], by=author, session=edit_session))
    assert form.is_valid()
    assert view.form_valid(form).status_code == status
    # The later text is neither lost nor saved over text that its author hasn't seen.
    expected = ("Second", "published") if status == 302 else ("First", "draft")
    post = Post.objects.get()
    assert (post.title, post.status) == expected
