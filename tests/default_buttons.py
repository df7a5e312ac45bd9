"""Parser for a page's forms and the button that Enter presses in each, by the rules of HTML."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

BUTTONS = ("submit", "image")
# These are not text fields, so Enter never sends the form from them.
QUIET = ("hidden", "file", "button", "reset", *BUTTONS)


@dataclass
class Control:
    """A field or a button, with the value that a browser would send."""

    kind: str
    attributes: dict[str, str | None]
    value: str = ""

    @property
    def is_sent(self) -> bool:
        is_chosen = self.kind not in ("checkbox", "radio") or "checked" in self.attributes
        is_field = self.kind not in ("file", "button", "reset", *BUTTONS)
        return bool(self.attributes.get("name")) and is_chosen and is_field


@dataclass
class Form:
    attributes: dict[str, str | None]
    controls: list[Control] = field(default_factory=list)

    @property
    def takes_enter(self) -> bool:
        kinds = {control.kind for control in self.controls}
        return not kinds <= {*QUIET, "textarea", "select"}

    @property
    def default_button(self) -> Control | None:
        """Return the first button that sends the form, even if it is disabled or outside."""
        return next((control for control in self.controls if control.kind in BUTTONS), None)

    def data(self) -> dict[str, str]:
        """Return the data that a browser sends with the default button. All names are unique."""
        data = {c.attributes["name"]: c.value for c in self.controls if c.is_sent}
        button = self.default_button
        return data | (
            {button.attributes["name"]: button.value} if "name" in button.attributes else {}
        )

    def fill(self, **values: str) -> None:
        """Type into the fields with these names, and check every box."""
        for control in self.controls:
            control.value = values.get(control.attributes.get("name"), control.value)
            if control.kind == "checkbox":
                control.attributes["checked"] = ""


class FormParser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.controls: list[tuple[Control, Form | None]] = []
        self.open_form: Form | None = None
        self.open_control: Control | None = None

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        if tag == "form":
            self.open_form = Form(found)
            self.forms.append(self.open_form)
        elif tag == "option":
            is_first = not self.open_control.value
            if is_first or "selected" in found:
                self.open_control.value = found.get("value", "")
        elif tag in ("input", "button", "select", "textarea"):
            kind = {"input": "text", "button": "submit"}.get(tag)
            control = Control(
                found.get("type", kind) if kind else tag, found, found.get("value") or ""
            )
            self.controls.append((control, self.open_form))
            self.open_control = control

    def handle_data(self, text: str) -> None:
        if self.open_control and self.open_control.kind == "textarea":
            self.open_control.value += text

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.open_form = None
        elif tag == "textarea":
            # HTML drops the line break after the tag.
            self.open_control.value = self.open_control.value.removeprefix("\n")
            self.open_control = None


def forms_in(page: str) -> list[Form]:
    """Return the forms of a page, each with its controls in the order of the page."""
    parser = FormParser()
    parser.feed(page)
    by_id = {form.attributes.get("id"): form for form in parser.forms}
    for control, around in parser.controls:
        owner = by_id[control.attributes["form"]] if "form" in control.attributes else around
        if owner:
            owner.controls.append(control)
    return parser.forms


def press_enter(client, path: str, form: Form):
    """Do what Enter does in `form` on the page at `path`; return the response, or None."""
    button = form.default_button
    if button is None or "disabled" in button.attributes:
        return None
    address = button.attributes.get("formaction") or form.attributes.get("action") or path
    method = button.attributes.get("formmethod") or form.attributes.get("method") or "get"
    if method == "dialog":
        # None of our forms is in a dialog that Enter could close.
        return None
    return getattr(client, method)(address.partition("#")[0], form.data(), follow=True)
