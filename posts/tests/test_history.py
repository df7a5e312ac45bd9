"""The history of a post: its pages, comparing, restoring and pruning."""

import re
from datetime import datetime, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.http import Http404
from django.utils import timezone

from posts.models import Post, Revision
from posts.writing import publishing
from posts.writing.edit import Edit
from posts.writing.revisions import REVISIONS_PER_PAGE, RevisionRestore

NOW = timezone.now()
DAY = timedelta(days=1)


@pytest.fixture
def write():
    """Return a function that saves a post with a new body, by hand or by autosave."""

    def save(post: Post, body: str, *, is_autosave: bool = False, **saving) -> Post:
        post.refresh_from_db()
        post.body = body
        tags = [] if is_autosave else None
        edit = Edit(**{"at": timezone.now(), "by": post.author, "tags": tags} | saving)
        return publishing.autosave(post, edit) if is_autosave else publishing.update(post, edit)

    return save


@pytest.fixture
def written(post, write):
    """A post with three revisions: the original body, then `two`, then `three`."""
    write(post, "two", reason="A better word")
    write(post, "three")
    return post


def test_a_reason_is_kept_even_if_the_text_is_the_same(post, write):
    write(post, "two")
    write(post, "two")
    assert post.revisions.count() == 2
    write(post, "two", reason="Why I wrote that")
    assert post.revisions.first().reason == "Why I wrote that"


def page_of(client, post: Post, query: str = "") -> str:
    response = client.get(f"/{post.pk}/history/{query}")
    assert response.status_code == 200
    return response.text


def numbers(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'name="from" value="(\d+)"', page)]


def changes(page: str) -> list[tuple[str, str]]:
    """Return the texts shown as removed or added, in order."""
    found = re.findall(r"<(ins|del)\s*><span[^>]*>[^<]*</span>([^<]*)</", page)
    return [(kind, text) for kind, text in found]


# The list


def test_revisions_are_listed_newest_first_with_person_time_and_reason(client_of, written):
    page = page_of(client_of("author"), written)
    assert numbers(page) == [3, 2, 1]
    assert page.count("by author") == 3
    assert "A better word" in page
    assert page.count("Shown to readers") == 1
    assert page.index("Shown to readers") < page.index('value="2"')


def test_times_are_in_the_time_zone_of_the_author(client_of, author, post, write):
    author.time_zone = "Asia/Tokyo"
    author.save()
    write(post, "two", at=datetime(2026, 3, 1, 20, 30, tzinfo=ZoneInfo("UTC")))
    client = client_of("author")
    for page in (page_of(client, post), client.get(f"/{post.pk}/history/2/").text):
        assert "March 2, 2026, 5:30 a.m." in page


def test_private_edits_of_a_published_post_are_marked(client_of, written, write):
    write(written, "four", is_autosave=True, session="x")
    page = page_of(client_of("author"), written)
    row = page[page.index('value="4"') : page.index('value="3"')]
    assert "saved automatically" in row and "Your unpublished edits" in row
    row = page[page.index('value="3"') : page.index('value="2"')]
    assert "Shown to readers" in row and "saved automatically" not in row


def test_no_one_else_reads_a_draft(client_of, draft, write):
    write(draft, "two")
    assert "Shown to readers" not in page_of(client_of("author"), draft)


def test_a_post_made_in_bulk_has_no_history_yet(client_of, post):
    page = page_of(client_of("author"), post, "?from=1&to=2")
    assert "No earlier versions yet" in page
    assert f'href="/{post.pk}/update/"' in page


def test_one_revision_alone_is_compared_with_nothing(client_of, author):
    post = publishing.publish(Post(author=author, title="New"), Edit(NOW))
    page = page_of(client_of("author"), post, "?from=1&to=1")
    assert numbers(page) == [1]
    assert "Compare" not in page and "Changes" not in page


def test_a_revision_outlives_the_person_who_saved_it(client_of, written):
    Revision.objects.filter(number=2).update(saved_by=None)
    client = client_of("author")
    assert "by a deleted account" in page_of(client, written)
    assert "by a deleted account" in client.get(f"/{written.pk}/history/2/").text


@pytest.fixture
def long_history(post):
    rows = (
        Revision(post=post, number=number, body=f"word{number}", saved_at=NOW, saved_by=post.author)
        for number in range(1, REVISIONS_PER_PAGE + 4)
    )
    Revision.objects.bulk_create(rows)
    return post


def test_a_long_history_is_paged(client_of, long_history):
    client = client_of("author")
    first = page_of(client, long_history)
    assert numbers(first) == list(range(REVISIONS_PER_PAGE + 3, 3, -1))
    assert 'rel="next" href="?page=2"' in first
    assert numbers(page_of(client, long_history, "?page=2")) == [3, 2, 1]


