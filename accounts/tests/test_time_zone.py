"""People's own time zones, which change nothing for anyone else."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.utils import timezone
from django.views import View

from accounts.mixins import OwnTimeMixin
from accounts.models import User
from accounts.time_zones import ZONE_COOKIE, zone_for
from caching import fragments

ACCOUNT = "/auth/account/"


def chosen() -> str:
    return User.objects.get(username="author").time_zone


@pytest.mark.parametrize(
    ("name", "is_taken"),
    [
        ("Europe/Berlin", True),
        ("Asia/Calcutta", True),
        ("UTC", True),
        ("", True),
        ("Europe/Atlantis", False),
        ("localtime", False),
        ("../../etc/passwd", False),
    ],
)
def test_only_an_existing_zone_can_be_chosen(client_of, name, is_taken):
    client = client_of("author")
    response = client.post(ACCOUNT, {"time_zone": name})
    assert (response.status_code == 302) == is_taken
    assert chosen() == (name if is_taken else "")
    if is_taken:
        assert f'<option value="{name}" selected>' in client.get(ACCOUNT).text


def test_until_it_is_chosen_it_is_that_of_the_site(client_of, set_site):
    set_site(time_zone="Asia/Tokyo")
    client = client_of("author")
    page = client.get(ACCOUNT).text
    assert (
        '<option value="" selected>Automatic: your browser’s, or else Asia/Tokyo</option>' in page
    )
    assert '<optgroup label="America">' in page and ">New York</option>" in page
    assert chosen() == ""


def test_the_guess_of_the_browser_is_hidden_until_a_script_has_one(client_of):
    page = client_of("author").get(ACCOUNT).text
    assert "data-zone-offer hidden>" in page and "js/time-zone" in page


class WhatTime(OwnTimeMixin, View):
    def get(self, request, *args, **kwargs) -> HttpResponse:
        noon = datetime(2026, 7, 1, 12, tzinfo=UTC)
        return HttpResponse(timezone.localtime(noon).strftime("%H:%M"))


@pytest.mark.parametrize(
    ("name", "shown"),
    [("Europe/Berlin", "14:00"), ("", "21:00"), ("Gone/Away", "21:00")],
)
def test_a_private_page_shows_times_in_the_chosen_zone(rf, make_user, set_site, name, shown):
    set_site(time_zone="Asia/Tokyo")
    request = rf.get("/")
    request.user = make_user("zoe", time_zone=name)
    with timezone.override("America/New_York"):
        assert WhatTime.as_view()(request).text == shown


class Shared(OwnTimeMixin, View):
    def get(self, request, *args, **kwargs) -> HttpResponse:
        return HttpResponse(fragments.by_value("zone", 1, timezone.get_current_timezone_name))


def test_people_share_fragments_only_with_people_in_their_zone(rf, make_user):
    with fragments.settled():
        for name in ("Europe/Berlin", "Asia/Tokyo"):
            request = rf.get("/")
            request.user = make_user(name[:4], time_zone=name)
            assert Shared.as_view()(request).text == name


def test_a_stranger_sees_the_time_of_the_site(rf):
    request = rf.get("/")
    request.user = AnonymousUser()
    assert WhatTime.as_view()(request).text == "12:00"


def test_the_zone_ends_with_its_request(client_of, author):
    author.time_zone = "Europe/Berlin"
    author.save()
    client_of("author").get(ACCOUNT)
    assert timezone.get_current_timezone_name() == "UTC"


def test_the_account_page_shows_times_in_the_chosen_zone(client_of, author):
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    User.objects.update(time_zone="Pacific/Kiritimati", date_joined=noon)
    assert "2026-01-02T02:00:00+14:00" in client_of("author").get(ACCOUNT).text


@pytest.mark.parametrize(
    ("own", "browser", "expected"),
    [
        ("", "", "Asia/Tokyo"),
        ("", "America/New_York", "America/New_York"),
        ("", "Europe/Atlantis", "Asia/Tokyo"),
        ("", "../../etc/passwd", "Asia/Tokyo"),
        ("Europe/Berlin", "America/New_York", "Europe/Berlin"),
    ],
)
def test_the_zone_is_the_accounts_or_else_the_browsers_or_else_the_sites(
    rf, make_user, set_site, own, browser, expected
):
    set_site(time_zone="Asia/Tokyo")
    request = rf.get("/")
    request.user = make_user("zoe", time_zone=own)
    request.COOKIES[ZONE_COOKIE] = browser
    assert zone_for(request) == ZoneInfo(expected)
