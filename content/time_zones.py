"""Time zones by name, and their names by region."""

from datetime import datetime
from functools import cache
from itertools import groupby
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

UTC = ZoneInfo("UTC")


def zone_named(name: str | None) -> ZoneInfo | None:
    """Return the zone called `name`, or None if there is none."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # The name is invalid, or was chosen when the system had another list of zones.
        return None


def moments(local: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return the moments at which clocks in `zone` show `local`.

    There is none if clocks skip it in spring, and there are two if they repeat it in the fall.
    """
    found = []
    for fold in (0, 1):
        at = local.replace(tzinfo=zone, fold=fold).astimezone(UTC)
        if at.astimezone(zone).replace(tzinfo=None) == local and at not in found:
            found.append(at)
    return found


@cache
def choices() -> list[tuple]:
    """Return the zones to choose from: UTC, and the others by region."""
    # Names without a slash are abbreviations or `localtime`, which depends on the machine.
    names = sorted(name for name in available_timezones() if "/" in name)
    regions = [
        (region, [(name, name.partition("/")[2].replace("_", " ")) for name in zones])
        for region, zones in groupby(names, key=lambda name: name.partition("/")[0])
    ]
    return [("UTC", "UTC"), *regions]
