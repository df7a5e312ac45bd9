"""One clock: times are entered and named in the zone of the account, or else of the browser."""

import re
from datetime import UTC, datetime

import pytest

from accounts.time_zones import ZONE_COOKIE
from posts.models import Post

FALL = "2031-11-02T01:30:00"
FIRST = datetime(2031, 11, 2, 5, 30, tzinfo=UTC)
SECOND = datetime(2031, 11, 2, 6, 30, tzinfo=UTC)
SPRING = "2031-03-09T02:30:00"
TYPED = {"title": "Title", "body": "words"}


@pytest.fixture
def new_yorker(client_of):
    """A writer whose account has no zone, and whose browser is in New York."""
    client = client_of("author")
    client.cookies[ZONE_COOKIE] = "America/New_York"
    return client


@pytest.mark.parametrize(
    ("own", "zone", "hour"), [("", "America/New_York", 14), ("Asia/Tokyo", "Asia/Tokyo", 0)]
)
def test_a_time_is_in_the_zone_that_the_form_names(new_yorker, author, own, zone, hour):
    author.time_zone = own
    author.save()
    page = new_yorker.get("/create/").text
    assert f'name="zone" value="{zone}"' in page and f"<span data-zone>{zone}</span>" in page
    assert ("data-own-zone" in page) == bool(own)
    sent = TYPED | {"publish_at": "2031-01-01T09:00", "action": "schedule", "zone": zone}
    page = new_yorker.post("/create/", sent, follow=True).text
    assert f"Your post is scheduled for Jan. 1, 2031, 9 a.m. ({zone})." in page
    assert re.search(r"<time [^>]*>Jan. 1, 2031, 9 a.m. (EST|JST)</time>", page)
    assert Post.objects.get().publish_at == datetime(2031, 1, 1, hour, tzinfo=UTC)


@pytest.mark.parametrize(("fold", "at"), [("0", FIRST), ("1", SECOND)])
@pytest.mark.parametrize("action", ["schedule", "publish", None])
def test_both_times_of_a_repeated_hour_can_be_chosen(new_yorker, fold, at, action):
    sent = TYPED | {"publish_at": FALL, "zone": "America/New_York"}
    sent |= {"action": action} if action else {}
    page = new_yorker.post("/create/", sent).text
    assert "Clocks in America/New_York show this time twice. Choose one of the two." in page
    assert "<div data-fold>" in page and "words</textarea>" in page
    assert not Post.objects.exists()
    new_yorker.post("/create/", sent | {"fold": fold})
    post = Post.objects.get()
    assert post.publish_at == at
    # The form shows the choice again, and another one changes the time.
    page = new_yorker.get(f"/{post.pk}/update/").text
    assert f'<option value="{fold}" selected>' in page and "<div data-fold>" in page
    other = {"0": "1", "1": "0"}[fold]
    changed = {"version": post.version, "action": "schedule", "fold": other}
    new_yorker.post(f"/{post.pk}/update/", sent | changed)
    assert {Post.objects.get().publish_at, at} == {FIRST, SECOND}


@pytest.mark.parametrize("fold", ["", "0", "1", "2"])
@pytest.mark.parametrize("action", ["schedule", "publish", None])
def test_a_skipped_time_publishes_nothing_and_says_why(new_yorker, fold, action):
    sent = TYPED | {"publish_at": SPRING, "zone": "America/New_York", "fold": fold}
    page = new_yorker.post("/create/", sent | ({"action": action} if action else {})).text
    assert "Clocks in America/New_York skip this time. Choose an earlier or a later one." in page
    assert "words</textarea>" in page and not Post.objects.exists()


@pytest.mark.parametrize("fold", ["0", "1"])
def test_the_choice_means_nothing_for_any_other_time(new_yorker, fold):
    sent = TYPED | {"publish_at": "2031-11-02T09:00", "zone": "America/New_York", "fold": fold}
    new_yorker.post("/create/", sent | {"action": "schedule"})
    post = Post.objects.get()
    assert post.publish_at == datetime(2031, 11, 2, 14, tzinfo=UTC)
    assert "<div data-fold hidden>" in new_yorker.get(f"/{post.pk}/update/").text


def test_a_year_that_no_zone_knows_is_refused(new_yorker):
    sent = TYPED | {"publish_at": "9999-12-31T23:59:59", "zone": "America/New_York"}
    page = new_yorker.post("/create/", sent).text
    assert "Choose a year from 1900 to 9000." in page
