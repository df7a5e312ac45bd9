"""Time zones in which people enter and read times."""

from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.utils.translation import gettext as _

from content import time_zones
from identity import current

# The editor's script (static/js/clock.js) sets it to the browser's time zone.
ZONE_COOKIE = "time_zone"


def zone_for(request: HttpRequest) -> ZoneInfo:
    """Return the time zone that the visitor chose, or else the browser's, or else the site's own.

    Only the editor sets the browser's zone, so pages for readers stay the same for everyone.
    """
    names = (getattr(request.user, "time_zone", ""), request.COOKIES.get(ZONE_COOKIE))
    zones = (time_zones.zone_named(name) for name in names)
    return next((zone for zone in zones if zone), current.site().zone)


def choices() -> list[tuple]:
    """Return the zones to choose from: the site's own, UTC, and the others by region."""
    own = _("Automatic: your browser’s, or else %(zone)s") % {"zone": current.site().time_zone}
    return [("", own), *time_zones.choices()]
