"""Nothing is published by accident: Enter in a field never changes what readers see."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.roles import Role
from posts.discussion import moderation
from posts.models import Post
from posts.writing import publishing
from posts.writing.edit import Edit
from tests.default_buttons import Form, forms_in, press_enter

NOW = timezone.now()
TOMORROW = NOW + timedelta(days=1)
TYPED = {"title": "Half a title", "body": "half a sentence", "tags": "half, tags"}
STATES = {
    "draft": {"status": "draft", "publish_at": None},
    "draft with a time": {"status": "draft", "publish_at": TOMORROW},
    "scheduled": {"publish_at": TOMORROW},
    "published": {},
    "hidden": {"status": "hidden"},
}


def what_readers_get() -> list:
    """Return the published and scheduled posts."""
    posts = Post.objects.filter(status="published").order_by("pk")
    return [
        (post.title, post.body_html, post.publish_at, post.tag_list, post.cover, post.cover_alt)
        for post in posts.prefetch_related("taggings")
    ]


def editor_in(page: str) -> Form:
    (form,) = [form for form in forms_in(page) if form.attributes.get("class") == "editor"]
    return form


def press_enter_in_editor(client, path: str, page: str, **typed: str) -> None:
    """Type, press Enter, and check that readers see no change and the next page has the text."""
    form = editor_in(page)
    form.fill(**(TYPED | typed))
    before = what_readers_get()
    response = press_enter(client, path, form)
    assert what_readers_get() == before
    for text in TYPED.values():
        assert text in response.text
    assert typed.get("publish_at", "") in response.text


@pytest.fixture
def writer(client_of):
    return client_of("author")


@pytest.mark.parametrize("publish_at", ["", "2031-01-01T09:00:00"])
def test_in_a_new_post(writer, publish_at):
    page = writer.get("/create/").text
    press_enter_in_editor(writer, "/create/", page, publish_at=publish_at)
    assert Post.objects.get().is_draft


@pytest.mark.parametrize("state", STATES)
def test_in_the_editor_of_a_post(writer, make_post, state):
    path = f"/{make_post(**STATES[state]).pk}/update/"
    press_enter_in_editor(writer, path, writer.get(path).text)


@pytest.mark.parametrize("state", STATES)
def test_after_an_autosave(writer, make_post, state):
    post = make_post(**STATES[state])
    autosaved = {"title": "Typed", "body": "typed", "version": 0, "edit_session": "s"}
    assert writer.post(f"/{post.pk}/autosave/", autosaved).status_code == 200
    path = f"/{post.pk}/update/"
    press_enter_in_editor(writer, path, writer.get(path).text)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("action", ["draft", "update", "publish", "schedule"])
def test_on_the_conflict_page(writer, make_post, state, action):
    post = make_post(**STATES[state], version=3)
    path, sent = f"/{post.pk}/update/", {"title": "Mine", "body": "mine", "version": 2}
    if action == "schedule" and state != "published":
        sent["publish_at"] = "2031-01-01T09:00:00"
    page = writer.post(path, sent | {"action": action}).text
    press_enter_in_editor(writer, path, page)


def test_in_an_editor_whose_post_was_deleted(writer, make_post, monkeypatch):
    post = make_post()

    def is_gone(*args, **kwargs):
        raise publishing.PostIsGone

    # The post is deleted after the form is validated and before it is saved.
    with monkeypatch.context() as patch:
        patch.setattr(publishing, "save_post", is_gone)
        page = writer.post(f"/{post.pk}/update/", {"title": "Mine", "body": "mine"}).text
    press_enter_in_editor(writer, f"/{post.pk}/update/", page)


@pytest.mark.parametrize("state", [None, *STATES])
@pytest.mark.parametrize("action", ["draft", "publish", "schedule", "unpublish"])
def test_in_a_form_that_was_refused(writer, make_post, state, action):
    path = f"/{make_post(**STATES[state]).pk}/update/" if state else "/create/"
    page = writer.post(path, {"title": "t", "tags": "x" * 60, "action": action}).text
    assert "Use at most 50 characters for a tag" in page
    press_enter_in_editor(writer, path, page)


@pytest.mark.parametrize("state", [None, *STATES])
def test_in_a_text_that_was_recovered(writer, make_post, author, state):
    path = f"/{make_post(**STATES[state]).pk}/update/" if state else "/create/"
    form = editor_in(writer.get(path).text)
    form.fill(title="Recovered", body="recovered")
    writer.logout()
    writer.post(path, form.data())
    writer.force_login(author)
    page = writer.get(f"{path}?recovered").text
    assert "the text you typed before you were logged out" in page
    press_enter_in_editor(writer, path, page)


MEANWHILE = {
    "published": ("draft", lambda post, _: publishing.publish(post, Edit(NOW))),
    "scheduled": (
        "draft",
        lambda post, _: publishing.schedule(post, TOMORROW, Edit(NOW)),
    ),
    "listed": ("scheduled", lambda post, _: Post.objects.update(publish_at=NOW)),
    "restored": ("hidden", lambda post, who: moderation.restore_post(post, who, now=NOW)),
}


@pytest.mark.parametrize("change", MEANWHILE)
@pytest.mark.parametrize("has_version", [True, False])
def test_in_an_editor_that_was_opened_before_the_post_was_published(
    writer, make_post, moderator, change, has_version
):
    state, act = MEANWHILE[change]
    post = make_post(**STATES[state])
    path = f"/{post.pk}/update/"
    page = writer.get(path).text
    act(post, moderator)
    if not has_version:
        page = page.replace('name="version" value="0"', 'name="version" value=""')
    press_enter_in_editor(writer, path, page)


def test_in_the_form_of_a_post_that_it_published_already(writer):
    """The Back button shows this form again."""
    page = writer.get("/create/").text
    form = editor_in(page)
    form.fill(**TYPED)
    writer.post("/create/", form.data() | {"action": "publish"})
    assert Post.objects.get().is_published
    press_enter_in_editor(writer, "/create/", page, body="another half of a sentence")
    assert Post.objects.count() == 1


# All other forms ----------------------------------------------------------------------------------

PAGES = [
    *("/{post}/", "/{post}/update/", "/{draft}/update/", "/{hidden}/update/", "/create/"),
    *("/{post}/history/", "/{post}/history/1/", "/mine/", "/mine/?state=trash"),
    *("/auth/account/", "/auth/username/", "/auth/password/change/", "/auth/logout/", "/settings/"),
    *(f"/{{post}}/comments/{{comment}}/{act}/" for act in ("report", "hide", "edit", "delete")),
    *("/{post}/comments/{waiting}/approve/", "/{post}/comments/{covered}/restore/"),
    *("/admin/posts/post/add/", "/admin/posts/post/{post}/change/"),
    "/admin/identity/redirect/add/",
    *("/admin/posts/post/{post}/delete/", "/admin/posts/comment/{comment}/change/"),
    *("/admin/posts/tag/{tag}/change/", "/admin/accounts/user/{author}/change/"),
]
LISTS = {
    "posts/post": ("hide", "restore", "delete_selected"),
    "posts/comment": ("approve", "hide", "restore"),
    "posts/tag": ("merge_tags",),
    "accounts/user": ("delete_selected",),
}
VALUES = dict.fromkeys(("title", "name", "display_name", "body", "reason", "biography"), "Changed")
VALUES |= {"username": "changed", "old_path": "/old/", "target": "/new/"}


@pytest.fixture
def ids(make_post, make_comment, author) -> dict[str, int]:
    """Create the objects of PAGES and return their ids."""
    post = make_post(tags="Tea")
    publishing.update(post, Edit(NOW, tags=["Tea"]))
    posts = {state: make_post(status=state).pk for state in ("hidden", "draft")}
    make_post(status="trash", trashed_from="published", trashed_at=NOW)
    comments = {}
    for name, status in {"comment": "approved", "waiting": "waiting", "covered": "hidden"}.items():
        comments[name] = make_comment(name, post=post, author=author, status=status).pk
    return posts | comments | {"post": post.pk, "tag": post.tag_list[0].pk, "author": author.pk}


@pytest.fixture
def press_everywhere(writer, author, anonymous, ids, django_capture_on_commit_callbacks):
    """Return a function that presses Enter in each form of a page and compares public pages.

    The visitor is the post's author, and also an owner.
    """
    author.role = Role.OWNER
    author.save()
    paths = ("/", f"/{ids['post']}-test-title/", "/authors/author/", "/tags/", "/feed/")

    def press(page: str, **values: str) -> None:
        path = page.format(**ids)
        response = writer.get(path, follow=True)
        before = [anonymous.get(public).text for public in paths]
        for form in forms_in(response.text):
            if form.attributes.get("method") == "post" and form.takes_enter:
                form.fill(**VALUES | values)
                # Cached pages are invalidated on commit.
                with django_capture_on_commit_callbacks(execute=True):
                    press_enter(writer, path, form)
        assert [anonymous.get(public).text for public in paths] == before

    return press


@pytest.mark.parametrize("page", PAGES)
def test_in_any_other_form(press_everywhere, page):
    press_everywhere(page, status="draft")


@pytest.mark.parametrize(("rows", "action"), [(r, a) for r, acts in LISTS.items() for a in acts])
def test_in_a_list_of_the_admin(press_everywhere, rows, action):
    press_everywhere(f"/admin/{rows}/", action=action)


def test_the_parser_finds_the_default_button_as_browsers_do():
    page = """
        <button form="f" name="first" value="1">Elsewhere</button>
        <form id="f" method="post"><input name="q"><button type="button">None</button>
        <input type="image" name="second"><button disabled>Third</button></form>
        <form><input type="checkbox" name="c"><input type="submit" disabled></form>
        <form><textarea name="t"></textarea><button>Send</button></form>
    """
    first, second, third = forms_in(page)
    assert first.default_button.attributes["name"] == "first" and first.takes_enter
    assert first.data() == {"q": "", "first": "1"}
    assert second.takes_enter and press_enter(None, "/", second) is None
    assert not third.takes_enter
