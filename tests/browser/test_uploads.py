"""Images uploaded into the body: placeholders, progress, failures and undo, with real keys."""

import json
import re

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.test_main_job import join
from tests.browser.typing import marked, put

pytestmark = pytest.mark.browser

UPLOADING = "![Uploading {}.png …]()"


@pytest.fixture
def images(tmp_path) -> list[str]:
    paths = [tmp_path / f"{name}.png" for name in ("sea", "hill")]
    for path in paths:
        Image.new("RGB", (60, 30), (200, 60, 40)).save(path)
    return [str(path) for path in paths]


@pytest.fixture
def page(open_page, username) -> Page:
    page = open_page(expect="Failed to load resource")
    join(page, username)
    page.goto("/create/")
    page.get_by_label("Title").fill("A post with images")
    return page


class Uploads:
    """Uploads of a page, which wait until a test lets them go on."""

    def __init__(self, page: Page) -> None:
        self.waiting: list[Route] = []
        page.route("**/images/", lambda route: self.waiting.append(route))
        self.page = page

    def next(self) -> Route:
        while not self.waiting:
            self.page.wait_for_timeout(20)
        return self.waiting.pop(0)

    def go_on(self) -> None:
        self.next().continue_()


def choose(page: Page, files: list[str]) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Image", exact=True).click()
    chooser.value.set_files(files)


def drop(page: Page, selector: str, files: dict[str, int], at: str = "") -> None:
    """Drop files with these names and sizes on an element, in the body at the text `at`."""
    page.locator(selector).evaluate(
        """(element, [files, at]) => {
            const dataTransfer = new DataTransfer();
            for (const [name, size] of Object.entries(files)) {
                dataTransfer.items.add(new File([new Uint8Array(size)], name));
            }
            const { left, top } = element.getBoundingClientRect();
            const before = (element.value ?? "").slice(0, element.value?.indexOf(at));
            const line = before.split("\\n").length;
            const height = parseFloat(getComputedStyle(element).lineHeight) || 20;
            const padding = parseFloat(getComputedStyle(element).paddingTop);
            const place = { clientX: left + 30, clientY: top + padding + (line - 0.5) * height };
            for (const kind of ["dragover", "drop"]) {
                const options = { dataTransfer, bubbles: true, cancelable: true, ...place };
                element.dispatchEvent(new DragEvent(kind, options));
            }
        }""",
        [files, at],
    )


def row(page: Page) -> Locator:
    return page.locator("[data-upload-list] li")


def body_of(page: Page) -> str:
    return page.locator("#id_body").input_value()


def test_typing_goes_on_while_an_image_is_uploaded(page, images):
    uploads = Uploads(page)
    put(page, "Before.\n\nTYP|")
    choose(page, images)
    sea, hill = UPLOADING.format("sea"), UPLOADING.format("hill")
    expect(page.locator("#id_body")).to_have_value(f"Before.\n\nTYP\n\n{sea}\n\n{hill}\n\n")
    page.keyboard.type("ED")
    uploads.go_on()
    expect(page.locator("#id_body")).to_have_value(
        re.compile(rf"Before\.\n\nTYPED\n\n!\[\]\(/media/\S+\)\n\n{re.escape(hill)}\n\n")
    )
    page.keyboard.type(" on")
    page.get_by_label("Title").focus()
    page.keyboard.type("!")
    uploads.go_on()
    expect(page.locator("#id_body")).not_to_have_value(re.compile("Uploading"))
    page.keyboard.type("!")
    expect(page.get_by_label("Title")).to_have_value("A post with images!!")
    assert re.fullmatch(
        r"Before\.\n\nTYPED on\n\n!\[\]\(/media/\S+\)\n\n!\[\]\(/media/\S+\)\n\n", body_of(page)
    )


def test_the_alt_text_is_selected_after_the_last_image_and_the_upload_is_one_step_of_undo(
    page, images
):
    put(page, "|")
    page.keyboard.type("Before.")
    choose(page, images)
    expect(page.locator("#id_body")).to_have_value(
        re.compile(r"Before\.(\n\n!\[\]\(/media/\S+\)){2}\n\n")
    )
    after = body_of(page)
    page.keyboard.type("The sea")
    assert after.replace("![]", "![The sea]", 1) == body_of(page)
    texts = [body_of(page)]
    for _ in range(3):
        page.keyboard.press("Control+z")
        texts.append(body_of(page))
    assert texts[1:] == [after, "Before.", ""]
    for text in reversed(texts[:3]):
        page.keyboard.press("Control+y")
        assert body_of(page) == text


