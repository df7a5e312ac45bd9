"""PostText names each text field of a post, and no part of the editor loses one of them."""

import re
from uuid import uuid4

import pytest
from django import forms
from django.conf import settings
from django.utils import timezone

from posts.models import TEXT_COLUMNS, Post, PostText, Revision
from posts.writing import history, publishing
from posts.writing.edit import Edit
from posts.writing.forms import PostForm

# Text fields of the form that are not part of PostText.
EXEMPT = {
    # The form adds it to the body.
    "body_image_alt",
    # A note about the save, kept in the revision.
    "reason",
}
SAMPLE = PostText(**{name: f"Some {name}" for name in PostText._fields})


def typed_fields() -> set[str]:
    """Return the names of all visible text fields of the form."""
    return {
        name
        for name, field in PostForm.base_fields.items()
        if isinstance(field, forms.CharField) and not field.widget.is_hidden
    }


def test_each_text_field_of_the_form_is_in_post_text_or_exempt():
    assert typed_fields() - EXEMPT == set(PostText._fields)


@pytest.mark.parametrize("name", PostText._fields)
def test_each_field_has_its_columns_and_is_returned_if_it_can_not_be_saved(name):
    columns = {field.name for field in Revision._meta.concrete_fields}
    assert name in columns
    assert name in settings.TYPED_TEXTS
    assert name == "tags" or name in {field.name for field in Post._meta.concrete_fields}


@pytest.fixture
def saved(author) -> Post:
    """A published post with text in every field."""
    post = Post(author=author)
    post.set_text(SAMPLE)
    return publishing.publish(post, Edit(timezone.now(), tags=[SAMPLE.tags]))


def changed(name: str) -> PostText:
    return SAMPLE._replace(**{name: "Changed"})


def form_of(post: Post, text: PostText, action: str) -> dict[str, str]:
    return text._asdict() | {
        "action": action,
        "version": str(post.version),
        "edit_session": uuid4().hex,
    }


@pytest.mark.parametrize("name", PostText._fields)
def test_a_changed_field_sets_updated_at_and_adds_a_revision(client_of, saved, name):
    before = saved.updated_at
    client_of("author").post(f"/{saved.pk}/update/", form_of(saved, changed(name), "update"))
    saved = Post.objects.get()
    assert saved.text == history.newest(saved).text == changed(name)
    assert saved.updated_at > before


@pytest.mark.parametrize("name", PostText._fields)
def test_a_field_is_autosaved_beside_a_published_post_and_shown_again(client_of, saved, name):
    client = client_of("author")
    response = client.post(f"/{saved.pk}/autosave/", form_of(saved, changed(name), "draft"))
    assert response.status_code == 200
    assert Post.objects.get().text == SAMPLE
    assert history.unsaved_edits(saved).text == changed(name)
    page = client.get(f"/{saved.pk}/update/")
    assert page.context["form"].initial[name] == "Changed"


@pytest.mark.parametrize("name", PostText._fields)
def test_a_conflict_shows_both_texts_of_a_field(client_of, saved, name):
    sent = form_of(saved, changed(name), "update")
    publishing.update(saved, Edit(timezone.now()))
    page = client_of("author").post(f"/{saved.pk}/update/", sent)
    assert page.status_code == 409
    assert page.context["form"].initial[name] == "Changed"
    labels = [label for label, _ in page.context["differences"]]
    assert labels == [PostForm.base_fields[name].label]
    their_field = re.search(rf'id="their-{name}"[^>]*?(?:value="|>)\s*(Some {name})', page.text)
    assert their_field


@pytest.mark.parametrize("name", PostText._fields)
def test_restoring_brings_a_field_back(client_of, saved, name):
    client = client_of("author")
    client.post(f"/{saved.pk}/update/", form_of(saved, changed(name), "update"))
    client.post(f"/{saved.pk}/history/1/restore/")
    assert Post.objects.get().text == SAMPLE


@pytest.mark.parametrize("name", PostText._fields)
def test_a_copy_in_the_browser_is_compared_by_each_field(client_of, saved, name):
    client = client_of("author")
    names = re.search('data-text-fields="([^"]*)"', client.get("/create/").text)[1]
    assert names.split() == list(PostText._fields)
    sides = {"old": SAMPLE, "new": changed(name)}
    sent = {
        f"{side}_{field}": text for side in sides for field, text in sides[side]._asdict().items()
    }
    assert "Changed" in client.post("/difference/", sent).text


def test_a_text_from_an_expired_session_has_all_its_fields(client, client_of, draft):
    page = client_of("author").get("/create/")
    writer = re.search('name="writer" value="([^"]*)"', page.text)[1]
    client.logout()
    client.post("/create/", SAMPLE._asdict() | {"action": "draft", "writer": writer})
    page = client_of("author").get("/create/?recovered")
    shown = page.context["form"].initial
    assert {name: shown[name] for name in PostText._fields} == SAMPLE._asdict()


def test_columns_are_all_fields_but_the_tags():
    assert {*TEXT_COLUMNS, "tags"} == set(PostText._fields)
