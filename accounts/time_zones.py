"""Time zones in which people enter and read times."""

from zoneinfo import ZoneInfo

from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext as _

from accounts.models import User
from content import time_zones
from identity import current


def zone_of(user: User | AnonymousUser) -> ZoneInfo:
    """Return the time zone that `user` chose, or else the site's own."""
    return time_zones.zone_named(getattr(user, "time_zone", "")) or current.site().zone


def choices() -> list[tuple]:
    """Return the zones to choose from: the site's own, UTC, and the others by region."""
    own = _("Site default (%(zone)s)") % {"zone": current.site().time_zone}
    return [("", own), *time_zones.choices()]
