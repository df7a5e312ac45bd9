"""Taking the values of front matter over into the fields of the editor."""

from datetime import datetime

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from content.front_matter import Known, known, split
from content.image_names import image_from_url
from content.time_zones import zone_named
from posts.tagging import split_tags
from posts.writing.forms import PostForm


def take_over(request: HttpRequest) -> QueryDict:
    """Return the fields that were sent, with the values of the front matter. Save nothing.

    The messages name what was taken over, and everything that has no field, so that nothing is
    lost silently.
    """
    found = split(request.POST.get("body", ""))
    if not found or not found.values:
        # The values of broken YAML can't be read, and removing it would lose them.
        messages.warning(request, _("The text does not begin with front matter that can be read."))
        return request.POST
    values, rest = known(found.values)
    fields = request.POST.copy()
    taken = _fields_of(values, fields)
    rest |= {name: getattr(values, name) for name in _without_field(values, taken)}
    rest |= {
        f"{_label(name)} ({_('before')})": fields[name]
        for name in ("title", "description")
        if taken.get(name) and fields.get(name) not in (None, "", taken[name])
    }
    for name, value in ({"body": found.text.lstrip("\n")} | taken).items():
        fields[name] = value
    _report(request, taken, rest)
    return fields


def _fields_of(values: Known, fields: QueryDict) -> dict[str, str]:
    """Return the values by the names of the form's fields, without empty ones."""
    image = image_from_url(values.cover)
    at = _moment(values.date, fields)
    tags = dict.fromkeys((*split_tags(fields.get("tags", "")), *values.tags))
    taken = {
        "title": values.title,
        "description": values.description,
        "tags": ", ".join(tags) if values.tags else "",
        "publish_at": at.strftime("%Y-%m-%dT%H:%M:%S") if at else "",
        "own_cover": image.url.removeprefix(settings.MEDIA_URL) if image else "",
    }
    return {name: value for name, value in taken.items() if value}


def _moment(text: str, fields: QueryDict) -> datetime | None:
    """Return a later time, in the zone of the form. An earlier one would schedule nothing."""
    zone = zone_named(fields.get("zone")) or timezone.get_current_timezone()
    try:
        day = parse_date(text)
        at = parse_datetime(text) if day is None else datetime(*day.timetuple()[:3], tzinfo=zone)
        if at is None:
            return None
        at = at.astimezone(zone) if timezone.is_aware(at) else at.replace(tzinfo=zone)
    except (ValueError, OverflowError):
        return None
    return at if at > timezone.now() else None


def _without_field(values: Known, taken: dict[str, str]) -> list[str]:
    """Return the names of a date that has passed and of an image that is not ours."""
    used = {"date": "publish_at", "cover": "own_cover"}
    return [name for name, field in used.items() if getattr(values, name) and field not in taken]


def _report(request: HttpRequest, taken: dict[str, str], rest: dict[str, str]) -> None:
    if taken:
        names = ", ".join(map(_label, taken))
        text = _("Taken over from the front matter: %(names)s. Check the text, then save it.")
        messages.success(request, text % {"names": names})
    if rest:
        left = "; ".join(f"{name}: {value}" for name, value in rest.items())
        messages.warning(request, _("Not taken over: %(values)s.") % {"values": left})


def _label(name: str) -> str:
    return str(PostForm.base_fields["image" if name == "own_cover" else name].label)
