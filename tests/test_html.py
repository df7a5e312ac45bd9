"""Faults in HTML that the Nu checker once found (benchmarks/html.py), for all kinds of pages."""

import re
from html.parser import HTMLParser

import pytest

from accounts import first_run
from accounts.models import User
from posts.models import PostText
from posts.writing import history
from posts.writing.edit import Edit

LABELABLE = {"button", "input", "meter", "output", "progress", "select", "textarea"}
VOID = {"br", "hr", "img", "input", "link", "meta", "wbr"}
DATETIME = re.compile(r"\d{4,}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?([+-]\d\d:\d\d|Z)?)?")
EVERYONE = ("/", "/{post}/", "/tags/", "/tags/tea/", "/authors/author/", "/?q=test", "/nothing/")
WRITER = ("/create/", "/{post}/update/", "/{draft}/update/", "/{post}/history/", "/mine/")
STAFF = (
    "/admin/",
    "/admin/posts/post/",
    "/admin/posts/post/add/",
    "/admin/posts/post/{post}/change/",
    "/admin/posts/post/{post}/delete/",
    "/admin/posts/post/{post}/history/",
    "/admin/posts/comment/",
    "/admin/posts/commentreport/",
    "/admin/posts/moderationentry/",
    "/admin/posts/tag/",
    "/admin/accounts/user/",
    "/admin/jobs/job/",
    "/admin/accounts/user/add/",
    "/admin/accounts/user/{author}/change/",
    "/admin/accounts/user/{author}/password/",
)
PAGES = {
    "anonymous": (
        *EVERYONE,
        "/auth/login/",
        "/auth/register/",
        "/auth/password/reset/",
        "/auth/invite/x/",
    ),
    "author": (*EVERYONE, *WRITER, "/{post}/history/1/", "/auth/account/", "/auth/username/"),
    "superuser": (*EVERYONE, *STAFF, "/settings/", "/auth/invitations/", "/auth/waiting/"),
}


class Element:
    def __init__(self, tag: str, attributes: dict[str, str | None]) -> None:
        self.tag = tag
        self.attributes = attributes
        self.text = ""
        self.inside: list[Element] = []

    def all(self, *tags: str) -> list["Element"]:
        return [element for element in self.inside if element.tag in tags]


class Document(HTMLParser):
    """Parser for the elements of a page, each with all elements and the text inside it."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.root = Element("", {})
        self.open = [self.root]
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        element = Element(tag, dict(attrs))
        for outer in self.open:
            outer.inside.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        while len(self.open) > 1 and self.open.pop().tag != tag:
            pass

    def handle_data(self, data: str) -> None:
        for outer in self.open:
            outer.text += data


def faults(source: str) -> list[str]:
    """Return a page's violations of the HTML standard, of the kinds that our pages once had."""
    root = Document(source).root
    return [fault for rule in RULES for fault in rule(root)]


def attributes_that_html_does_not_know(root: Element) -> list[str]:
    return [f"{name} on {e.tag}" for e in root.inside for name in e.attributes if name[:3] == "hx-"]


def times(root: Element) -> list[str]:
    said = [element.attributes.get("datetime") or element.text for element in root.all("time")]
    return [f"time {text!r}" for text in said if not DATETIME.fullmatch(text)]


def hidden_fields(root: Element) -> list[str]:
    hidden = [e for e in root.all("input") if e.attributes.get("type") == "hidden"]
    return [f"autocomplete on {e.attributes}" for e in hidden if "autocomplete" in e.attributes]


def labels(root: Element) -> list[str]:
    targets = {
        element.attributes.get("id")
        for element in root.all(*LABELABLE)
        if element.attributes.get("type") != "hidden"
    }
    named = [label.attributes["for"] for label in root.all("label") if "for" in label.attributes]
    return [f"label for {name}" for name in named if name not in targets]


def selects(root: Element) -> list[str]:
    """Return a fault for each required <select> that does not begin with an empty choice."""
    required = [e for e in root.all("select") if "required" in e.attributes]
    firsts = [(e, e.all("option")[:1]) for e in required if "multiple" not in e.attributes]
    return [f"select {e.attributes}" for e, first in firsts if not is_empty_choice(first)]


def is_empty_choice(first: list[Element]) -> bool:
    return bool(first) and (first[0].attributes.get("value") == "" or not first[0].text.strip())


def tables(root: Element) -> list[str]:
    widths = [{width(row) for row in table.all("tr")} for table in root.all("table")]
    return [f"rows of {found} cells" for found in widths if len(found) > 1]


def width(row: Element) -> int:
    return sum(int(cell.attributes.get("colspan", 1)) for cell in row.all("td", "th"))


def disabled(root: Element) -> list[str]:
    off = [e for e in root.inside if "disabled" in e.attributes]
    return [f"disabled {e.tag}" for e in off if e.tag not in LABELABLE | {"fieldset", "option"}]