def test_rows_leave_space_for_the_text_and_the_alt_text_is_above_them(page, images, tmp_path):
    broken = [tmp_path / f"{number}.png" for number in range(8)]
    for path in broken:
        path.write_bytes(b"no image")
    put(page, "A line.\n\n" * 60 + "|")
    page.evaluate("scrollTo(0, 0)")
    choose(page, [*images, *map(str, broken)])
    expect(row(page)).to_contain_text(["This file type isn't supported."] * len(broken))
    rows = page.locator("[data-upload-list]").bounding_box()
    assert rows["height"] < 844 / 3
    # The positions in the text below the toolbar and above the rows.
    at = "([x, y]) => document.caretPositionFromPoint(x, y).offset"
    first, last = (page.evaluate(at, [300, y]) for y in (130, rows["y"] - 2))
    assert first < page.locator("#id_body").evaluate("body => body.selectionStart") <= last


def test_files_dropped_on_a_line_or_anywhere_on_the_page_are_uploaded(page):
    uploads, names = Uploads(page), ("a.png", "b.png")
    put(page, "One.\n\nTwo.\n\nThree.|")
    drop(page, "#id_body", {"a.png": 10}, at="Two")
    drop(page, ".bar", {"b.png": 10})
    expect(page.locator("#id_body")).to_have_value(
        "One.\n\nTwo.\n\n![Uploading a.png …]()\n\nThree.\n\n![Uploading b.png …]()\n\n"
    )
    page.keyboard.type("!")
    assert "Three.!\n" in body_of(page)
    for _ in range(2):
        uploads.go_on()
    expect(row(page)).to_contain_text(
        [f"{name}: This file type isn't supported." for name in names]
    )
    expect(page.locator("#id_body")).to_have_value("One.\n\nTwo.\n\nThree.!\n\n")


def test_a_file_over_the_limit_is_refused_before_it_is_sent(page):
    uploads = Uploads(page)
    put(page, "Kept|")
    drop(page, "#id_body", {"big.png": 10 * 1024 * 1024 + 1})
    expect(row(page)).to_contain_text("big.png is over 10 MB. Use a smaller file.")
    page.get_by_role("button", name="OK").click()
    expect(row(page)).to_have_count(0)
    assert (body_of(page), uploads.waiting) == ("Kept", [])


def test_a_cover_over_the_limit_is_refused_too(page, tmp_path):
    large = tmp_path / "cover.png"
    large.write_bytes(bytes(10 * 1024 * 1024 + 1))
    page.locator("#id_image").set_input_files(large)
    expect(row(page)).to_contain_text("cover.png is over 10 MB. Use a smaller file.")
    expect(page.locator("#id_image")).to_have_value("")


def test_an_image_waits_until_a_word_is_composed(page, images):
    uploads = Uploads(page)
    put(page, "a|")
    choose(page, images[:1])
    upload = uploads.next()
    ime = page.context.new_cdp_session(page)
    ime.send("Input.imeSetComposition", {"text": "に", "selectionStart": 1, "selectionEnd": 1})
    with page.expect_response("**/images/"):
        upload.continue_()
    expect(row(page)).to_have_count(0)
    assert UPLOADING.format("sea") in body_of(page)
    ime.send("Input.imeSetComposition", {"text": "にほ", "selectionStart": 2, "selectionEnd": 2})
    ime.send("Input.insertText", {"text": "日本"})
    expect(page.locator("#id_body")).to_have_value(re.compile(r"a日本\n\n!\[\]\(/media/\S+\)\n\n"))


def test_undo_after_typing_during_an_upload_never_saves_a_placeholder(page, images):
    uploads = Uploads(page)
    put(page, "|")
    page.keyboard.type("one")
    choose(page, images[:1])
    page.keyboard.type(" two")
    uploads.go_on()
    expect(page.locator("#id_body")).to_have_value(re.compile(r"^one two\n\n!\[\]\(/media/"))
    texts = [body_of(page)]
    while texts[-1]:
        page.keyboard.press("Control+z")
        texts.append(body_of(page))
    sea = UPLOADING.format("sea")
    assert texts[1:] == [f"one two\n\n{sea}\n\n", f"one\n\n{sea}\n\n", "one", ""]
    for text in reversed(texts[:-1]):
        page.keyboard.press("Control+y")
        assert body_of(page) == text
    page.keyboard.press("Control+z")
    with page.expect_response("**/autosave/") as saved:
        page.keyboard.press("Control+s")
    sent = saved.value.request.post_data
    assert "Uploading" not in sent and "](/media/images/" in sent
    page.keyboard.type("!")
    expect(page.locator("#id_body")).not_to_have_value(re.compile("Uploading"))


