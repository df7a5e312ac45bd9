"""In which time zone a person enters and reads times."""

from collections.abc import Callable
from functools import cache
from itertools import groupby
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User

GetResponse = Callable[[HttpRequest], HttpResponse]


def keep_to_request(get_response: GetResponse) -> GetResponse:
    """End with each request the time zone that its view chose; threads serve many people."""

    def middleware(request: HttpRequest) -> HttpResponse:
        with timezone.override(None):
            return get_response(request)

    return middleware


def zone_of(user: User) -> ZoneInfo | None:
    """Return the zone that `user` chose; None is the site's own."""
    return zone_named(user.time_zone)


def zone_named(name: str | None) -> ZoneInfo | None:
    """Return the zone called `name`, or None where there is none such."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # The system's list of zones is not the one that it was chosen from, or it is no name.
        return None


def choices() -> list[tuple]:
    """Return the zones to choose from, by region, after the site's own and UTC."""
    own = _("Site default (%(zone)s)") % {"zone": settings.TIME_ZONE}
    return [("", own), ("UTC", "UTC"), *_regions()]


@cache
def _regions() -> list[tuple[str, list[tuple[str, str]]]]:
    # Others are shorthands, and `localtime`, which is another zone on another machine.
    names = sorted(name for name in available_timezones() if "/" in name)
    return [
        (region, [(name, name.partition("/")[2].replace("_", " ")) for name in zones])
        for region, zones in groupby(names, key=lambda name: name.partition("/")[0])
    ]
