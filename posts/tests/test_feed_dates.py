"""A feed's date is the same in all workers, later after each change, and never too early."""

from datetime import datetime, timedelta
from functools import partial

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from django.utils import timezone
from django.utils.http import http_date, parse_http_date

from caching.tests.cached import AnonymousVisitor, Reply
from identity import current
from posts import tagging
from posts.discussion import commenting, liking, moderation
from posts.models import FeedDate, Post, Tag
from posts.tests.meanwhile import meanwhile
from posts.writing import publishing
from posts.writing.edit import Edit

FEED_PATHS = {"site": "/feed/", "tag": "/tags/bread/feed/", "author": "/authors/author/feed/"}
FEEDS = [path + kind for path in FEED_PATHS.values() for kind in ("", "atom/", "json/")]


@pytest.fixture
def at(clock, monkeypatch):
    """Return a function that sets all clocks to a number of seconds after the test's start."""
    start = timezone.now().replace(microsecond=0)

    def set_to(seconds: float) -> datetime:
        clock(seconds)
        now = start + timedelta(seconds=seconds)
        monkeypatch.setattr(timezone, "now", lambda: now)
        return now

    set_to(0)
    return set_to


@pytest.fixture
def fed(make_post, at) -> Post:
    """The newer of two posts by the same author with the same tag."""
    long_ago = timezone.now() - timedelta(days=2)
    make_post(title="Old", tags="Bread", publish_at=long_ago, updated_at=long_ago)
    return make_post(title="Rolls", tags="Bread, Salt")


@pytest.fixture
def workers(anonymous, fed):
    """Two workers of the same site."""
    return [anonymous, AnonymousVisitor()]


@pytest.fixture
def do(django_capture_on_commit_callbacks):
    """Return a function that calls `act` and commits its writes."""

    def commit(act) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            act()

    return commit


def stamp(reply: Reply) -> tuple:
    assert reply.status == 200
    return reply.headers["Last-Modified"], reply.headers["ETag"], reply.body


def stamps(workers: list[AnonymousVisitor], path: str) -> list[tuple]:
    return [stamp(worker.get(path)) for worker in workers]


def since(worker: AnonymousVisitor, path: str, date: str, **environ) -> int:
    return worker.get(path, HTTP_IF_MODIFIED_SINCE=date, **environ).status


@pytest.mark.parametrize("path", FEEDS)
def test_the_date_stays_while_the_feed_is_the_same_in_every_worker(
    workers, fed, make_post, reader, moderator, at, do, path
):
    elsewhere = make_post(title="Elsewhere", author=moderator, tags="Butter")
    if path.startswith("/feed/"):
        # Every post is in this feed, but it shows neither likes nor comments.
        elsewhere = fed
    first = stamp(workers[0].get(path))
    acts = [
        partial(liking.like, elsewhere, reader),
        partial(commenting.add_comment, elsewhere, reader, "Nice.", now=timezone.now()),
        partial(
            publishing.save_draft, Post(author=fed.author, title="Draft"), Edit(timezone.now())
        ),
        partial(AnonymousVisitor().get, path),
        partial(call_command, "recount_posts"),
    ]
    for minutes, act in enumerate(acts, 1):
        do(act)
        at(61 * minutes)
        for worker in workers:
            assert stamp(worker.get(path)) == first
            assert since(worker, path, first[0]) == 304
            assert since(worker, path, first[0], REQUEST_METHOD="HEAD") == 304
            assert since(worker, path, first[0], HTTP_ACCEPT_ENCODING="gzip") == 304
            packed = worker.get(path, HTTP_ACCEPT_ENCODING="gzip")
            assert packed.headers["Last-Modified"] == first[0]
            assert worker.get(path, method="HEAD").headers["Last-Modified"] == first[0]
    assert workers[0].rendered > 1 and workers[1].rendered > 1


