"""Unsaved texts: kept for their writer after the session ended, and never saved unasked."""

import re
import time
from datetime import timedelta

import pytest
from django import forms
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from django.views.generic import FormView

from accounts import unsaved_text
from accounts.mixins import KeepsTextMixin
from accounts.models import UnsavedText, User
from accounts.unsaved_text import KEPT_FOR, LENGTH_MAX, SIGNED_FOR, TEXTS_MAX, Writer, sign
from conftest import PASSWORD

ACCOUNT = "/auth/account/"
BACK = f"{ACCOUNT}?recovered"
NOTE = "This form shows the text you typed before you were logged out. It is not saved yet."
TYPED = {"display_name": "Zoë", "biography": "Long </textarea>thought\r\nover."}
UNCHECKED = {"remove_image": ""}
SHOWN = "Long &lt;/textarea&gt;thought\r\nover.</textarea>"


def writer_in(page: str) -> str:
    return re.search(r'name="writer" value="([^"]+)"', page)[1]


@pytest.fixture
def writer(client_of, settings) -> str:
    """The author's signed field, from a form that was open when their session ended."""
    client = client_of("author")
    found = writer_in(client.get(ACCOUNT).text)
    del client.cookies[settings.SESSION_COOKIE_NAME]
    return found


def log_in(client, username: str, address: str = BACK):
    data = {"username": username, "password": PASSWORD, "next": address}
    return client.post("/auth/login/", data, follow=True)


def biography(username: str = "author") -> str:
    return User.objects.get(username=username).biography


def test_it_is_restored_after_logging_in_and_saved_only_on_request(client, writer):
    response = client.post(ACCOUNT, TYPED | {"writer": writer})
    assert response["Location"] == "/auth/login/?next=/auth/account/%3Frecovered"
    login = client.get(response["Location"]).text
    assert "Your text is kept. Log in to see it again." in login
    page = log_in(client, "author").text
    assert NOTE in page and SHOWN in page and 'value="Zoë"' in page
    assert "Choose your image again" not in page
    assert biography() == ""

    response = client.post(BACK, TYPED | {"writer": writer_in(page)})
    assert response["Location"] == ACCOUNT
    assert biography() == "Long </textarea>thought\nover."
    assert NOTE not in client.get(BACK).text
    assert not UnsavedText.objects.exists()


def test_it_is_kept_if_its_writer_returns_by_another_way(client, writer):
    client.post(ACCOUNT, TYPED | {"writer": writer})
    log_in(client, "author", "/")
    assert NOTE in client.get(ACCOUNT).text


def test_a_refused_form_keeps_its_unsaved_text_and_says_so(client, writer):
    client.post(ACCOUNT, TYPED | {"writer": writer})
    again = TYPED | {"website": "ftp:z", "writer": writer_in(log_in(client, "author").text)}
    response = client.post(ACCOUNT, again)
    page = response.text
    assert NOTE in page and SHOWN in page and 'value="ftp:z"' in page
    # Submitted values are compared with the saved ones. Otherwise, this text would count as
    # unchanged.
    assert response.context["form"].initial["biography"] == ""
    assert client.post(ACCOUNT, TYPED | {"writer": writer_in(page)}).status_code == 302
    assert not UnsavedText.objects.exists()


# An anonymous visitor is redirected to the login page.
@pytest.mark.parametrize(
    ("visitor", "status"), [("reader", 404), ("moderator", 404), ("anonymous", 302)]
)
def test_no_one_else_sees_or_discards_it(client_of, writer, visitor, status):
    client = client_of("anonymous")
    client.post(ACCOUNT, TYPED | {"writer": writer})
    number = UnsavedText.objects.get().pk
    client = client_of(visitor)
    page = client.get(BACK, follow=True).text
    assert NOTE not in page and "thought" not in page
    assert client.post(f"/auth/unsaved-texts/{number}/discard/").status_code == status
    assert UnsavedText.objects.exists()


def test_a_file_that_was_chosen_must_be_chosen_again(client, writer):
    image = SimpleUploadedFile("me.png", b"picture")
    client.post(ACCOUNT, TYPED | {"writer": writer, "image": image})
    assert "Choose your image again." in log_in(client, "author").text
    assert "image" not in UnsavedText.objects.get().texts


def test_only_the_texts_of_a_form_are_kept(client, writer):
    others = {"password": "hunter2", "csrfmiddlewaretoken": "x", "username": "x", "is_staff": "on"}
    client.post(ACCOUNT, TYPED | others | {"writer": writer})
    text = UnsavedText.objects.get()
    assert (text.texts, text.hidden) == (TYPED | UNCHECKED, {})
    assert str(text) == f"{text.user_id} at {ACCOUNT}"


class NewsForm(forms.Form):
    news = forms.BooleanField(required=False, initial=True)


class News(KeepsTextMixin, FormView):
    form_class = NewsForm
    text_fields = ("news",)


