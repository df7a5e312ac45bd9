"""Saves under `kill -9`: acknowledged saves stay, and interrupted ones are complete or absent.

`bin/serve` starts the server, and the tests read its database directly. Each save goes to one
worker, because the other is paused until the kill. A hundred saves are interrupted: 91 by killing
the worker, and 9 by killing the master and all workers.
"""

import random
import select
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from socket import MSG_WAITALL, SHUT_WR
from uuid import uuid4

import pytest
from django.db import connection, transaction

from content.directions import with_directions
from content.markup import render_post
from posts.models import Post, SearchDocument
from posts.search.documents import COLUMNS, make_documents
from posts.tests.listings import expect_right_numbers
from posts.writing import history
from tests.crashing import (
    Site,
    ask,
    connected,
    form_of,
    headers_of,
    is_settled,
    kill_all,
    kill_worker,
    log_of,
    one_worker,
    running_site,
    start,
    wait_until,
)

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(sys.platform != "linux", reason="/proc tells who is a worker"),
]

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
# The path of each kind of save, and the status that acknowledges it.
SAVES = {
    "publish": ("/create/", 302),
    "update": ("/{}/update/", 302),
    "draft": ("/{}/update/", 302),
    "autosave of a draft": ("/{}/autosave/", 200),
    "autosave beside a post": ("/{}/autosave/", 200),
}
AUTOSAVES = {kind for kind in SAVES if kind.startswith("autosave")}
DRAFTS = {"draft", "autosave of a draft"}


@dataclass
class Save:
    """One save of a post, with a new text."""

    kind: str
    site: Site
    text: tuple[str, str, str] = field(init=False)
    # Identifies the open editor and, for a new post, the post.
    edit_session: str = field(default_factory=lambda: uuid4().hex)
    before: dict | None = field(init=False)

    def __post_init__(self) -> None:
        key = self.edit_session[:8]
        # A text this long fills many database pages.
        body = "\n\n".join(f"*Line* {number} of {key}" for number in range(300))
        self.text = (f"Title {key}", body, f"shared, {'odd' if int(key, 16) % 2 else 'even'}")
        self.before = self.found()

    @property
    def post(self) -> Post | None:
        pk = self.site.posts.get(self.kind)
        return Post.objects.filter(**({"pk": pk} if pk else {"uuid": self.edit_session})).first()

    def found(self) -> dict | None:
        post = self.post
        return snapshot(post) if post else None

    def expected(self) -> dict:
        """Return the state that the post has once this save is complete."""
        before = self.before or {"version": 0, "revisions": [], "status": "published"}
        number = before["revisions"][0][0] + 1 if self.before else 1
        revision = (number, self.text, self.kind in AUTOSAVES, self.edit_session)
        return {
            "text": before["text"] if self.kind == "autosave beside a post" else self.text,
            "status": before["status"],
            "version": before["version"] + 1,
            "edit_session": self.edit_session,
            "revisions": [revision, *before["revisions"]],
        }

    def send(self, request: HTTPConnection, portion: float = 1.0) -> None:
        """Send the form, or only a `portion` of it, to a worker that already waits for it.

        Otherwise, the next worker could accept the request after the first was killed.
        """
        title, body, tags = self.text
        fields = {"title": title, "body": body, "tags": tags, "action": self.kind}
        fields |= {"uuid": self.edit_session, "edit_session": self.edit_session}
        fields |= {"version": self.before["version"] if self.before else ""}
        content = form_of(self.site, fields)
        path = SAVES[self.kind][0].format(self.site.posts.get(self.kind))
        request.putrequest("POST", path)
        headers = headers_of(self.site, content) | {"Expect": "100-continue"}
        for name, value in headers.items():
            request.putheader(name, value)
        request.endheaders()
        assert request.sock.recv(len(CONTINUE), MSG_WAITALL) == CONTINUE
        request.sock.sendall(content[: int(len(content) * portion)])


def snapshot(post: Post) -> dict:
    return {
        "text": post.text[:3],
        "status": post.status,
        "version": post.version,
        "edit_session": post.edit_session,
        "revisions": [
            (revision.number, revision.text[:3], revision.is_autosave, revision.edit_session)
            for revision in post.revisions.all()
        ],
    }


@pytest.fixture(scope="module")
def site(tmp_path_factory, django_db_blocker):
    """Return a site whose writer is logged in, and has a published post and a draft."""
    instance = tmp_path_factory.mktemp("instance")
    with django_db_blocker.unblock(), running_site(instance) as site:
        fill(site)
        yield site
    # No kill caused an error elsewhere.
    assert "Traceback" not in log_of(site.environment)


def fill(site: Site) -> None:
    for kind in ("publish", "draft"):
        said = {"title": kind, "body": kind, "tags": "shared", "action": kind, "uuid": uuid4()}
        assert ask(site, "/create/", said)[0] == 302
    published, draft = Post.objects.order_by("pk").values_list("pk", flat=True)
    for kind in SAVES.keys() - {"publish"}:
        site.posts[kind] = draft if kind in DRAFTS else published
    # The first save is slower, because no connection or file is open yet.
    site.usual = min(time_a_save(site) for _ in range(3))