def test_revisions_of_two_pages_are_compared(client_of, long_history):
    client = client_of("author")
    newest = REVISIONS_PER_PAGE + 3
    page = page_of(client, long_history, f"?from=1&to={newest}")
    assert f'rel="next" href="?from=1&amp;to={newest}&amp;page=2"' in page
    page = page_of(client, long_history, f"?from=1&to={newest}&page=2")
    assert numbers(page) == [3, 2, 1, newest]
    assert '<input type="hidden" name="page" value="2">' in page
    assert changes(page) == [("del", "word1"), ("ins", f"word{newest}")]


@pytest.mark.parametrize("query", ["?page=3", "?page=0", "?page=x", "?from=9", "?to=x", "?to=99"])
def test_an_unknown_revision_is_404(client_of, written, query):
    assert client_of("author").get(f"/{written.pk}/history/{query}").status_code == 404


# Comparing


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [("del", "two"), ("ins", "three")]),
        ("?from=2", [("del", "two"), ("ins", "three")]),
        ("?from=3&to=2", [("del", "three"), ("ins", "two")]),
        ("?from=3&to=3", []),
    ],
)
def test_any_two_revisions_are_compared_and_by_default_the_last_two(
    client_of, written, query, expected
):
    page = page_of(client_of("author"), written, query)
    assert changes(page) == expected
    assert ("No changes" in page) == (not expected)


def test_every_field_of_a_revision_is_compared(client_of, written):
    written.title, written.cover_alt = "Other title", "A boat"
    publishing.update(written, Edit(NOW, tags=["Sea"], by=written.author))
    page = page_of(client_of("author"), written)
    assert changes(page) == [("del", "Test"), ("ins", "Other"), ("ins", "Sea"), ("ins", "A boat")]
    names = re.findall(r"<h3>([^<]*)</h3>", page)
    assert names == ["Title", "Tags", "Cover image alt text"]


def test_compared_texts_are_shown_as_they_were_typed(client_of, written, write):
    write(written, "<script>alert(1)</script>")
    page = page_of(client_of("author"), written)
    assert "&lt;script&gt;" in page and "<script>alert" not in page


# One revision


def test_the_page_of_a_revision_has_its_full_text_and_its_changes(client_of, written, write):
    write(written, "**four**\n\nfive <b onclick=x>", reason="Bolder")
    client = client_of("author")
    page = client.get(f"/{written.pk}/history/4/").text
    assert "<strong>four</strong>" in page and "<b onclick" not in page
    assert "**four**\n\nfive &lt;b onclick=x&gt;</textarea>" in page
    assert "Bolder" in page
    assert changes(page)[0] == ("del", "three")
    assert "This is the first revision." in client.get(f"/{written.pk}/history/1/").text


def test_the_previous_revision_is_the_next_older_one_that_exists(client_of, written):
    Revision.objects.filter(number=2).delete()
    page = client_of("author").get(f"/{written.pk}/history/3/").text
    assert f'href="/{written.pk}/history/1/"' in page


@pytest.mark.parametrize("number", ["9", "9" * 30])
@pytest.mark.parametrize("end", ["", "restore/"])
def test_no_such_revision_is_404(client_of, written, number, end):
    client = client_of("author")
    ask = client.post if end else client.get
    assert ask(f"/{written.pk}/history/{number}/{end}").status_code == 404


@pytest.mark.parametrize(("number", "is_offered"), [(2, True), (3, False)])
def test_a_revision_that_the_editor_shows_can_not_be_restored(
    client_of, written, number, is_offered
):
    page = client_of("author").get(f"/{written.pk}/history/{number}/").text
    assert ("Restore this version" in page) == is_offered


# Restoring


def restore(client, post: Post, number: int, **data):
    return client.post(f"/{post.pk}/history/{number}/restore/", data, follow=True)


def test_restoring_saves_the_old_text_as_a_new_revision(client_of, make_post, write):
    post = make_post(tags="Bread, Tea", cover_alt="A loaf")
    client = client_of("author")
    post.title, post.body, post.cover_alt = "Other", "other", ""
    publishing.update(post, Edit(NOW, tags=[], by=post.author))
    form = client.get(f"/{post.pk}/history/1/").text
    version = re.search(r'name="version" value="(\d+)"', form)[1]
    response = restore(client, post, 1, version=version)
    assert response.redirect_chain == [(f"/{post.pk}/history/", 302)]
    assert "was restored as the newest revision." in response.text
    back = Post.objects.get()
    assert (back.title, back.body, back.cover_alt) == ("Test title", "test\nbody", "A loaf")
    assert (back.slug, back.body_html) == ("test-title", post_html(back))
    assert [tag.name for tag in back.tag_list] == ["Bread", "Tea"]
    newest = back.revisions.first()
    assert (newest.number, newest.text) == (3, back.text)
    assert newest.reason.startswith("Restored from ") and not newest.is_autosave
    assert newest.saved_by == back.author
    assert client.get("/?q=test").text.count("<article") == 1


def post_html(post: Post) -> str:
    publishing.render_body(post)
    return post.body_html


STATES = {
    "draft": {"status": Post.Status.DRAFT, "publish_at": None},
    "scheduled": {"publish_at": NOW + 9 * DAY},
    "hidden": {"status": Post.Status.HIDDEN},
    "published": {},
}


