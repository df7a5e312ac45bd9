"""A post sent after the session ended is back in the editor after logging in."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import UnsavedText
from accounts.tests.test_unsaved_text import NOTE, log_in, writer_in
from posts.models import Post

TYPED = {
    "title": "Typed title",
    "body": "  Typed\r\n\r\nbody",
    "tags": "tea, bread",
    "cover_alt": "A cup",
    "body_image_alt": "A loaf",
}


@pytest.mark.parametrize("path", ["/create/", "/{pk}/update/"])
def test_everything_typed_is_restored_and_saved_only_on_request(client_of, post, path):
    client, path = client_of("author"), path.format(pk=post.pk)
    writer = writer_in(client.get(path).text)
    client.logout()
    image = SimpleUploadedFile("me.png", b"picture")
    response = client.post(path, TYPED | {"writer": writer, "image": image})
    assert response["Location"] == f"/auth/login/?next={path}%3Frecovered"
    page = log_in(client, "author", f"{path}?recovered").text
    assert NOTE in page and "Choose your image again." in page
    for name in ("tags", "cover_alt", "body_image_alt"):
        assert f'name="{name}" value="{TYPED[name]}"' in page
    for name in ("title", "body"):
        assert f"{TYPED[name]}</textarea>" in page
    assert not Post.objects.filter(title="Typed title").exists()

    client.post(path, TYPED | {"body_image_alt": "", "writer": writer_in(page)})
    assert Post.objects.get(title="Typed title").body == "  Typed\n\nbody"
    assert not UnsavedText.objects.exists()


def test_recovered_text_is_not_shown_again_over_a_later_save(client_of, post):
    client = client_of("author")
    writer = writer_in(client.get(f"/{post.pk}/update/").text)
    client.logout()
    client.post(f"/{post.pk}/autosave/", TYPED | {"writer": writer})
    page = log_in(client, "author", f"/{post.pk}/update/?recovered").text
    assert NOTE in page
    later = TYPED | {"body": "Later words", "writer": writer_in(page), "version": post.version}
    assert client.post(f"/{post.pk}/autosave/", later).status_code == 200
    page = client.get(f"/{post.pk}/update/").text
    assert NOTE not in page and "Later words</textarea>" in page


def test_for_a_post_of_another_person_it_is_403_and_kept_for_its_writer(client_of, post, reader):
    client = client_of("reader")
    writer = writer_in(client.get("/create/").text)
    client.logout()
    client.post(f"/{post.pk}/update/", TYPED | {"writer": writer})
    response = log_in(client, "reader", f"/{post.pk}/update/?recovered")
    assert response.status_code == 403
    assert f"{TYPED['body']}</textarea>" in client.get("/auth/account/").text


def test_autosaved_text_is_no_longer_unsaved(client_of, draft, author):
    client, path = client_of("author"), f"/{draft.pk}/update/"
    writer = writer_in(client.get(path).text)
    typed = TYPED | {"writer": writer, "version": draft.version, "edit_session": "s"}
    client.logout()
    assert client.post(f"/{draft.pk}/autosave/", typed).status_code == 401
    assert UnsavedText.objects.exists()
    # After logging in again in another tab, the editor continues.
    client.force_login(author)
    assert client.post(f"/{draft.pk}/autosave/", typed | {"tags": "x" * 51}).status_code == 422
    assert UnsavedText.objects.exists()
    assert client.post(f"/{draft.pk}/autosave/", typed).status_code == 200
    assert not UnsavedText.objects.exists()


def test_two_tabs_that_show_one_recovered_text_overwrite_nothing(client_of, draft, author):
    client, path = client_of("author"), f"/{draft.pk}/update/"
    form = client.get(path).context["form"]
    sent = {name: form[name].value() for name in ("version", "edit_session")}
    sent |= TYPED | {"writer": writer_in(client.get(path).text)}
    client.logout()
    client.post(path, sent)
    client.force_login(author)
    tabs = []
    for address in (f"{path}?recovered", path):
        form = client.get(address).context["form"]
        assert form["body"].value() == TYPED["body"]
        tabs.append({name: form[name].value() for name in ("version", "edit_session", "title")})
    responses = [client.post(path, tab | {"body": f"Tab {n}"}) for n, tab in enumerate(tabs)]
    assert [response.status_code for response in responses] == [302, 409]
    draft.refresh_from_db()
    assert draft.body == "Tab 0"
