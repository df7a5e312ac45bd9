"""Forms for screen readers: labels, messages and hints are tied to their fields."""

from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from conftest import PASSWORD

VOID = {"br", "hr", "img", "input", "link", "meta", "source", "wbr", "area", "base", "col", "embed"}
CONTROLS = {"input", "select", "textarea"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str | None]
    text: str = ""
    inside: list["Element"] = field(default_factory=list)


class Page(HTMLParser):
    """The elements of a page in order, each with its text and the elements inside it."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self.open: list[Element] = []
        self.feed(source)
        self.close()
        assert self.open == [], "an element is left open"

    def handle_starttag(self, tag: str, attrs: list) -> None:
        assert len(dict(attrs)) == len(attrs), f"<{tag}> names an attribute twice"
        element = Element(tag, dict(attrs))
        for outer in self.open:
            outer.inside.append(element)
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        for outer in self.open:
            outer.text += data

    def by_id(self, id_: str) -> Element:
        (found,) = [e for e in self.elements if e.attributes.get("id") == id_]
        return found

    def with_tag(self, tag: str) -> list[Element]:
        return [e for e in self.elements if e.tag == tag]

    def visible_fields(self) -> list[Element]:
        return [
            e
            for e in self.elements
            if e.tag in CONTROLS
            and e.attributes.get("type") not in ("hidden", "submit")
            and "hidden" not in e.attributes
        ]


# name: (address, visitor, typed values, fields that then have a message)
FORMS = {
    "register": (
        "/auth/register/",
        "anonymous",
        {"username": "a b", "email": "x", "password1": "x4!", "password2": "x4!"},
        {"username", "email", "password2"},
    ),
    "register empty": (
        "/auth/register/",
        "anonymous",
        {},
        {"username", "password1", "password2"},
    ),
    "log in": ("/auth/login/", "anonymous", {}, {"username", "password"}),
    "log in wrong": (
        "/auth/login/",
        "anonymous",
        {"username": "x", "password": "y"},
        {"username", "password"},
    ),
    "account": ("/auth/account/", "logged in", {"website": "<x"}, {"website"}),
    "email": ("/auth/email/change/", "logged in", {"email": "x"}, {"email", "password"}),
    "change": (
        "/auth/password/change/",
        "logged in",
        {"old_password": "x", "new_password1": "x4!", "new_password2": "x4!"},
        {"old_password", "new_password2"},
    ),
    "reset": ("/auth/password/reset/", "anonymous", {"email": "x"}, {"email"}),
    "confirm": (
        "/auth/password/reset/",
        "with a link",
        {"new_password1": "a", "new_password2": "b"},
        {"new_password2"},
    ),
}


@pytest.fixture
def send(client, make_user):
    """Return a function that opens or submits one of FORMS and returns the page."""

    def send(address: str, visitor: str, typed: dict | None = None) -> Page:
        user = make_user("zoe")
        if visitor == "logged in":
            client.force_login(user)
        if visitor == "with a link":
            uid = urlsafe_base64_encode(force_bytes(user.pk))
            token = default_token_generator.make_token(user)
            address = client.get(f"{address}{uid}/{token}/")["Location"]
        response = client.get(address) if typed is None else client.post(address, typed)
        assert response.status_code == 200
        return Page(response.text)

    return send


@pytest.fixture(params=FORMS)
def case(request):
    return FORMS[request.param]


@pytest.fixture(params=["fresh", "refused"])
def page(request, case, send):
    address, visitor, typed, _ = case
    return send(address, visitor, None if request.param == "fresh" else typed)


@pytest.fixture
def refused(case, send):
    address, visitor, typed, _ = case
    return send(address, visitor, typed)


def test_every_visible_field_has_one_label_with_text(page):
    labels = page.with_tag("label")
    assert page.visible_fields()
    for control in page.visible_fields():
        (label,) = [x for x in labels if x.attributes["for"] == control.attributes["id"]]
        assert label.text.strip()
    assert len(labels) == len(page.visible_fields())


def test_no_id_is_used_twice_in_a_page(page):
    ids = Counter(e.attributes["id"] for e in page.elements if "id" in e.attributes)
    assert [id_ for id_, times in ids.items() if times > 1 or not id_] == []


def test_every_description_of_a_field_is_on_the_page_and_has_text(page):
    for element in page.elements:
        for id_ in (element.attributes.get("aria-describedby") or "").split():
            assert page.by_id(id_).text.strip()


def test_every_hint_belongs_to_its_field(page):
    hints = [e for e in page.elements if e.attributes.get("class") == "help"]
    described = " ".join(c.attributes.get("aria-describedby") or "" for c in page.visible_fields())
    assert all(hint.attributes["id"] in described.split() for hint in hints)


def test_a_form_that_is_sent_by_post_contains_its_token(page):
    # The header's search form changes nothing.
    forms = [form for form in page.with_tag("form") if form.attributes.get("role") != "search"]
    assert forms
    for form in forms:
        assert form.attributes["method"] == "post"
        names = [e.attributes.get("name") for e in form.inside]
        assert names.count("csrfmiddlewaretoken") == 1


def test_a_new_form_shows_no_errors(case, send):
    address, visitor, *_ = case
    fresh = send(address, visitor)
    assert not [e for e in fresh.elements if "aria-invalid" in e.attributes]
    assert not [e for e in fresh.elements if "errorlist" in (e.attributes.get("class") or "")]
    assert not [e for e in fresh.elements if e.attributes.get("role") == "alert"]


def test_the_fields_with_a_message_say_so_and_name_it(case, refused):
    wrong = {
        control.attributes["name"]: control
        for control in refused.visible_fields()
        if "aria-invalid" in control.attributes
    }
    assert set(wrong) == case[3]
    for name, control in wrong.items():
        assert control.attributes["aria-invalid"] == "true"
        ids = control.attributes["aria-describedby"].split()
        own = f"id_{name}_error"
        assert own in ids or "form_error" in ids
        messages = refused.by_id(own if own in ids else "form_error")
        assert messages.text.strip()
        if any(e.attributes.get("id") == f"id_{name}_helptext" for e in refused.elements):
            assert f"id_{name}_helptext" in ids


def test_a_message_is_between_the_label_and_its_field(case, refused):
    for name in case[3]:
        if "form_error" in refused.by_id(f"id_{name}").attributes["aria-describedby"]:
            continue
        (block,) = [
            e
            for e in refused.elements
            if "field-invalid" in (e.attributes.get("class") or "").split()
            and any(x.attributes.get("name") == name for x in e.inside)
        ]
        order = [
            e.attributes.get("id") or e.attributes.get("for")
            for e in block.inside
            if e.tag in CONTROLS | {"label"} or e.attributes.get("class") == "errorlist"
        ]
        assert order == [f"id_{name}", f"id_{name}_error", f"id_{name}"]


def test_the_first_field_with_a_message_has_the_focus(case, refused):
    focused = [c for c in refused.visible_fields() if "autofocus" in c.attributes]
    first = next(c for c in refused.visible_fields() if c.attributes["name"] in case[3])
    assert focused == [first]


def test_a_form_is_sent_to_its_page_without_the_fragment_of_its_address(case, send):
    # If the address has a fragment, such as after the skip link, browsers ignore `autofocus`.
    address, visitor, *_ = case
    (form,) = [
        form
        for form in send(address, visitor).with_tag("form")
        if any(
            e.attributes.get("type") not in ("hidden", "search")
            for e in form.inside
            if e.tag == "input"
        )
    ]
    assert form.attributes["action"].startswith("/auth/")


def test_a_message_of_the_whole_form_is_an_alert(client, db):
    typed = {"username": "nobody", "password": PASSWORD}
    page = Page(client.post("/auth/login/", typed).text)
    (alert,) = [e for e in page.elements if e.attributes.get("role") == "alert"]
    assert alert.text.strip() == "Incorrect username or password."
    described = [c.attributes.get("aria-describedby") for c in page.visible_fields()[1:3]]
    assert described == [alert.attributes["id"]] * 2


@pytest.mark.parametrize(
    ("address", "visitor", "expected"),
    [
        (
            "/auth/register/",
            "anonymous",
            {
                "username": "username",
                "email": "email",
                "password1": "new-password",
                "password2": "new-password",
            },
        ),
        (
            "/auth/login/",
            "anonymous",
            {"username": "username", "password": "current-password"},
        ),
        (
            "/auth/account/",
            "logged in",
            {"display_name": "name", "website": "url", "biography": None},
        ),
        (
            "/auth/email/change/",
            "logged in",
            {"email": "email", "password": "current-password"},
        ),
        ("/auth/password/reset/", "anonymous", {"email": "email"}),
        (
            "/auth/password/change/",
            "logged in",
            {
                "old_password": "current-password",
                "new_password1": "new-password",
                "new_password2": "new-password",
            },
        ),
    ],
)
def test_fields_about_a_person_have_autocomplete_values(send, address, visitor, expected):
    """WCAG 1.3.5, Identify Input Purpose."""
    page = send(address, visitor)
    controls = [c for c in page.visible_fields() if c.attributes["name"] in expected]
    fields = {c.attributes["name"]: c.attributes.get("autocomplete") for c in controls}
    assert fields == expected