@pytest.mark.parametrize("sent", [{}, {"news": "on"}])
def test_a_box_comes_back_as_it_was_sent(rf, author, sent):
    view = News()
    view.setup(rf.post("/news/", sent | {"writer": sign(Writer(author.pk, "form_id"))}))
    assert view.keep_typed()
    request = rf.get("/news/")
    request.user = author
    view = News()
    view.setup(request)
    assert ("checked" in str(view.get_form()["news"])) == bool(sent)


def views(patterns) -> list:
    found = []
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            found += views(pattern.url_patterns)
        elif isinstance(pattern, URLPattern):
            found.append(getattr(pattern.callback, "view_class", None))
    return found


def test_no_form_keeps_a_password():
    keeping = [v for v in views(get_resolver().url_patterns) if hasattr(v, "text_fields")]
    names = {name for view in keeping for name in (*view.text_fields, *view.hidden_fields)}
    assert {"body", "biography"} <= names
    assert not [name for name in names if "password" in name or "token" in name]


def test_a_character_that_no_database_stores_is_replaced(client, writer):
    client.post(ACCOUNT, {"biography": "nul \0", "writer": writer})
    assert UnsavedText.objects.get().texts == {"biography": "nul \ufffd"} | UNCHECKED


# Owners of texts


def test_a_form_opened_by_another_account_changes_nothing(client_of, writer):
    client = client_of("reader")
    response = client.post(ACCOUNT, TYPED | {"writer": writer})
    assert response.status_code == 403
    assert "this form was opened with another account" in response.text
    # The visitor who sent the text may see it.
    assert SHOWN in response.text
    assert biography("reader") == biography("author") == ""
    assert NOTE not in client.get(ACCOUNT).text
    client.logout()
    assert NOTE in log_in(client, "author").text


def signed(age: timedelta, user: User, monkeypatch) -> str:
    now = time.time()
    with monkeypatch.context() as clock:
        clock.setattr("time.time", lambda: now - age.total_seconds())
        return sign(Writer(user.pk, "form_id"))


@pytest.mark.parametrize(
    ("age", "is_kept"),
    [(SIGNED_FOR - timedelta(minutes=1), True), (SIGNED_FOR + timedelta(minutes=1), False)],
)
def test_a_signature_lasts_fourteen_days(client, author, monkeypatch, age, is_kept):
    response = client.post(ACCOUNT, TYPED | {"writer": signed(age, author, monkeypatch)})
    assert response.status_code == (302 if is_kept else 403)
    assert UnsavedText.objects.exists() == is_kept


@pytest.mark.parametrize("forgery", ["", "x", "WzEsIngiXQ:1:x", "of another form", "changed"])
def test_without_a_valid_signature_nothing_is_kept(client, writer, author, forgery):
    changed = writer[:-2] + ("AA" if writer[-2:] != "AA" else "BB")
    made = {"of another form": signing.dumps([author.pk, "x"], salt="x"), "changed": changed}
    response = client.post(ACCOUNT, TYPED | {"writer": made.get(forgery, forgery)})
    assert response.status_code == 403
    assert "this form is too long or too old" in response.text and SHOWN in response.text
    assert not UnsavedText.objects.exists()


def test_a_form_without_a_writer_leads_to_log_in_and_leaves_nothing(client, author):
    assert client.post(ACCOUNT, TYPED).status_code == 302
    assert not UnsavedText.objects.exists()


@pytest.mark.parametrize("is_deleted", [True, False])
def test_nothing_is_kept_for_an_account_that_is_closed(client, writer, author, is_deleted):
    author.delete() if is_deleted else User.objects.update(is_active=False)
    assert client.post(ACCOUNT, TYPED | {"writer": writer}).status_code == 403
    assert not UnsavedText.objects.exists()


def test_an_old_signature_does_not_stop_a_logged_in_writer(client_of):
    client = client_of("author")
    assert client.post(ACCOUNT, TYPED | {"writer": "x"}).status_code == 302
    assert "thought" in biography()


def test_reading_keeps_nothing(client, writer):
    client.get(ACCOUNT, TYPED | {"writer": writer})
    assert not UnsavedText.objects.exists()


# Stale tokens


@pytest.fixture
def strict() -> Client:
    return Client(enforce_csrf_checks=True)


def test_a_stale_token_after_a_new_login_leads_to_the_form(strict, author, writer):
    strict.force_login(author)
    response = strict.post(ACCOUNT, TYPED | {"writer": writer, "csrfmiddlewaretoken": "stale"})
    assert (response.status_code, response["Location"]) == (302, BACK)
    page = strict.get(BACK).text
    assert NOTE in page and SHOWN in page and biography() == ""


def test_a_missing_token_after_a_logout_leads_to_login(strict, writer):
    response = strict.post(ACCOUNT, TYPED | {"writer": writer})
    assert response["Location"] == "/auth/login/?next=/auth/account/%3Frecovered"
    assert UnsavedText.objects.get().texts == TYPED | UNCHECKED


