"""Page loads in a real browser: few blocking requests, no layout shifts, links prefetched."""

import re
from dataclasses import dataclass

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.test_main_job import PASSWORD, join, log_in, publish_draft, settings_open
from tests.test_weight import REQUESTS_BEFORE_PAINT

pytestmark = pytest.mark.browser

BODY = """
## Part

{}

```python
print("Tea")
```

""".format("\n\n".join(["Some words that fill a line of the page, and a little more. " * 5] * 8))
# Also count shifts right after input, which browsers' scores leave out.
RECORD_SHIFTS = """
    window.shifts = [];
    window.recorder = new PerformanceObserver((list) => shifts.push(...list.getEntries()));
    recorder.observe({ type: "layout-shift", buffered: true });
"""
TELL_SHIFTS = """() => {
    shifts.push(...recorder.takeRecords());
    return shifts.flatMap(({ sources }) => sources.map(({ node }) => node.outerHTML ?? node.data));
}"""
BLOCKING = """() => performance.getEntriesByType("resource")
    .filter((entry) => entry.renderBlockingStatus === "blocking").map((entry) => entry.name)"""
# With latency, scripts arrive after the first paint. Without it, all would be there at once.
SLOW = {"offline": False, "latency": 150, "downloadThroughput": -1, "uploadThroughput": -1}
SOON = 15_000


@dataclass
class Blog:
    """A person's username and cookies, and the paths of their pages."""

    username: str
    cookies: list
    post: str

    @property
    def public(self) -> list[str]:
        author = f"/authors/{self.username}/"
        return ["/", self.post, author, "/tags/", "/tags/tea/", "/?q=tea", "/auth/login/"]

    @property
    def own(self) -> list[str]:
        editor = re.sub(r"-[^/]*", "/update", self.post)
        return ["/", self.post, "/create/", editor, "/mine/", "/auth/account/"]


@pytest.fixture(scope="module")
def blog(browser, site, numbers, tmp_path_factory) -> Blog:
    image = tmp_path_factory.mktemp("images") / "image.png"
    Image.new("RGB", (1200, 900), (200, 60, 40)).save(image)
    context = browser.new_context(base_url=site)
    page = context.new_page()
    username = f"loading{next(numbers)}"
    join(page, username)
    for number in (1, 2):
        page.goto("/create/")
        page.get_by_label("Title").fill(f"Tea {number} of {username}")
        page.get_by_label("Body").fill(BODY)
        page.locator("#id_tags").fill("tea")
        page.get_by_label("Cover image (optional)").set_input_files(image)
        publish_draft(page)
        expect(page.get_by_role("heading", level=1)).to_have_text(f"Tea {number} of {username}")
    page.get_by_label("Your comment").fill("A comment.")
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.locator(".comment")).to_be_visible()
    found = Blog(username, context.cookies(), re.search("//[^/]+(/[^/]+/)", page.url)[1])
    context.close()
    return found


@pytest.fixture
def open_recorded(open_page, blog, width):
    """Return a function that opens a page over a slow network and records all layout shifts."""

    def open_(*, is_author: bool) -> Page:
        page = open_page(width=width)
        if is_author:
            page.context.add_cookies(blog.cookies)
        # Shifts below the visible part don't count, so make the page tall.
        page.set_viewport_size({"width": width, "height": 2000})
        page.add_init_script(RECORD_SHIFTS)
        session = page.context.new_cdp_session(page)
        # A script offers the browser's time zone if it differs from the site's.
        session.send("Emulation.setTimezoneOverride", {"timezoneId": "Asia/Tokyo"})
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", SLOW)
        return page

    return open_


def is_complete(page: Page, path: str) -> None:
    """Open `path` and wait until all of it is loaded and painted."""
    page.goto(path, wait_until="load")
    page.evaluate("Promise.all([...document.images].map((image) => image.decode().catch(() => 0)))")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")


@pytest.mark.parametrize("is_author", [False, True], ids=["anonymous", "author"])
def test_nothing_moves_while_a_page_loads(open_recorded, blog, is_author):
    page = open_recorded(is_author=is_author)
    for path in blog.own if is_author else blog.public:
        is_complete(page, path)
        assert page.evaluate(TELL_SHIFTS) == [], path
        blocking = page.evaluate(BLOCKING)
        assert 1 <= len(blocking) < REQUESTS_BEFORE_PAINT, path


def test_nothing_moves_while_someone_writes(open_recorded):
    page = open_recorded(is_author=True)
    is_complete(page, "/create/")
    page.get_by_label("Title").press_sequentially("A title")
    page.get_by_label("Body").press_sequentially("# Some words\n\n> and *more*\n" * 3)
    with settings_open(page):
        page.locator("#id_tags").press_sequentially("te")
        expect(page.get_by_role("listbox").get_by_role("option")).to_have_text(["tea"])
    expect(page.locator("[data-save-status]")).to_contain_text("Saved", timeout=SOON)
    expect(page.locator("[data-words]")).not_to_have_text("0")
    assert page.evaluate(TELL_SHIFTS) == []


def test_the_next_page_is_prefetched_when_its_link_is_hovered(open_page, blog):
    page = open_page()
    page.goto("/")
    link = page.locator("article h2 a").first
    with page.expect_request("**" + link.get_attribute("href")) as request:
        link.hover()
    assert request.value.headers["sec-purpose"] == "prefetch"
    request.value.response().finished()
    link.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    entry = page.evaluate("performance.getEntriesByType('navigation')[0].deliveryType")
    assert entry == "navigational-prefetch"
    assert page.context.cookies() == []


def test_only_pages_for_reading_are_prefetched(open_page, blog):
    page = open_page()
    session = page.context.new_cdp_session(page)
    offered = set()
    session.on(
        "Preload.preloadingAttemptSourcesUpdated",
        lambda event: offered.update(
            source["key"]["url"] for source in event["preloadingAttemptSources"]
        ),
    )
    session.send("Preload.enable")
    for path in blog.public:
        page.goto(path)
        page.get_by_role("link", name="Tags").last.hover()
    assert re.search(blog.post, " ".join(offered))
    paths = {re.sub("https?://[^/]+", "", url) for url in offered}
    pages = r"/(\?(page|before|after)=.*)?|/\d+-[^/#]+/(#comments)?|/tags/([^/]+/)?|/authors/[^/]+/"
    assert [path for path in paths if not re.fullmatch(pages, path)] == []


def test_a_login_in_another_tab_is_seen_after_pointing_at_a_link(open_page, blog):
    page = open_page()
    page.goto("/")
    link = page.locator("article h2 a").first
    with page.expect_request("**" + link.get_attribute("href")) as request:
        link.hover()
    request.value.response().finished()
    other = page.context.new_page()
    other.goto("/auth/login/")
    log_in(other, blog.username, PASSWORD)
    expect(other.get_by_role("button", name="Log out")).to_be_visible()
    link.click()
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
