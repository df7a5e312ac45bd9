"""Future times: every way of publishing then schedules the post, and says so."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.tests.test_unsaved_text import writer_in
from posts.discussion import moderation
from posts.models import Post
from posts.tests.images import image_file
from posts.writing import publishing
from posts.writing.edit import Edit
from posts.writing.forms import PostForm

NOW = timezone.now()
TOMORROW = (NOW + timedelta(days=1)).replace(microsecond=0)
NEXT_WEEK = TOMORROW + timedelta(days=7)
SAID = re.compile(r"Your post is scheduled for [^<]+ \(UTC\)\.")
Status = Post.Status


def typed(at: datetime) -> str:
    """Return a time in the format that browsers send."""
    return at.strftime("%Y-%m-%dT%H:%M:%S")


@pytest.fixture
def send(client_of):
    """Return a function that submits the editor of a post, or of a new post."""

    def send(post: Post | None, at: datetime | str, action: str | None, **fields):
        path = f"/{post.pk}/update/" if post else "/create/"
        at = at if isinstance(at, str) else typed(at)
        data = {"title": "Title", "body": "words", "publish_at": at} | fields
        data |= {"action": action} if action else {}
        return client_of("author").post(path, data, follow=True)

    return send


@pytest.fixture
def scheduled(make_post) -> Post:
    return make_post(publish_at=TOMORROW)


@pytest.mark.parametrize("action", ["publish", "schedule", None])
def test_a_new_post_waits_for_its_time(client, send, action):
    page = send(None, TOMORROW, action)
    post = Post.objects.get()
    assert (post.status, post.publish_at) == (Status.PUBLISHED, TOMORROW)
    assert SAID.search(page.text) and page.redirect_chain == [(f"/{post.pk}/update/", 302)]
    client.logout()
    assert "Title" not in client.get("/").text
    assert client.get(post.get_absolute_url()).status_code == 404


@pytest.mark.parametrize("action", ["publish", "schedule"])
def test_a_draft_waits_for_its_time(send, draft, action):
    assert SAID.search(send(draft, TOMORROW, action).text)
    assert Post.objects.get().publish_at == TOMORROW


@pytest.mark.parametrize("action", ["draft", "update", "unpublish", "another word", None])
def test_a_draft_keeps_the_typed_time_with_any_button(send, draft, action):
    send(draft, TOMORROW, action)
    post = Post.objects.get()
    assert (post.status, post.publish_at) == (Status.DRAFT, TOMORROW)


@pytest.mark.parametrize("action", ["publish", "schedule", "update", None])
def test_a_scheduled_post_takes_another_time(send, scheduled, action):
    assert SAID.search(send(scheduled, NEXT_WEEK, action).text)
    assert Post.objects.get().publish_at == NEXT_WEEK


def test_a_script_that_publishes_an_autosaved_draft_schedules_it(client_of):
    client = client_of("author")
    sent = {"title": "Title", "body": "words", "publish_at": typed(TOMORROW), "edit_session": "s"}
    version = client.post("/create/autosave/", sent).json()["version"]
    path = f"/{Post.objects.get().pk}/update/"
    client.post(path, sent | {"version": version, "action": "publish"})
    post = Post.objects.get()
    assert (post.status, post.publish_at) == (Status.PUBLISHED, TOMORROW)


@pytest.mark.parametrize("at", ["", NOW - timedelta(days=1), NOW - timedelta(seconds=1)])
@pytest.mark.parametrize("state", ["new", "draft", "scheduled"])
def test_without_a_later_time_publish_publishes_at_once(send, make_post, at, state):
    fields = {
        "draft": {"status": "draft", "publish_at": None},
        "scheduled": {"publish_at": TOMORROW},
    }
    post = None if state == "new" else make_post(**fields[state])
    page = send(post, at, "publish")
    saved = Post.objects.get()
    assert NOW < saved.publish_at <= timezone.now()
    assert "Your post is published." in page.text


@pytest.mark.parametrize("at", ["", TOMORROW])
@pytest.mark.parametrize("state", ["draft", "published"])
def test_publish_now_publishes_at_once_despite_the_time(send, make_post, at, state):
    send(make_post(status=state, publish_at=TOMORROW), at, "publish_now")
    assert Post.objects.get().is_listed(timezone.now())


@pytest.mark.parametrize("is_scheduled", [True, False])
def test_the_editor_offers_publish_now_only_for_a_scheduled_post(
    client_of, scheduled, draft, is_scheduled
):
    page = client_of("author").get(f"/{(scheduled if is_scheduled else draft).pk}/update/").text
    assert ('value="publish_now">Publish now' in page) == is_scheduled
    assert ('value="publish">Publish<' in page) != is_scheduled


@pytest.mark.parametrize("action", ["schedule", "update", None])
@pytest.mark.parametrize(
    ("at", "message"), [("", "Choose when the post should appear."), (NOW, "This time has passed.")]
)
def test_a_scheduled_post_can_be_saved_only_with_a_later_time(send, scheduled, action, at, message):
    page = send(scheduled, at, action).text
    assert message in page and "words</textarea>" in page
    # The note above the form names the saved time.
    assert ": readers can't see this post yet." in page and 'value="publish_now"' in page
    assert Post.objects.get().publish_at == TOMORROW


def test_a_script_that_names_no_time_leaves_it(client_of, scheduled):
    client_of("author").post(f"/{scheduled.pk}/update/", {"title": "Title", "body": "words"})
    post = Post.objects.get()
    assert (post.body, post.publish_at) == ("words", TOMORROW)


@pytest.mark.parametrize("action", ["publish", "publish_now", "schedule", "update", "draft", None])
@pytest.mark.parametrize(
    ("at", "message"),
    [
        (TOMORROW, "This post has been published since you opened it. Clear this field"),
        ("9999-12-31T23:59:59", "Choose a year from 1900 to 9000."),
        ("tomorrow", "Enter a valid date/time."),
    ],
)
def test_a_published_post_takes_no_later_time(send, post, action, at, message):
    page = send(post, at, action).text
    assert message in page
    assert 'aria-describedby="id_publish_at_' in page and "words</textarea>" in page
    assert 'value="update">Update' in page
    saved = Post.objects.get()
    assert (saved.body, saved.publish_at) == (post.body, post.publish_at)
    assert "Your changes are saved." in send(post, "", "update").text
    assert Post.objects.get().body == "words"


def test_unpublishing_with_a_time_keeps_it_with_the_draft(send, post):
    send(post, TOMORROW, "unpublish")
    saved = Post.objects.get()
    assert (saved.status, saved.publish_at) == (Status.DRAFT, TOMORROW)


@pytest.mark.parametrize("at", ["", NOW - timedelta(days=9)])
def test_a_past_time_stops_no_update_of_a_published_post(send, post, at):
    assert "Your changes are saved." in send(post, at, "publish").text
    assert Post.objects.get().publish_at == post.publish_at


def test_the_message_names_the_time_in_the_zone_of_the_author(send, author):
    author.time_zone = "Asia/Tokyo"
    author.save(update_fields=["time_zone"])
    page = send(None, "2031-01-01T09:00:00", "publish").text
    assert "Your post is scheduled for Jan. 1, 2031, 9 a.m. (Asia/Tokyo)." in page
    assert Post.objects.get().publish_at == datetime(2031, 1, 1, tzinfo=UTC)


def test_a_time_on_the_page_that_shows_two_texts_still_schedules(client_of, draft):
    client, path = client_of("author"), f"/{draft.pk}/update/"
    Post.objects.update(version=5)
    mine = {"title": "Mine", "body": "mine", "publish_at": typed(TOMORROW), "version": 4}
    page = client.post(path, mine | {"action": "publish"})
    assert page.status_code == 409 and f'value="{typed(TOMORROW)}"' in page.text
    assert 'value="publish">Publish<' in page.text
    client.post(path, mine | {"action": "publish", "version": 5})
    assert Post.objects.get().publish_at == TOMORROW


def test_a_note_is_kept_with_a_scheduled_post(send, scheduled):
    send(scheduled, NEXT_WEEK, "schedule", reason="Later")
    assert scheduled.revisions.first().reason == "Later"


@pytest.mark.parametrize("at", [TOMORROW, NOW - timedelta(days=1)])
def test_the_admin_says_that_it_scheduled_a_post(client_of, post, at):
    path = reverse("admin:posts_post_change", args=[post.pk])
    data = {"author": post.author_id, "title": "Title", "body": "", "status": "published"}
    data |= {"publish_at_0": at.strftime("%Y-%m-%d"), "publish_at_1": at.strftime("%H:%M:%S")}
    page = client_of("moderator").post(path, data, follow=True).text
    assert bool(SAID.search(page)) == (at == TOMORROW)


# Changes between reading a post and saving it -----------------------------------------------------


def publish_meanwhile(post: Post, moderator) -> None:
    Post.objects.update(status="published", publish_at=NOW - timedelta(seconds=1))


SAVES = {
    "schedule": ("draft", lambda post: publishing.schedule(post, TOMORROW, Edit(NOW))),
    "save_draft": ("draft", lambda post: publishing.save_draft(post, Edit(NOW))),
    "save_hidden": ("hidden", lambda post: publishing.save_hidden(post, Edit(NOW))),
}


@pytest.mark.parametrize("save", SAVES)
@pytest.mark.parametrize("is_late", [True, False])
def test_a_post_published_at_that_moment_stays_published(make_post, moderator, save, is_late):
    state, act = SAVES[save]
    post = make_post(status=state)
    if not is_late:
        assert act(post).version == 1
        return
    if state == "hidden":
        moderation.restore_post(Post.objects.get(), moderator, now=NOW)
    else:
        publish_meanwhile(post, moderator)
    with pytest.raises(publishing.EditConflict):
        act(post)
    assert Post.objects.get().is_listed(NOW)


# Fields that a private save ignores ---------------------------------------------------------------


@pytest.mark.parametrize("name", ["publish_at", "reason", "remove_image", "image"])
def test_fields_that_a_private_save_leaves_out_are_shown_again(
    client_of, scheduled, settings, tmp_path, name
):
    settings.MEDIA_ROOT = tmp_path
    client, path = client_of("author"), f"/{scheduled.pk}/update/"
    Post.objects.update(cover="x" * 22 + "-800x600-123.webp")
    sent = {"title": "Half", "body": "half", "publish_at": typed(TOMORROW), "action": "draft"}
    values = {"publish_at": typed(NEXT_WEEK), "reason": "Why", "remove_image": "on"}
    page = client.post(path, sent | {name: values.get(name) or image_file()})
    assert page.status_code == 200
    assert "Your edits are saved." in page.text
    assert f"Not saved yet: {PostForm.base_fields[name].label}." in page.text
    assert "half</textarea>" in page.text and " data-unsaved" in page.text
    shown = {"remove_image": "checked", "image": "Choose your cover image again."}
    assert shown.get(name, f'value="{values.get(name)}"') in page.text
    post = Post.objects.get()
    assert (post.title, post.publish_at) == ("Test title", TOMORROW)
    assert f'name="version" value="{post.version}"' in page.text
    assert 'name="uuid"' not in page.text


def test_a_recovered_text_that_was_saved_privately_is_no_longer_unsaved(client_of, author, post):
    client, path = client_of("author"), f"/{post.pk}/update/"
    sent = {"title": "Half", "body": "half", "action": "draft", "reason": "Why"}
    writer = writer_in(client.get(path).text)
    client.logout()
    client.post(path, sent | {"writer": writer})
    client.force_login(author)
    page = client.get(f"{path}?recovered").text
    assert "the text you typed before you were logged out" in page
    page = client.post(path, sent | {"writer": writer_in(page)}).text
    assert "Not saved yet" in page and 'value="Why"' in page
    assert "the text you typed before you were logged out" not in client.get(path).text


def test_a_recovered_later_time_is_shown_even_for_a_published_post(client_of, author, scheduled):
    client, path = client_of("author"), f"/{scheduled.pk}/update/"
    writer = writer_in(client.get(path).text)
    client.logout()
    Post.objects.update(publish_at=NOW)
    sent = {"title": "Title", "publish_at": typed(NEXT_WEEK), "writer": writer}
    client.post(path, sent | {"action": "schedule"})
    client.force_login(author)
    page = client.get(f"{path}?recovered").text
    assert f'value="{typed(NEXT_WEEK)}"' in page and 'value="update">Update' in page


def test_a_new_post_is_saved_as_a_draft_by_the_compare_button(send):
    send(None, "", "compare")
    assert Post.objects.get().is_draft


def test_the_form_says_what_an_empty_time_does(author):
    text = str(PostForm(instance=Post(author=author)).fields["publish_at"].help_text)
    assert "Leave empty to publish immediately, or" in text
