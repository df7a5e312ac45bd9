"""Time zones in which people enter and read times."""

from functools import cache
from itertools import groupby
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.models import User


def zone_of(user: User) -> ZoneInfo | None:
    """Return the time zone that `user` chose, or None for the site's own."""
    return zone_named(user.time_zone)


def zone_named(name: str | None) -> ZoneInfo | None:
    """Return the zone called `name`, or None if there is none."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # The name is invalid, or was chosen when the system had another list of zones.
        return None


def choices() -> list[tuple]:
    """Return the zones to choose from: the site's own, UTC, and the others by region."""
    own = _("Site default (%(zone)s)") % {"zone": settings.TIME_ZONE}
    return [("", own), ("UTC", "UTC"), *_regions()]


@cache
def _regions() -> list[tuple[str, list[tuple[str, str]]]]:
    # Names without a slash are abbreviations or `localtime`, which depends on the machine.
    names = sorted(name for name in available_timezones() if "/" in name)
    return [
        (region, [(name, name.partition("/")[2].replace("_", " ")) for name in zones])
        for region, zones in groupby(names, key=lambda name: name.partition("/")[0])
    ]
