"""Registering, writing and reading, in a real browser on the server that `bin/serve` starts."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import BrowserContext, expect

pytestmark = pytest.mark.browser
PASSWORD = "violet harbour lantern"


def register(page, username: str) -> None:
    page.goto("/")
    page.get_by_role("navigation").get_by_role("link", name="Register").click()
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password confirmation").fill(PASSWORD)
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("status")).to_contain_text(f"Welcome, {username}.")


def join(page, username: str) -> None:
    """Register and log in without the forms in the browser, which saves a second in each test."""
    add_account(page.context, username)
    send_form(page.context, "/auth/login/", {"username": username, "password": PASSWORD})
    page.goto("/")


def add_account(context: BrowserContext, username: str) -> None:
    passwords = {"password1": PASSWORD, "password2": PASSWORD}
    send_form(context, "/auth/register/", {"username": username, **passwords})


def send_form(context: BrowserContext, path: str, fields: dict[str, str]) -> str:
    """Send the form at `path` with the cookies of `context`, and return where it leads."""
    page = context.request.get(path).text()
    token = re.search('name="csrfmiddlewaretoken" value="(.*?)"', page)[1]
    response = context.request.post(path, form={"csrfmiddlewaretoken": token, **fields})
    assert response.ok and not response.url.endswith(path), response.url
    return response.url


def log_in(page, username: str, password: str = PASSWORD) -> None:
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("main").get_by_role("button", name="Log in").click()


def publish_draft(page, button: str = "Publish") -> None:
    """Publish or schedule the draft in the editor, as its panel offers it."""
    page.get_by_role("button", name="Publish…").click()
    panel = page.get_by_role("dialog")
    panel.get_by_role("button", name=button, exact=True).click()
    expect(panel).to_have_count(0)


@contextmanager
def settings_open(page) -> Iterator[None]:
    """Open the post's settings on a phone, and close them again."""
    button = page.get_by_role("button", name="Settings", exact=True)
    is_sheet = button.count() and button.get_attribute("aria-expanded") == "false"
    if is_sheet:
        button.click()
    yield
    if is_sheet:
        page.keyboard.press("Escape")


def fits(page) -> bool:
    """Return whether the page needs no horizontal scrolling. This works only with scripts on."""
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_person_registers_writes_edits_and_deletes(
    open_page, status_of, username, width, javascript
):
    page = open_page(width=width, javascript=javascript)
    register(page, username)

    log_in(page, username, "wrong")
    expect(page.get_by_role("alert")).to_have_text("Incorrect username or password.")
    log_in(page, username.upper())
    navigation = page.get_by_role("navigation")
    expect(navigation.get_by_role("link", name=username)).to_be_visible()

    navigation.get_by_role("link", name="New post").click()
    page.get_by_role("button", name="Publish…").click()
    expect(page.get_by_text("Title is required.")).to_be_visible()
    page.get_by_label("Title").fill(f"First steps of {username}")
    page.get_by_label("Body").fill("  Indented.\n\nA second paragraph.")
    publish_draft(page)
    expect(page.get_by_text("Your post is published.")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"First steps of {username}")
    expect(page.locator(".body p")).to_have_text(["Indented.", "A second paragraph."])
    assert not javascript or fits(page)
    first_address = page.url

    page.get_by_role("link", name="Edit").click()
    expect(page.get_by_label("Body")).to_have_value("  Indented.\n\nA second paragraph.")
    page.get_by_label("Title").fill(f"Second thoughts of {username}")
    page.get_by_role("button", name="Update").click()
    expect(page.get_by_text("Your changes are saved.")).to_be_visible()
    assert "second-thoughts" in page.url
    page.goto(first_address)
    assert "second-thoughts" in page.url

    page.goto("/")
    card = page.get_by_role("article").filter(has_text=f"Second thoughts of {username}")
    card.get_by_role("link", name="Edit").click()
    with settings_open(page):
        delete = page.get_by_role("button", name="Delete this post")
        expect(delete).to_be_hidden()
        page.locator("summary", has_text="Delete").click()
        delete.click()
    expect(page.get_by_text("Your post is in the trash.")).to_be_visible()
    expect(page.get_by_text(f"Second thoughts of {username}")).to_have_count(0)
    path = first_address.removeprefix(page.url.rstrip("/"))
    assert status_of(path) == 404

    navigation.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("status")).to_have_text("You are logged out.")
    expect(navigation.get_by_role("link", name="Log in")).to_be_visible()
    page.goto("/create/")
    assert page.url.endswith("/auth/login/?next=/create/")
    log_in(page, username)
    assert page.url.endswith("/create/")


def test_another_person_finds_no_edit_and_is_refused(open_page, username):
    page = open_page()
    register(page, username)
    log_in(page, username)
    page.goto("/create/")
    page.get_by_label("Title").fill("Mine alone")
    publish_draft(page)
    address = page.url
    editor = page.get_by_role("link", name="Edit").get_attribute("href")
    page.get_by_role("button", name="Log out").click()

    other = f"{username}-other"
    register(page, other)
    log_in(page, other)
    page.goto(address)
    expect(page.get_by_role("link", name="Edit")).to_have_count(0)
    response = page.request.get(editor)
    assert response.status == 403
    assert "You can't do this" in response.text()


def test_on_the_smallest_phone_a_long_name_leaves_the_navigation_one_row(open_page, username):
    page = open_page(width=320)
    register(page, f"{username}.rather.long.name")
    log_in(page, f"{username}.rather.long.name")
    navigation = page.get_by_role("navigation")
    first = navigation.get_by_role("link", name="New post").bounding_box()
    last = navigation.get_by_role("button", name="Log out").bounding_box()
    assert last["y"] == pytest.approx(first["y"], abs=3)
    assert fits(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_public_page_fits_and_complains_of_nothing(open_page, width, scheme):
    page = open_page(width=width, scheme=scheme)
    for path in ("/", "/auth/register/", "/auth/login/", "/auth/logout/", "/auth/password/reset/"):
        page.goto(path)
        assert fits(page), path
    page.set_viewport_size({"width": 320, "height": 600})
    page.goto("/auth/register/")
    assert fits(page)


def test_the_admin_runs_under_the_content_security_policy(open_page):
    page = open_page()
    page.goto("/admin/")
    expect(page.get_by_label("Username")).to_be_visible()


def test_the_keyboard_reaches_the_content_first(open_page):
    page = open_page()
    page.goto("/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