@pytest.mark.parametrize("state", STATES)
def test_restoring_a_revision_keeps_the_state_of_the_post(client_of, make_post, write, state):
    post = make_post(**STATES[state])
    write(post, "two")
    restore(client_of("author"), post, 1)
    back = Post.objects.get()
    assert (back.status, back.publish_at) == (post.status, post.publish_at)
    assert back.body == "test\nbody"


@pytest.mark.parametrize("state", STATES)
def test_a_text_without_a_title_is_only_for_drafts(client_of, make_post, write, state):
    post = make_post(**STATES[state])
    write(post, "two")
    Revision.objects.filter(number=1).update(title="")
    response = restore(client_of("author"), post, 1)
    is_draft = state == "draft"
    assert response.status_code == 200
    assert ("This version has no title" in response.text) == (not is_draft)
    assert (Post.objects.get().title == "") == is_draft


def test_restoring_the_public_version_keeps_unsaved_edits_in_the_history(client_of, written, write):
    # The result is the same if the autosave comes from a script that sends no edit session.
    write(written, "four", is_autosave=True)
    client = client_of("author")
    assert "four</textarea>" in client.get(f"/{written.pk}/update/").text
    restore(client, written, 3)
    assert "three</textarea>" in client.get(f"/{written.pk}/update/").text
    bodies = written.revisions.values_list("body", flat=True)
    assert list(bodies) == ["three", "four", "three", "two", "test\nbody"]


@pytest.mark.parametrize(
    ("behind", "is_restored"),
    [(0, True), (1, False), (None, True), ("x", True)],
    ids=["as seen", "changed since", "not said", "no number"],
)
def test_nothing_is_restored_over_a_text_that_was_not_seen(client_of, written, behind, is_restored):
    version = Post.objects.get().version
    said = {"version": version - behind if isinstance(behind, int) else behind}
    response = restore(client_of("author"), written, 2, **said if behind is not None else {})
    assert (Post.objects.get().body == "two") == is_restored
    assert ("Nothing was restored" in response.text) == (not is_restored)


def test_a_post_moved_to_the_trash_meanwhile_is_404(rf, written):
    request = rf.post("/")
    request.user = written.author
    view = RevisionRestore()
    view.setup(request, pk=written.pk, number=1)
    # After the permission check, before the save.
    assert view.get_object() == written
    publishing.trash_post(Post.objects.get(), now=NOW)
    with pytest.raises(Http404):
        view.post(request, **view.kwargs)


def test_after_logging_in_a_stranger_lands_in_the_editor(client, written):
    response = client.post(f"/{written.pk}/history/1/restore/")
    assert response["Location"] == f"/auth/login/?next=/{written.pk}/update/"


# From the editor


def test_the_editor_leads_to_the_history(client_of, written, write):
    client = client_of("author")
    link = f'href="/{written.pk}/history/"'
    assert client.get(f"/{written.pk}/update/").text.count(link) == 1
    write(written, "four", is_autosave=True, session="x")
    page = client.get(f"/{written.pk}/update/").text
    assert page.count(link) == 2 and "Compare or restore" in page
    assert "/history/" not in client.get("/create/").text


# Pruning


def prune(*arguments: str) -> str:
    output = StringIO()
    call_command("prune_revisions", *arguments, stdout=output)
    return output.getvalue()


@pytest.fixture
def old_history(post):
    """Three revisions on each of two days more than 30 days ago, and two from today."""
    ages = [40, 40, 40, 35, 35, 35, 0, 0]
    noon = timezone.now().replace(hour=12)
    Revision.objects.bulk_create(
        Revision(post=post, number=number, saved_at=noon - age * DAY)
        for number, age in enumerate(ages, 1)
    )
    return post


def kept(post: Post) -> list[int]:
    return list(post.revisions.order_by("number").values_list("number", flat=True))


def test_old_revisions_of_posts_that_are_no_longer_edited_are_thinned_out(old_history):
    assert prune() == f"{old_history.pk}: 4\nFound (--delete removes them): 4 unneeded revisions.\n"
    assert kept(old_history) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert prune("--delete") == f"{old_history.pk}: 4\nRemoved: 4 unneeded revisions.\n"
    assert kept(old_history) == [3, 6, 7, 8]
    assert prune("--delete") == "Removed: 0 unneeded revisions.\n"


def test_the_last_that_was_saved_on_purpose_is_never_thinned_out(old_history):
    old_history.revisions.filter(number__in=[7, 8]).delete()
    old_history.revisions.exclude(number=4).update(is_autosave=True)
    prune("--delete")
    assert kept(old_history) == [3, 4, 6]


def test_all_posts_are_thinned_out_in_batches(old_history, make_post, monkeypatch):
    monkeypatch.setattr("posts.management.commands.prune_revisions.BATCH", 1)
    other = make_post()
    for revision in list(old_history.revisions.all()):
        revision.pk, revision.post = None, other
        revision.save()
    assert "Removed: 8" in prune("--delete")
    assert kept(other) == kept(old_history) == [3, 6, 7, 8]
