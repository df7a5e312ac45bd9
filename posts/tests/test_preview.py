"""Previews: a post as readers will see it, before it is published."""

from datetime import timedelta

import pytest
from django.utils import timezone

from posts.models import Post, PreviewLink
from posts.writing import preview_links, publishing
from posts.writing.edit import Edit

TYPED = {"title": "Typed <title>", "body": "typed *words*\n\n# Part", "tags": "tea, C++"}


@pytest.mark.parametrize("is_new", [True, False])
def test_the_preview_is_the_page_of_a_reader_and_saves_nothing(client_of, post, is_new):
    data = TYPED | ({} if is_new else {"post": post.pk})
    page = client_of("author").post("/preview/", data).text
    assert "Typed &lt;title&gt;</h1>" in page
    assert "<em>words</em>" in page and ">Part" in page
    assert ">tea</a>" in page and ">C++</a>" in page
    # As an anonymous visitor sees it.
    assert "Log out" not in page and "/auth/login/" in page
    assert Post.objects.get().title == "Test title"


def test_the_pane_shows_the_text_and_its_lines_without_header_and_footer(client_of):
    client = client_of("author")
    page, pane = (client.post("/preview/", TYPED | more).text for more in ({}, {"pane": ""}))
    for mark in ("site-header", "site-footer", "skip-link"):
        assert (mark in page, mark in pane) == (True, False), mark
    assert '<p dir="auto" data-line="0">typed' in pane and 'data-line="2"' in pane


def test_the_preview_shows_the_cover_unless_it_is_to_be_removed(client_of, make_post):
    post = make_post(cover=f"images/{'x' * 22}-8x8-000.webp")
    client = client_of("author")
    shown = client.post("/preview/", TYPED | {"post": post.pk}).text
    removed = client.post("/preview/", TYPED | {"post": post.pk, "remove_image": "on"}).text
    assert ('class="cover"' in shown, 'class="cover"' in removed) == (True, False)


def test_a_preview_takes_the_time_as_its_author_entered_it(client_of, author):
    author.time_zone = "Asia/Tokyo"
    author.save(update_fields=["time_zone"])
    data = TYPED | {"publish_at": "2031-01-01T03:00:00"}
    page = client_of("author").post("/preview/", data).text
    assert '<time datetime="2030-12-31T18:00:00+00:00">Dec. 31, 2030</time>' in page


@pytest.mark.parametrize("number", ["", "x", "9" * 30, "٣", "{other}"])
def test_a_preview_shows_nothing_of_another_persons_post(client_of, make_post, number):
    post = make_post(status="draft", cover=f"images/{'x' * 22}-8x8-000.webp")
    data = {"title": "Mine", "post": number.format(other=post.pk)}
    page = client_of("reader").post("/preview/", data).text
    assert 'class="cover"' not in page and "Test title" not in page


def test_a_preview_says_why_a_text_can_not_be_saved(client_of):
    page = client_of("author").post("/preview/", TYPED | {"title": "x" * 201}).text
    assert "at most 200" in page and "<em>words</em>" in page


def test_a_message_waits_for_a_page_that_stays(client_of):
    client = client_of("author")
    client.post("/create/", {"title": "t", "action": "draft"})
    assert "Your draft is saved." not in client.post("/preview/", TYPED).text
    assert "Your draft is saved." in client.get("/").text


@pytest.fixture
def link_to():
    """Return a function that returns the path of a post's preview link."""

    def make(post: Post, *, now=None) -> str:
        preview_links.make_link(post, now=now or timezone.now())
        token = preview_links.token_for(post, now=now or timezone.now())
        return f"/preview/{token}/"

    return make


@pytest.mark.parametrize("visitor", ["anonymous", "reader", "moderator"])
def test_a_link_shows_a_draft_to_anyone_who_has_it(client_of, draft, link_to, visitor):
    response = client_of(visitor).get(link_to(draft))
    assert response.status_code == 200 and "Draft title" in response.text
    assert response["X-Robots-Tag"] == "noindex, nofollow, noarchive"
    assert "no-store" in response["Cache-Control"]
    assert '<meta name="robots" content="noindex' in response.text


def test_a_preview_link_gives_no_other_access(client, draft, link_to):
    client.get(link_to(draft))
    assert client.get(draft.get_absolute_url()).status_code == 404
    assert client.get(f"/{draft.pk}/").status_code == 404


@pytest.mark.parametrize("how", ["expired", "revoked", "forged", "made again", "hidden", "trashed"])
def test_an_expired_or_revoked_link_is_404(client_of, draft, link_to, how):
    now = timezone.now()
    path = link_to(draft, now=now - timedelta(days=8) if how == "expired" else now)
    client = client_of("author")
    if how == "revoked":
        client.post(f"/{draft.pk}/preview-link/", {"action": "revoke"})
        assert not PreviewLink.objects.exists()
    elif how == "forged":
        key = PreviewLink.objects.get().key
        path = f"/preview/{key}:{'x' * 43}/"
    elif how == "made again":
        client.post(f"/{draft.pk}/preview-link/", {"action": "create"})
    elif how == "hidden":
        Post.objects.update(status="hidden")
    elif how == "trashed":
        publishing.trash_post(draft, now=now)
    response = client.get(path)
    assert response.status_code == 404 and "Draft title" not in response.text