def time_a_save(site: Site, kind: str = "update") -> float:
    """Save without killing a process, and return the seconds."""
    sent, started = Save(kind, site), time.perf_counter()
    with connected(site) as request:
        acknowledge(sent, request)
    taken = time.perf_counter() - started
    assert sent.found() == sent.expected()
    return taken


# Checks -------------------------------------------------------------------------------------------


def expect_whole(post: Post) -> None:
    """Check that the HTML, tag assignments and search document of `post` match its text."""
    assert post.body_html == with_directions(render_post(post.body, "en"))
    taggings = post.taggings.values_list("status", "publish_at")
    assert set(taggings) == {(post.status, post.publish_at)}
    [made] = make_documents([post])
    stored = SearchDocument.objects.get(post=post)
    if not (post.is_draft and history.newest(post).is_autosave):
        assert [getattr(stored, name) for name in COLUMNS] == [
            getattr(made, name) for name in COLUMNS
        ]


def expect_served(site: Site, post: Post | None) -> None:
    """Check that the site serves, shows the saved text and has the right counts."""
    for each in [post] if post else Post.objects.all():
        expect_whole(each)
    with transaction.atomic():
        expect_right_numbers()
        transaction.set_rollback(True)
    status, page = ask(site, f"/{post.pk}/update/" if post else "/create/")
    assert status == 200
    assert not post or history.current_text(post).title in page


def kill_during(
    site: Site, sent: Save, wait: Callable[[Save, HTTPConnection], None], *, all_of_them: bool
) -> None:
    """Kill the worker, or all processes, once `wait` returns, and make the site serve again."""
    # Only the site may have the database open, because another process could recover it.
    connection.close()
    with one_worker(site) as worker, connected(site) as request:
        wait(sent, request)
        kill_all(site) if all_of_them else kill_worker(site, worker)
    if all_of_them:
        site.master = start(site.environment)
    wait_until(is_settled)


def acknowledge(sent: Save, request: HTTPConnection) -> None:
    """Send the form and read the head of the response, which acknowledges the save."""
    sent.send(request)
    assert request.getresponse().status == SAVES[sent.kind][1]


def send_half(sent: Save, request: HTTPConnection) -> None:
    sent.send(request, portion=0.5)


def send_all(sent: Save, request: HTTPConnection) -> None:
    sent.send(request)


def send_and_count(sent: Save, request: HTTPConnection) -> None:
    """Send the form, and return at a random moment during the save."""
    sent.send(request)
    be_busy(random.uniform(0, 2 * sent.site.usual))


def send_and_watch(sent: Save, request: HTTPConnection) -> None:
    """Send the form, and return at a random moment after the first write to the database."""
    before = mark_of_writing(sent.site)
    sent.send(request)
    wait_until(
        lambda: mark_of_writing(sent.site) != before or select.select([request.sock], [], [], 0)[0]
    )
    be_busy(random.uniform(0, sent.site.usual / 2))


def be_busy(seconds: float) -> None:
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


def mark_of_writing(site: Site) -> int:
    """Return a value that changes when a transaction writes, or on SQLite, when it ends."""
    if connection.vendor == "sqlite":
        log = Path(site.environment["INSTANCE_DIR"], "db.sqlite3-wal")
        return log.stat().st_mtime_ns if log.exists() else 0
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND backend_xid IS NOT NULL"
        )
        return cursor.fetchone()[0]


@pytest.mark.parametrize("kind", SAVES)
def test_acknowledged_saves_survive(site, kind):
    for number in range(16):
        sent = Save(kind, site)
        kill_during(site, sent, acknowledge, all_of_them=number == 8)
        assert sent.found() == sent.expected()
        expect_served(site, sent.post)


@pytest.mark.parametrize("moment", [send_half, send_all, send_and_count, send_and_watch])
@pytest.mark.parametrize("kind", SAVES)
def test_an_interrupted_save_is_complete_or_absent(site, kind, moment):
    sent = Save(kind, site)
    kill_during(site, sent, moment, all_of_them=kind == "update")
    allowed = [sent.before] if moment is send_half else [sent.before, sent.expected()]
    assert sent.found() in allowed
    expect_served(site, sent.post)
    # SQLite's log may contain the whole save before other processes can see it. It stays invisible
    # until the next write completes it, or until every process has closed the database.
    time_a_save(site, kind)


def test_a_form_whose_connection_breaks_off_is_not_saved(site):
    content = form_of(site, {"title": "Half", "body": "Words. " * 1_000, "action": "draft"})
    with connected(site) as request:
        request.connect()
        request.putrequest("POST", "/create/")
        for name, value in headers_of(site, content).items():
            request.putheader(name, value)
        request.endheaders(content[:3_000])
        # Unlike a browser, this keeps the reading side of the connection open.
        request.sock.shutdown(SHUT_WR)
        assert request.getresponse().status == 400
    assert not Post.objects.filter(title="Half").exists()
