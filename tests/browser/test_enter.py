"""Enter, or Go on a phone, in any field of the editor doesn't change what readers see."""

import re
from contextlib import nullcontext

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_life_of_a_post import press, start
from tests.browser.test_main_job import join, settings_open

pytestmark = pytest.mark.browser

FIELDS = ("title", "tags", "cover_alt", "publish_at")
OF_A_POST = ("title", "tags", "cover_alt", "reason")
# Scripts upload images in another way.
WITHOUT_SCRIPTS = ("body_image_alt",)


@pytest.fixture(scope="module")
def account(browser, site, numbers) -> tuple[str, dict]:
    """Username and cookies of a logged-in person."""
    context = browser.new_context(base_url=site)
    page, username = context.new_page(), f"enter{next(numbers)}"
    join(page, username)
    expect(page.get_by_role("link", name=username)).to_be_visible()
    state = context.storage_state()
    context.close()
    return username, state


@pytest.fixture(params=[True, False], ids=["phone", "desktop"])
def page(request, browser, site, account, javascript) -> Page:
    phone = {"is_mobile": True, "has_touch": True, "viewport": {"width": 390, "height": 844}}
    context = browser.new_context(
        base_url=site,
        storage_state=account[1],
        java_script_enabled=javascript,
        **(phone if request.param else {}),
    )
    yield context.new_page()
    context.close()


@pytest.fixture
def shown(page, account):
    """Return a function that returns whether readers see a post with the given title."""

    def shown(title: str) -> bool:
        return title in page.request.get(f"/authors/{account[0]}/", headers={"Cookie": ""}).text()

    return shown


def save_draft(page: Page, javascript: bool) -> None:
    """Save with the keyboard, because a phone with scripts shows no button for it."""
    if not javascript:
        press(page, "Save draft")
        return
    page.get_by_label("Body").press("Control+s")
    expect(page).to_have_url(re.compile("/update/$"))
    page.reload()


def press_enter(page: Page, field: str) -> None:
    with nullcontext() if field == "title" else settings_open(page):
        page.locator(f"#id_{field}").press("Enter")


@pytest.mark.parametrize("field", ["title", "publish_at"])
def test_in_a_new_post(page, javascript, shown, field):
    title = f"New {field} {javascript} {page.viewport_size['width']}"
    start(page, title)
    press_enter(page, field)
    if javascript:
        expect(page.locator("#id_body")).to_have_value("First words.")
        expect(page.locator("#id_title")).to_have_value(title)
    elif field == "publish_at":
        expect(page.get_by_text("Your draft is saved.")).to_be_visible()
    assert not shown(title)
    press(page, "Publish")
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    assert shown(title)


def test_in_a_draft_that_was_saved(page, javascript, shown):
    title = f"Draft {javascript} {page.viewport_size['width']}"
    start(page, title)
    save_draft(page, javascript)
    for field in FIELDS if javascript else FIELDS + WITHOUT_SCRIPTS:
        press_enter(page, field)
        expect(page.get_by_role("heading", level=1)).to_have_text("Edit post")
    assert not shown(title)


def test_in_a_published_post(page, javascript, shown):
    title = f"Out {javascript} {page.viewport_size['width']}"
    start(page, title)
    press(page, "Publish")
    page.get_by_role("link", name="Edit").click()
    for field in OF_A_POST if javascript else OF_A_POST + WITHOUT_SCRIPTS:
        page.get_by_label("Title").fill(f"Half {title}, {field}")
        press_enter(page, field)
        # Without scripts, the title is a text area, and Enter adds a line end to it.
        if not javascript and field != "title":
            expect(page.get_by_text("Your edits are saved.")).to_be_visible()
        expect(page).to_have_url(re.compile("/update/$"))
        expect(page.get_by_label("Title")).to_have_value(
            re.compile(f"^\\n?Half {title}, {field}\\n?$")
        )
    assert shown(title) and not shown(f"Half {title}")
    press(page, "Update")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Half {title}, {field}")


def test_enter_on_the_conflict_page_changes_nothing_for_readers(page, javascript, shown):
    title = f"Two {javascript} {page.viewport_size['width']}"
    start(page, title)
    press(page, "Publish")
    page.get_by_role("link", name="Edit").click()
    other = page.context.new_page()
    other.goto(page.url)
    other.get_by_label("Body").fill("Their words.")
    press(other, "Update")
    expect(other.get_by_text("Their words.")).to_be_visible()
    page.get_by_label("Title").fill(f"Half {title}")
    press(page, "Update")
    expect(page.get_by_text("Your text is not saved yet")).to_be_visible()
    press_enter(page, "tags")
    expect(page.get_by_text("Your text is not saved yet")).to_be_visible()
    expect(page.locator("#id_title")).to_have_value(f"Half {title}")
    assert not shown(f"Half {title}")


def test_in_the_link_for_a_friend_and_in_the_profile(page, account, javascript):
    start(page, "Linked")
    save_draft(page, javascript)
    with settings_open(page):
        page.get_by_text("Share a preview").click()
        press(page, "Create link")
    with settings_open(page):
        address = page.get_by_label("Anyone with this link")
        link = address.input_value()
        address.press("Enter")
    assert page.request.get(link).ok
    page.goto("/auth/account/")
    name = page.get_by_label("Display name")
    name.fill("Half a name")
    name.press("Enter")
    expect(name).to_have_value("Half a name")
    assert "Half a name" not in page.request.get("/auth/account/").text()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your account is saved.")).to_be_visible()
    name.fill("")
    page.get_by_role("button", name="Save").click()


def test_in_the_tags_enter_takes_the_one_that_is_offered(page, javascript):
    if not javascript:
        pytest.skip("scripts offer them")
    start(page, "Tagged")
    with settings_open(page):
        page.locator("#id_tags").fill("Oolong of mine")
    press(page, "Publish")
    page.goto("/create/")
    with settings_open(page):
        tags = page.locator("#id_tags")
        tags.press_sequentially("Oolong of")
        expect(
            page.get_by_role("listbox").get_by_role("option", name="Oolong of mine")
        ).to_be_visible()
        tags.press("ArrowDown")
        tags.press("Enter")
        expect(tags).to_have_value("Oolong of mine, ")
        expect(tags).to_be_focused()


def test_a_list_of_tags_that_comes_late_keeps_the_choice(page, javascript):
    if not javascript:
        pytest.skip("scripts offer them")
    start(page, "Tagged")
    with settings_open(page):
        page.locator("#id_tags").fill("Lapsang, Lapsang of mine")
    press(page, "Publish")
    late = []
    page.route("**/tag-suggestions/?q=Lapsang", lambda route: late.append(route))
    page.goto("/create/")
    with settings_open(page):
        tags = page.locator("#id_tags")
        tags.press_sequentially("Lapsan")
        expect(page.get_by_role("listbox").get_by_role("option")).to_have_count(2)
        with page.expect_request("**/tag-suggestions/?q=Lapsang"):
            tags.press_sequentially("g")
        tags.press("ArrowDown")
        late[0].fulfill(json={"tags": ["Lapsang of mine", "Lapsang"]})
        expect(page.get_by_role("listbox").get_by_role("option")).to_have_text(
            ["Lapsang of mine", "Lapsang"]
        )
        expect(page.get_by_role("listbox").get_by_role("option", selected=True)).to_have_text(
            "Lapsang"
        )
        tags.press("Enter")
        expect(tags).to_have_value("Lapsang, ")