def test_a_preview_link_redirects_once_the_post_is_published(client, draft, link_to):
    path = link_to(draft)
    publishing.publish(draft, Edit(timezone.now()))
    assert client.get(path)["Location"] == draft.get_absolute_url()


def test_the_editor_makes_shows_and_revokes_the_link(client_of, draft):
    client = client_of("author")
    page = client.post(f"/{draft.pk}/preview-link/", {"action": "create"}, follow=True).text
    path = f"/preview/{preview_links.token_for(draft, now=timezone.now())}/"
    assert f">http://testserver{path}</textarea>" in page
    page = client.post(f"/{draft.pk}/preview-link/", {"action": "revoke"}, follow=True).text
    assert "/preview/" not in page.replace('data-preview-url="/preview/"', "").replace(
        'formaction="/preview/"', ""
    )


@pytest.mark.parametrize(("visitor", "status"), [("reader", 404), ("moderator", 403)])
def test_only_the_author_makes_a_link(client_of, draft, visitor, status):
    response = client_of(visitor).post(f"/{draft.pk}/preview-link/", {"action": "create"})
    assert response.status_code == status
    assert not PreviewLink.objects.exists()


def test_a_difference_is_shown_word_by_word(client_of):
    data = {"old_body": "one two", "new_body": "one <b>", "old_title": "t", "new_title": "t"}
    page = client_of("author").post("/difference/", data).text
    data["new_cover_alt"] = "A sea"
    assert "A sea</ins>" in client_of("author").post("/difference/", data).text
    assert "</span>two</del>" in page and "</span>&lt;b&gt;</ins>" in page


def test_texts_too_long_to_compare_are_refused(client_of):
    response = client_of("author").post("/difference/", {"old_body": "x" * 200_001})
    assert response.status_code == 422


@pytest.mark.parametrize(
    ("visitor", "change", "status"),
    [
        ("author", {}, 204),
        ("author", {"new_title": "One ", "new_body": "a\r\nb", "new_tags": "tea,Bread"}, 204),
        ("author", {"version": "1"}, 204),
        ("author", {"version": "0"}, 205),
        ("author", {"version": "0", "new_body": "a"}, 200),
        ("author", {"new_body": "a"}, 200),
        ("author", {"edit_session": "another"}, 200),
        ("author", {"edit_session": ""}, 200),
        ("author", {"edit_session": "\0"}, 200),
        ("reader", {}, 200),
        ("reader", {"version": "0"}, 200),
    ],
)
def test_a_text_that_its_editor_saved_needs_no_difference(client_of, visitor, change, status):
    typed = {"title": "One", "body": "a\nb", "tags": "Tea, bread"}
    client_of("author").post("/create/", typed | {"edit_session": "mine"})
    sent = {f"new_{name}": text for name, text in typed.items()} | {"edit_session": "mine"}
    assert client_of(visitor).post("/difference/", sent | change).status_code == status


@pytest.mark.parametrize(
    ("visitor", "change", "is_named"),
    [
        ("author", {}, True),
        ("author", {"new_body": "newer"}, True),
        ("author", {"edit_session": "another"}, False),
        ("reader", {}, False),
    ],
)
def test_an_editor_learns_which_post_its_text_belongs_to(client_of, visitor, change, is_named):
    author = client_of("author")
    author.post("/create/autosave/", {"title": "One", "body": "a", "edit_session": "mine"})
    post = Post.objects.get()
    sent = {"new_title": "One", "new_body": "a", "edit_session": "mine"} | change
    response = client_of(visitor).post("/difference/", sent)
    assert response.get("Content-Location") == (f"/{post.pk}/update/" if is_named else None)
    publishing.trash_post(post, now=timezone.now())
    assert "Content-Location" not in client_of(visitor).post("/difference/", sent)


@pytest.mark.parametrize(
    ("shown_ago", "typed_ago", "is_older"),
    [
        (100, 50, False),
        (50, 100, True),
        (100, "", False),
        ("", 50, False),
        ("x", "y", False),
        (1, "9" * 99, False),
    ],
)
def test_a_kept_text_is_compared_from_the_older_to_the_newer(
    client_of, shown_ago, typed_ago, is_older
):
    is_number = isinstance(shown_ago, int)
    shown_at = int(timezone.now().timestamp()) - shown_ago if is_number else shown_ago
    sent = {"old_body": "saved", "new_body": "kept", "shown_at": shown_at, "typed_ago": typed_ago}
    page = client_of("author").post("/difference/", sent).text
    removed, added = ("kept", "saved") if is_older else ("saved", "kept")
    assert f"</span>{removed}</del>" in page and f"</span>{added}</ins>" in page
    assert ("It is older than the text in the form." in page) == is_older
    assert ("It is newer than the text in the form." in page) == (not is_older)


def test_the_editor_says_when_its_text_was_saved(client_of, draft):
    at = int(draft.updated_at.timestamp())
    assert f'data-shown-at="{at}"' in client_of("author").get(f"/{draft.pk}/update/").text
    assert 'data-shown-at=""' in client_of("author").get("/create/").text
