"""Page weight: before it shows a page, a browser loads few files and bytes, and no file twice."""

import gzip
import re

import pytest

CSS_MAX, JS_MAX = 15_000, 25_000
EDITOR_JS_MAX = 60_000
# The page itself and the files that block its first paint.
REQUESTS_BEFORE_PAINT = 3
PUBLIC = (
    "/",
    "/?page=2",
    "/?q=test",
    "/1-test-title/",
    "/tags/",
    "/tags/bread/",
    "/authors/author/",
    "/auth/login/",
    "/auth/register/",
    "/auth/password/reset/",
)
OWN = (
    "/",
    "/1-test-title/",
    "/1/history/",
    "/mine/",
    "/auth/account/",
    "/auth/password/change/",
    "/auth/username/",
)
EDITOR = ("/create/", "/1/update/")
LIGHT = [("anonymous", path) for path in PUBLIC] + [("author", path) for path in OWN]
PAGES = LIGHT + [("author", path) for path in EDITOR]


@pytest.fixture
def get(client_of, make_post, make_comment, post):
    for _ in range(5):
        make_post(tags="bread", body="```python\nprint()\n```")
    make_comment()

    def get_page(visitor: str, path: str) -> str:
        response = client_of(visitor).get(path.replace("/1", f"/{post.pk}"))
        assert response.status_code == 200
        return response.text

    return get_page


def styles(page: str) -> list[str]:
    return re.findall(r'<link rel="stylesheet" href="([^"]*)"', page)


def scripts(page: str) -> list[tuple[str, str]]:
    """Return the tag and the address of each script. No page has an inline script."""
    assert all("src=" in tag or "ld+json" in tag for tag in re.findall("<script[^>]*>", page))
    return re.findall(r'(<script [^>]*src="([^"]*)"[^>]*>)', page)


@pytest.mark.parametrize(("visitor", "path"), PAGES)
def test_a_page_is_painted_after_three_requests(get, visitor, path):
    page = get(visitor, path)
    waited_for = [tag for tag, _ in scripts(page) if not re.search(r"\bdefer|module", tag)]
    assert 1 + len(styles(page)) + len(waited_for) <= REQUESTS_BEFORE_PAINT


@pytest.mark.parametrize(("visitor", "path"), LIGHT)
def test_styles_and_scripts_of_a_page_stay_small(client, get, visitor, path):
    page = get(visitor, path)
    assert sum(sent(client, address) for address in styles(page)) <= CSS_MAX
    assert sum(sent(client, address) for _, address in scripts(page)) <= JS_MAX


@pytest.mark.parametrize("path", EDITOR)
def test_scripts_of_the_editor_stay_within_60_kb(client, get, path):
    page = get("author", path)
    assert sum(sent(client, address) for address in styles(page)) <= CSS_MAX
    # Also the files that a script loads when it first needs them.
    files = set(re.findall(r'"(/static/[^"]*\.js)"', page))
    assert any("turndown" in file for file in files)
    assert sum(sent(client, file) for file in files) <= EDITOR_JS_MAX


@pytest.mark.parametrize("path", PUBLIC)
def test_a_page_for_anonymous_visitors_needs_one_style_sheet_and_no_script(get, path):
    page = get("anonymous", path)
    assert (len(styles(page)), scripts(page)) == (1, [])


def sent(client, address: str) -> int:
    """Return the size of a file as it is sent. Its name must contain a hash of its content."""
    assert re.search(r"\.[0-9a-f]{12}\.(css|js)$", address), address
    response = client.get(address, headers={"Accept-Encoding": "gzip, deflate, br"})
    assert response["Content-Encoding"] == "gzip"
    assert "immutable" in response["Cache-Control"]
    assert int(re.search(r"max-age=(\d+)", response["Cache-Control"])[1]) >= 365 * 24 * 3600
    body = b"".join(response)
    assert gzip.decompress(body)
    return len(body)