def test_the_writer_can_stop_an_upload_by_deleting_its_placeholder(page, images):
    uploads = Uploads(page)
    put(page, "a|")
    choose(page, images[:1])
    page.keyboard.press("Control+z")
    expect(page.locator("#id_body")).to_have_value("a")
    uploads.go_on()
    expect(row(page)).to_have_count(0)
    assert body_of(page) == "a"
    # Redo brings the placeholder back, and the next key replaces it with the image.
    page.keyboard.press("Control+y")
    page.keyboard.press("Control+Home")
    page.keyboard.type("b")
    expect(page.locator("#id_body")).to_have_value(re.compile(r"ba\n\n!\[\]\(/media/\S+\)\n\n"))


def test_a_failed_upload_names_the_file_and_can_be_sent_again(page, images):
    uploads = Uploads(page)
    put(page, "Kept|")
    choose(page, images[:1])
    uploads.next().abort()
    expect(row(page)).to_contain_text("sea.png wasn’t uploaded.")
    page.get_by_role("button", name="Retry").click()
    uploads.go_on()
    expect(page.locator("#id_body")).to_have_value(re.compile(r"Kept\n\n!\[\]\(/media/\S+\)\n\n"))
    expect(row(page)).to_have_count(0)


@pytest.mark.parametrize("end", ["arrives", "fails", "is-canceled"])
def test_a_post_is_saved_after_its_uploads_and_never_with_a_placeholder(page, images, end):
    uploads = Uploads(page)
    put(page, "Kept|")
    with page.expect_response("**/autosave/") as autosaved:
        choose(page, images[:1])
    assert "Uploading" not in autosaved.value.request.post_data
    upload = uploads.next()
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("Your text is sent when the images are uploaded.")).to_be_visible()
    if end == "arrives":
        upload.continue_()
    elif end == "is-canceled":
        page.get_by_role("button", name="Cancel").click()
    else:
        upload.abort()
        expect(page.get_by_text("Retry or remove the image")).to_be_visible()
        expect(page.get_by_role("button", name="Retry")).to_be_focused()
        page.get_by_role("button", name="Remove").click()
        expect(page.locator("#id_body")).to_have_value("Kept\n\n")
        page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("draft is saved").first).to_be_visible()
    page.goto(page.url)
    images_in_text = page.locator("#id_body, article").first
    text = images_in_text.evaluate("element => element.value ?? element.innerHTML")
    assert "Uploading" not in text and ("/media/images/" in text) == (end == "arrives")


def test_a_post_is_published_from_the_panel_with_the_image_that_was_on_its_way(page, images):
    uploads = Uploads(page)
    put(page, "Kept|")
    choose(page, images[:1])
    upload = uploads.next()
    page.get_by_role("button", name="Publish").click()
    panel = page.get_by_role("dialog", name="Ready to publish?")
    panel.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Your text is sent when the images are uploaded.")).to_be_visible()
    expect(panel).to_be_hidden()
    upload.continue_()
    expect(page.get_by_role("heading", level=1)).to_have_text("A post with images")
    expect(page.locator("article img")).to_have_count(1)
    expect(page.locator("article")).not_to_contain_text("Uploading")


def test_a_notice_about_an_animation_is_shown_before_the_text_is_saved(page):
    notice = "Only the first frame of this animation is kept."
    answer = {"markdown": "![](/media/images/x.webp)", "notice": notice}
    uploads = Uploads(page)
    put(page, "|")
    drop(page, "#id_body", {"cat.gif": 1000})
    uploads.next().fulfill(status=201, body=json.dumps(answer))
    expect(row(page)).to_contain_text(f"cat.gif: {notice}")
    expect(page.get_by_role("progressbar", name="Upload")).to_be_hidden()
    assert marked(page) == "![|](/media/images/x.webp)\n\n"


def test_progress_is_shown(page):
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 200_000}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", slow)
    drop(page, "#id_body", {"long.png": 400_000})
    expect(page.get_by_role("progressbar", name="Upload")).to_be_visible()
    expect(row(page)).to_contain_text(re.compile(r"Uploading long.png · [1-9]\d? %"))
    page.get_by_role("button", name="Cancel").click()
    expect(row(page)).to_have_count(0)
    assert body_of(page) == ""