@pytest.mark.parametrize("names_writer", [True, False])
def test_any_other_stale_token_returns_the_text(strict, reader, author, writer, names_writer):
    strict.force_login(reader)
    strict.get(ACCOUNT)
    named = {"writer": writer} if names_writer else {}
    response = strict.post(ACCOUNT, TYPED | named)
    assert response.status_code == 403
    assert "This form has expired" in response.text and SHOWN in response.text
    assert ("in another tab after you opened this page" in response.text) != names_writer
    assert UnsavedText.objects.filter(user=author).exists() == names_writer


def test_a_writer_gives_no_way_around_the_token_of_other_forms(strict, author, writer):
    strict.force_login(author)
    response = strict.post("/auth/logout/", {"writer": writer, "body": "x"})
    assert response.status_code == 403
    assert strict.get(ACCOUNT).status_code == 200
    assert not UnsavedText.objects.exists()


# Limits


@pytest.mark.parametrize(("length", "is_kept"), [(LENGTH_MAX, True), (LENGTH_MAX + 1, False)])
def test_a_text_too_long_to_be_kept_is_returned(client, writer, length, is_kept):
    text = "x" * length
    response = client.post(ACCOUNT, {"biography": text, "writer": writer})
    assert UnsavedText.objects.exists() == is_kept
    assert response.status_code == (302 if is_kept else 403)
    if not is_kept:
        assert "this form is too long or too old" in response.text and text in response.text


def test_a_form_sent_again_keeps_its_newest_text(client, writer):
    for text in ("First", "Second"):
        client.post(ACCOUNT, {"biography": text, "writer": writer})
    assert UnsavedText.objects.get().texts == {"biography": "Second"} | UNCHECKED


def keep(user, text: str, **fields) -> None:
    values = {"form_id": "s", "path": ACCOUNT, "kept_at": timezone.now()}
    unsaved_text.keep(UnsavedText(user=user, texts={"biography": text}, **values | fields))


def test_the_newest_ten_of_an_account_are_kept(author, reader):
    keep(reader, "Theirs")
    for number in range(TEXTS_MAX + 2):
        keep(author, f"Text {number}", form_id=str(number))
    kept = [text.texts["biography"] for text in unsaved_text.unsaved_texts_of(author)]
    assert kept == [f"Text {number}" for number in range(TEXTS_MAX + 1, 1, -1)]
    assert unsaved_text.unsaved_texts_of(reader).count() == 1


def test_after_seven_days_a_text_is_no_longer_shown_and_then_deleted(client_of, author, reader):
    keep(author, "Old thoughts", kept_at=timezone.now() - KEPT_FOR - timedelta(seconds=1))
    client = client_of("author")
    assert NOTE not in client.get(ACCOUNT).text
    keep(reader, "Theirs")
    assert UnsavedText.objects.get().user == reader


def test_two_tabs_keep_two_texts_which_come_back_one_after_the_other(client_of, author):
    keep(author, "First", form_id="a")
    keep(author, "Second", form_id="b")
    client = client_of("author")
    for text in ("Second", "First"):
        page = client.get(ACCOUNT).text
        assert f"{text}</textarea>" in page
        client.post(ACCOUNT, {"biography": text, "writer": writer_in(page)})
    assert NOTE not in client.get(ACCOUNT).text
    assert biography() == "First"


def test_an_unsaved_text_is_deleted_with_its_account(author):
    keep(author, "Words")
    author.delete()
    assert not UnsavedText.objects.exists()


# Discarding


def test_its_writer_discards_it_when_they_want(client, writer):
    client.post(ACCOUNT, TYPED | {"writer": writer})
    page = log_in(client, "author").text
    path = re.search(r'action="(/auth/unsaved-texts/\d+/discard/)"', page)[1]
    response = client.post(path, follow=True)
    assert response.redirect_chain == [(ACCOUNT, 302)]
    assert "The unsaved text was discarded." in response.text and NOTE not in response.text
    assert client.post(path).status_code == 404


def test_discarding_while_logged_out_leads_to_the_account_page(client, author):
    keep(author, "Words")
    response = client.post(f"/auth/unsaved-texts/{UnsavedText.objects.get().pk}/discard/")
    assert response["Location"] == "/auth/login/?next=/auth/account/"
    assert UnsavedText.objects.exists()


def test_text_typed_elsewhere_is_listed_on_the_account_page(client_of, author, reader):
    values = {"path": "/7/update/", "texts": {"body": "<b>Elsewhere"}, "hidden": {"version": "3"}}
    unsaved_text.keep(UnsavedText(user=author, form_id="s", kept_at=timezone.now(), **values))
    page = client_of("author").get(ACCOUNT).text
    assert "Unsaved text" in page and 'href="/7/update/?recovered"' in page
    assert "&lt;b&gt;Elsewhere</textarea>" in page and NOTE not in page
    client_of("author").logout()
    assert "Elsewhere" not in client_of("reader").get(ACCOUNT).text


def test_a_signed_name_is_valid_only_for_its_account(author, rf):
    request = rf.post("/", {"writer": sign(Writer(author.pk, "form_id"))})
    assert unsaved_text.writer_of(request) == (author.pk, "form_id")