@pytest.mark.parametrize("path", FEEDS)
def test_the_date_is_the_same_without_the_page_cache(client, workers, reader, path):
    kept = workers[0].get(path)
    client.force_login(reader)
    for visitor in ("reader", "anonymous"):
        rendered = client.get(path)
        assert rendered["Last-Modified"] == kept.headers["Last-Modified"], visitor
        assert rendered.content == kept.body
        known = {"If-Modified-Since": rendered["Last-Modified"]}
        assert client.get(path, headers=known).status_code == 304
        assert client.get(path, headers=known | {"If-None-Match": '"x"'}).status_code == 200
        client.logout()


def test_a_feed_that_was_never_read_gets_the_date_of_its_first_reading(workers, at):
    """No client has an older one, so the date only has to be the same for later readers."""
    at(61)
    first = workers[0].get("/feed/")
    assert first.headers["Last-Modified"] == http_date(timezone.now().timestamp())
    at(122)
    assert stamp(workers[1].get("/feed/")) == stamp(first)


def rename_author(post: Post, moderator) -> None:
    post.author.display_name = "Another name"
    post.author.save()


CHANGES = {
    "edit": lambda post, m: publishing.update(post, Edit(timezone.now(), tags=["Bread", "Butter"])),
    "unpublish": lambda post, m: publishing.unpublish(post, Edit(timezone.now())),
    "hide": lambda post, m: moderation.hide_post(post, m, now=timezone.now()),
    "trash": lambda post, m: publishing.trash_post(post, now=timezone.now()),
    "delete": lambda post, m: publishing.delete_post(post),
    "author renamed": rename_author,
    "blog renamed": lambda post, m: current.change(name="Another name"),
    "tag renamed": lambda post, m: tagging.rename_tag(Tag.objects.get(key="salt"), "Pepper"),
    "tags merged": lambda post, m: tagging.merge_tags(
        Tag.objects.get(key="salt"), into=Tag.objects.create(name="Sea", key="sea", slug="sea")
    ),
    "rendered again": lambda post, m: Post.objects.update(body_html="<p>Other markup</p>"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_gives_each_feed_a_later_date_in_every_worker(
    workers, fed, moderator, at, do, change
):
    before = {path: stamps(workers, path)[0] for path in FEEDS}
    at(61)
    do(partial(CHANGES[change], fed, moderator))
    workers[0].cache.counter.increase()
    for path in FEEDS:
        assert [since(worker, path, before[path][0]) for worker in workers] == [200, 200], path
    at(122)
    for path in FEEDS:
        after, other = stamps(workers, path)
        assert after == other, path
        assert parse_http_date(after[0]) > parse_http_date(before[path][0]), path
        assert after[2] != before[path][2], path
        assert [since(worker, path, after[0]) for worker in workers] == [304, 304], path


@pytest.mark.parametrize("path", FEEDS)
def test_another_address_gives_it_a_later_date_after_the_restart(workers, settings, at, path):
    before = stamp(workers[0].get(path))
    at(61)
    settings.SITE_URL = "https://another.example"
    started = [AnonymousVisitor(), AnonymousVisitor()]
    assert [since(worker, path, before[0]) for worker in started] == [200, 200]
    assert stamp(started[0].get(path)) == stamp(started[1].get(path))


@pytest.mark.parametrize("path", FEEDS)
def test_a_scheduled_post_that_is_published_gives_it_a_later_date(workers, make_post, at, path):
    make_post(title="Soon", tags="Bread", publish_at=at(0) + timedelta(seconds=30))
    before = stamp(workers[0].get(path))
    for seconds, status in ((29, 304), (31, 200)):
        at(seconds)
        assert [since(worker, path, before[0]) for worker in workers] == [status] * 2
    assert b"Soon" in workers[0].get(path).body


@pytest.mark.parametrize("is_cached", [True, False])
def test_clients_that_compare_dates_see_changes_within_one_second(workers, fed, at, do, is_cached):
    """A return to an earlier text is also a change, and gets a new date."""
    dates, path = [], "/feed/"
    for number, title in enumerate(("One", "Two", "One", "Two")):
        at(10 + number / 10)
        fed.title = title
        do(partial(publishing.update, fed, Edit(timezone.now())))
        worker = workers[number % 2] if is_cached else AnonymousVisitor()
        reply = worker.get(path)
        assert title in reply.text
        assert all(since(worker, path, date) == 200 for date in dates)
        dates += [reply.headers["Last-Modified"]] if "Last-Modified" in reply.headers else []
    for seconds in (11, 12, 13, 20):
        at(seconds)
        assert [since(worker, path, date) for worker in workers for date in dates].count(304) == 0
    assert stamp(workers[0].get(path))[2] == stamp(workers[1].get(path))[2]
    assert since(workers[1], path, workers[1].get(path).headers["Last-Modified"]) == 304


@pytest.mark.parametrize("path", FEEDS)
def test_the_etag_is_compared_before_the_date(workers, at, path):
    date, tag, _ = stamp(workers[0].get(path))
    # A client's date must not be in the future.
    at(61)
    for worker in workers:
        for sent, status in ((tag, 304), (f"W/{tag}", 304), ("*", 304), ('"other"', 200)):
            assert since(worker, path, date, HTTP_IF_NONE_MATCH=sent) == status
            assert since(worker, path, http_date(0), HTTP_IF_NONE_MATCH=sent) == status
        assert since(worker, path, http_date(parse_http_date(date) - 1)) == 200
        assert since(worker, path, http_date(parse_http_date(date) + 1)) == 304


def test_hosts_and_spellings_of_a_name_share_one_date(workers, settings):
    settings.ALLOWED_HOSTS = ["*"]
    date = workers[0].get("/feed/").headers["Last-Modified"]
    for host in ("blog.example", "BLOG.example:80", "[::1]:8000", "1.2.3.4"):
        reply = workers[1].get("/feed/", HTTP_HOST=host)
        assert reply.headers["Last-Modified"] == date
        assert f"http://{host}/feed/" in reply.text
    for name in ("author", "AUTHOR", "Author"):
        feed = workers[0].get(f"/authors/{name}/feed/")
        assert 'href="http://testserver/authors/author/feed/"' in feed.text
    assert FeedDate.objects.count() == 2


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.parametrize("is_known", [False, True])
def test_a_worker_that_was_slower_takes_the_date_of_the_other(client, worker, fed, at, is_known):
    if is_known:
        FeedDate.objects.create(feed="rss:all", digest="old", modified_at=1)
    at(61)
    with meanwhile(partial(client.get, "/feed/"), before='"posts_feeddate"', skip=1):
        slower = client.get("/feed/")
    date = FeedDate.objects.get().modified_at
    assert str(FeedDate.objects.get()) == "rss:all"
    assert slower["Last-Modified"] == http_date(date)
    assert slower["Last-Modified"] == client.get("/feed/")["Last-Modified"]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_worker_that_was_slower_gives_the_newer_text_of_the_other(client, worker, fed, at):
    FeedDate.objects.create(feed="rss:all", digest="old", modified_at=1)
    at(61)

    def change() -> None:
        fed.title = "Pretzels"
        publishing.update(fed, Edit(timezone.now()))
        client.get("/feed/")

    with meanwhile(change, before='UPDATE "posts_feeddate"'):
        slower = client.get("/feed/")
    assert "Pretzels" in slower.text
    assert slower["Last-Modified"] == client.get("/feed/")["Last-Modified"]


def refuse_dates(run, sql, *rest):
    if sql.startswith(("INSERT", "UPDATE")) and "posts_feeddate" in sql:
        raise OperationalError("attempt to write a readonly database")
    return run(sql, *rest)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_database_that_takes_no_writes_gives_the_feed_without_a_wrong_date(workers, fed, at):
    with connection.execute_wrapper(refuse_dates):
        reply = workers[0].get("/feed/")
    assert reply.status == 200 and "Rolls" in reply.text
    assert "Last-Modified" not in reply.headers
    at(61)
    # Once the database takes writes again, all workers have the same date.
    assert stamp(workers[0].get("/feed/")) == stamp(workers[1].get("/feed/"))
