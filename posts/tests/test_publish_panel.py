"""The panel in which a draft is published or scheduled. Opening it saves the draft only."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from posts.models import Post
from posts.tests.images import image_file

NOW = timezone.now()
LATER = (NOW + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S")
TYPED = {"title": "Title", "body": "[here](/map)", "tags": "tea, bread", "action": "panel"}
PANEL = re.compile(r"<dialog[^>]* open>.*</dialog>", re.DOTALL)


def panel_in(page: str) -> str:
    found = PANEL.search(page)
    return " ".join(found[0].split()) if found else ""


@pytest.mark.parametrize("state", ["new", "draft"])
def test_it_saves_a_draft_and_names_its_address_tags_and_hints(client_of, make_post, state):
    post = None if state == "new" else make_post(status="draft", publish_at=None)
    path = f"/{post.pk}/update/" if post else "/create/"
    response = client_of("author").post(path, TYPED | {"publish_at": LATER}, follow=True)
    post = Post.objects.get()
    assert response.redirect_chain == [(f"/{post.pk}/update/?panel", 302)]
    assert post.is_draft and post.body == TYPED["body"]
    panel = panel_in(response.text)
    assert f"<dd>http://testserver/{post.pk}-title/</dd>" in panel
    assert "tea, bread" in panel
    assert "A link says only “here”. Say where it leads." in panel
    # The time is in the panel, and nowhere else.
    assert f'value="{LATER}"' in panel and response.text.count('name="publish_at"') == 1
    assert 'value="publish">Publish<' in panel and 'value="schedule">Schedule<' in panel


def test_without_scripts_a_chosen_cover_is_saved_before_the_panel_is_shown(
    client_of, settings, tmp_path
):
    settings.MEDIA_ROOT = tmp_path
    client_of("author").post("/create/", TYPED | {"image": image_file()})
    assert Post.objects.get().cover


def test_the_buttons_of_the_panel_publish_and_schedule(client_of):
    client = client_of("author")
    for action, is_listed in (("publish", True), ("schedule", False)):
        client.post("/create/", TYPED)
        post = Post.objects.latest("pk")
        sent = TYPED | {"action": action, "version": post.version}
        sent |= {} if is_listed else {"publish_at": LATER}
        client.post(f"/{post.pk}/update/", sent)
        post.refresh_from_db()
        assert (post.is_listed(timezone.now()), post.is_draft) == (is_listed, False)


@pytest.mark.parametrize(
    "at", [LATER, "2020-01-01T00:00:00", "tomorrow"], ids=["future", "past", "no time"]
)
def test_now_publishes_now_whatever_time_was_typed(client_of, at):
    client_of("author").post("/create/", TYPED | {"action": "publish_now", "publish_at": at})
    assert Post.objects.get().is_listed(timezone.now())


@pytest.mark.parametrize("action", ["publish", "schedule"])
def test_a_refused_time_opens_the_panel_with_its_message(client_of, action):
    sent = TYPED | {"action": action, "publish_at": "tomorrow"}
    page = client_of("author").post("/create/", sent).text
    assert "Enter a valid date/time." in panel_in(page)
    assert not Post.objects.exists()


def test_a_missing_title_is_named_beside_the_title_and_opens_no_panel(client_of):
    page = client_of("author").post("/create/", TYPED | {"title": " "}).text
    assert "Title is required." in page and not panel_in(page)
    assert "[here](/map)</textarea>" in page and 'value="tea, bread"' in page


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "Your edits are saved. Readers won't see them until you press Update."),
        ({"publish_at": NOW + timedelta(days=1)}, "Your edits are saved."),
        ({"status": "hidden"}, "Your changes are saved."),
    ],
)
def test_an_old_page_of_a_post_that_is_no_draft_changes_nothing_for_readers(
    client_of, make_post, fields, message
):
    post = make_post(**fields)
    before = (post.status, post.publish_at)
    page = client_of("author").post(f"/{post.pk}/update/", TYPED, follow=True).text
    assert message.replace("'", "&#x27;") in page and "<dialog" not in page
    post.refresh_from_db()
    assert (post.status, post.publish_at) == before
    assert post.is_hidden or post.body == "test\nbody"


@pytest.mark.parametrize("role", ["author", "contributor"])
def test_only_people_who_may_publish_get_the_panel(client_of, author, role):
    author.role = role
    author.save()
    client = client_of("author")
    page = client.post("/create/", TYPED, follow=True).text
    post = Post.objects.get()
    assert post.is_draft
    assert bool(panel_in(page)) == (role == "author")
    assert bool(panel_in(client.get(f"/{post.pk}/update/?panel").text)) == (role == "author")


@pytest.mark.parametrize(("status", "primary"), [("draft", "panel"), ("published", "update")])
def test_the_bar_has_one_primary_button(client_of, make_post, status, primary):
    page = client_of("author").get(f"/{make_post(status=status).pk}/update/").text
    bar = page[page.index('<div class="bar">') : page.index('<div class="desk">')]
    assert re.findall(r'class="button" name="action" value="(\w+)"', bar) == [primary]
    assert not panel_in(page)