def sections(root: Element) -> list[str]:
    found = [e for e in root.all("section") if "aria-label" not in e.attributes]
    return ["section without heading" for e in found if not e.all("h1", "h2", "h3", "h4")]


def local_times(root: Element) -> list[str]:
    fields = [e for e in root.all("input") if e.attributes.get("type") == "datetime-local"]
    values = [e.attributes.get("value") for e in fields]
    return [f"local time {value}" for value in values if value and not DATETIME.fullmatch(value)]


RULES = (
    attributes_that_html_does_not_know,
    disabled,
    hidden_fields,
    labels,
    local_times,
    sections,
    selects,
    tables,
    times,
)


@pytest.fixture
def client_for(client_of, make_post, make_comment, draft, post, author):
    """Return a function that returns a visitor's client, for a blog with a bit of everything."""
    make_post(tags="tea", body="<time datetime='2026-01-01'>then</time>")
    make_comment()
    history.record(post, post, PostText("a", "b", "c"), Edit(post.updated_at))

    def client_of_visitor(visitor: str):
        client = client_of(visitor)
        if visitor == "superuser":
            client.force_login(User.objects.create_superuser("superuser"))
        return client

    return client_of_visitor


@pytest.mark.parametrize("visitor", PAGES)
def test_pages_contain_no_html_that_the_checker_refused(client_for, visitor, post, draft, author):
    client, names = client_for(visitor), {"post": post.pk, "draft": draft.pk, "author": author.pk}
    for path in PAGES[visitor]:
        page = client.get(path.format(**names), follow=True)
        assert page.status_code == (404 if path in ("/nothing/", "/auth/invite/x/") else 200), path
        assert faults(page.text) == [], path


@pytest.mark.parametrize("path", ["/tags/", "/authors/author/", "/mine/", "/{draft}/history/"])
def test_pages_of_an_empty_blog_have_no_faults_either(client_of, draft, path):
    assert faults(client_of("author").get(path.format(draft=draft.pk)).text) == []


def test_the_first_page_of_a_blog_has_no_faults(client, db):
    link = first_run.renew_link()
    for page in (client.get(link), client.post(link, {"writers": "x"})):
        assert page.status_code == 200 and faults(page.text) == []


@pytest.mark.parametrize("typed", ["never", "2026-02-31T10:00", "0900-01-01T10:00", "2026-01-01"])
def test_a_time_that_no_browser_shows_comes_back_as_the_text_it_is(client_of, typed):
    sent = {"title": "A", "body": "", "publish_at": typed, "action": "schedule"}
    page = client_of("author").post("/create/", sent).text
    (field,) = [
        f for f in Document(page).root.all("input") if f.attributes.get("name") == "publish_at"
    ]
    assert (field.attributes["type"], field.attributes["value"]) == ("text", typed)
    assert "step" not in field.attributes
    assert faults(page) == []


def test_a_date_and_a_time_in_the_admin_have_names(client_for):
    page = Document(client_for("superuser").get("/admin/posts/post/add/").text).root
    names = {e.attributes.get("name"): e.attributes.get("aria-label") for e in page.all("input")}
    assert (names["publish_at_0"], names["publish_at_1"]) == ("Date:", "Time:")


def test_the_login_of_the_admin_has_a_heading(client, db):
    page = Document(client.get("/admin/login/").text).root
    assert [heading.text for heading in page.all("h1")] == ["Log in"]


def test_the_search_of_the_admin_has_a_label_with_text(client_for):
    page = Document(client_for("superuser").get("/admin/posts/post/").text).root
    (box,) = [e for e in page.all("input") if e.attributes.get("id") == "searchbar"]
    assert box.attributes["aria-label"] == "Search"
    styles = [e.attributes["href"] for e in page.all("link") if "stylesheet" in e.attributes["rel"]]
    assert any("css/admin." in address for address in styles)


@pytest.mark.parametrize("typed", ["2026-11-30T10:00", "2026-11-30T10:00:59"])
def test_a_time_that_browsers_show_comes_back_in_its_field(client_of, typed):
    sent = {"title": "", "body": "", "publish_at": typed, "action": "publish"}
    page = client_of("author").post("/create/", sent).text
    (field,) = [
        f for f in Document(page).root.all("input") if f.attributes.get("name") == "publish_at"
    ]
    assert (field.attributes["type"], field.attributes["value"]) == ("datetime-local", typed)


def test_a_refused_address_of_a_website_is_in_a_field_that_takes_it(client_of):
    page = client_of("author").post("/auth/account/", {"website": "example"}).text
    (field,) = [f for f in Document(page).root.all("input") if f.attributes["name"] == "website"]
    assert (field.attributes["type"], field.attributes["inputmode"]) == ("text", "url")
