"""The site's settings in force: read without queries, and the same in all processes."""

import math
import time

import pytest
from django.db import connection
from django.utils import timezone
from django.utils.formats import get_format

from caching import pages
from identity import current
from identity.models import Site
from jobs import nightly

NOON = timezone.datetime(2026, 7, 1, 12, tzinfo=timezone.get_default_timezone())
commits = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture
def started(db):
    """Forget the settings, as in a process that has just started."""
    current.kept = None


def test_the_defaults_apply_to_a_new_blog(started):
    site = current.site()
    assert (site.name, site.language, site.time_zone) == ("Blogsite", "en", "UTC")
    assert site.is_registration_open and site.comments_enabled
    assert (site.new_role, site.approves_accounts) == ("author", False)
    assert not Site.objects.exists()


def test_a_variable_takes_precedence(started, settings):
    current.change(name="From the row", time_zone="Asia/Tokyo")
    settings.SITE_VARIABLES = {
        "name": ("SITE_NAME", "From the environment"),
        "time_zone": ("TIME_ZONE", None),
        "comments_enabled": ("COMMENTS_ENABLED", False),
    }
    site = current.site()
    assert (site.name, site.time_zone) == ("From the environment", "Asia/Tokyo")
    assert not site.comments_enabled


@commits
def test_reading_costs_a_query_only_after_a_change(started, django_assert_num_queries):
    current.site()
    with django_assert_num_queries(0):
        current.site()
    current.change(name="Second")
    with django_assert_num_queries(1):
        assert {current.site().name for _ in range(3)} == {"Second"}


@commits
def test_a_change_by_another_process_is_seen_by_the_next_request(started, client):
    assert "<title>Tags · Blogsite" in client.get("/tags/").text
    Site(name="Second").save()
    pages.find_counter().increase()
    assert "<title>Tags · Second" in client.get("/tags/").text


@commits
def test_a_change_that_no_one_announced_is_seen_after_a_minute(started, monkeypatch):
    assert current.site().name == "Blogsite"
    Site(name="Second").save()
    assert current.site().name == "Blogsite"
    later = time.monotonic() + pages.LIFETIME
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert current.site().name == "Second"


@commits
def test_without_its_table_the_blog_uses_the_last_values_or_the_defaults(started):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE identity_site RENAME TO away")
    assert current.site().name == "Blogsite"
    current.kept = current.Kept(Site(name="Known"), "an older version", math.inf)
    assert current.site().name == "Known"
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE away RENAME TO identity_site")


def test_while_redis_is_down_it_is_tried_once_a_second(started, django_assert_num_queries):
    current.keep("unknown")
    assert current.kept.good_until <= time.monotonic() + current.RETRY


def test_there_is_only_one_site(started):
    current.change(name="First")
    current.change(name="Second", language="de")
    assert [str(site) for site in Site.objects.all()] == ["Second"]


def test_the_first_owner_is_noted_once(set_site):
    for at in (NOON, timezone.now()):
        current.note_owner(at)
        set_site()
    assert Site.objects.get().owned_since == NOON


def test_pages_show_the_time_of_the_site(client, make_post, set_site):
    for zone, shown in (("Asia/Tokyo", "T21:00:00+09:00"), ("UTC", "T12:00:00+00:00")):
        set_site(time_zone=zone)
        post = make_post(publish_at=NOON, updated_at=NOON)
        assert shown in client.get(post.get_absolute_url()).text, zone
    assert timezone.get_current_timezone_name() == "UTC"


def test_a_zone_that_the_system_does_not_know_is_utc(set_site):
    set_site(time_zone="Gone/Away")
    assert str(current.site().zone) == "UTC"


def test_nightly_jobs_run_at_night_in_the_time_zone_of_the_site(set_site):
    set_site(time_zone="Asia/Tokyo")
    with current.applied():
        assert nightly.next_night(NOON).isoformat() == "2026-07-02T04:00:00+09:00"


def test_another_language_changes_formats_at_once(client_of, make_post, set_site, worker):
    make_post(publish_at=NOON)
    client = client_of("reader")
    for code, date, separator in (("en", "July 1, 2026", "."), ("de", "1. Juli 2026", ",")) * 2:
        set_site(language=code)
        # Twice, because other readers get the same fragments.
        assert all(date in client.get("/").text for _ in range(2)), code
        assert get_format("DECIMAL_SEPARATOR") == separator
