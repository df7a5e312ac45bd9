"""Likes and comments, in a real browser on the server that `bin/serve` starts."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import wait_until
from tests.browser.test_main_job import PASSWORD, add_account, fits, log_in, send_form

pytestmark = pytest.mark.browser


@pytest.fixture
def published(browser, site, username) -> str:
    """The address of a post by another person."""
    context = browser.new_context(base_url=site)
    host = f"{username}-host"
    add_account(context, host)
    send_form(context, "/auth/login/", {"username": host, "password": PASSWORD})
    address = send_form(context, "/create/", {"title": f"To be discussed, {username}"})
    context.close()
    return address


@pytest.fixture
def guest(open_page, published, username, width, javascript):
    """The page of that post, opened by another person who followed its log-in link."""
    page = open_page(width=width, javascript=javascript)
    add_account(page.context, username)
    page.goto(published)
    page.get_by_role("link", name="Log in to comment").click()
    log_in(page, username)
    expect(page.get_by_label("Your comment")).to_be_visible()
    # A button pressed before its script has loaded reloads the page.
    page.wait_for_load_state()
    assert page.url == f"{published}#comment-form"
    return page


def test_a_like_changes_in_place_and_back(guest, published, javascript):
    button, count = guest.get_by_role("button", name="Like"), guest.locator("[data-like-count]")
    guest.get_by_label("Your comment").fill("Still being written")
    for is_liked, number in ((True, "1"), (False, "0"), (True, "1")):
        button.click()
        expect(count).to_have_text(number)
        expect(button).to_have_attribute("aria-pressed", str(is_liked).lower())
        expect(button).to_be_in_viewport()
    # The like is updated in place, so other text stays. Without scripts, the page reloads.
    expect(guest.get_by_label("Your comment")).to_have_value(
        "Still being written" if javascript else ""
    )
    assert guest.url == (f"{published}#comment-form" if javascript else f"{published}#like")
    if javascript:
        expect(button).to_be_focused()
        button.dblclick()
        expect(button).to_be_enabled()
    guest.reload()
    assert count.inner_text() in ("0", "1")


def test_a_double_click_sends_the_same_twice(guest, javascript):
    with guest.expect_response(re.compile("/like/")):
        guest.get_by_role("button", name="Like").dblclick()
    expect(guest.locator("[data-like-count]")).to_have_text("1")


def let_token_expire(page) -> None:
    page.context.clear_cookies(name=re.compile("csrftoken"))


def cut_off(page) -> None:
    page.route("**/like/", lambda route: route.abort())


@pytest.mark.parametrize(
    ("fail", "complaint", "said"),
    [
        (let_token_expire, "403", "That didn’t work. Reload the page, or try again later."),
        (
            cut_off,
            "ERR_FAILED|htmx:(afterRequest|sendError)",
            "The site can’t be reached. Try again.",
        ),
    ],
)
def test_a_like_that_fails_says_so_and_then_works(
    open_page, published, username, fail, complaint, said
):
    page = open_page(expect=complaint)
    page.goto(published)
    page.get_by_role("link", name="Log in to comment").click()
    log_in(page, f"{username}-host")
    # Before the script has loaded, the browser submits the form itself.
    wait_until(page, "window.htmx")
    page.wait_for_load_state()
    fail(page)
    page.get_by_role("button", name="Like").click()
    expect(page.locator("#like [aria-live=polite]")).to_have_text(said)
    expect(page.locator("[data-like-count]")).to_have_text("0")
    page.unroute_all()
    page.reload()
    page.get_by_role("button", name="Like").click()
    expect(page.locator("[data-like-count]")).to_have_text("1")
    expect(page.locator("#like [aria-live=polite]")).to_be_empty()


def test_a_person_comments_replies_edits_and_deletes(guest, published, username, javascript):
    guest.get_by_role("button", name="Comment", exact=True).click()
    expect(guest.get_by_text("Comment is required.")).to_be_in_viewport()
    guest.get_by_label("Your comment").fill("I *wonder*.")
    guest.get_by_role("button", name="Comment", exact=True).click()
    expect(guest.get_by_role("status")).to_have_text("Your comment is published.")
    comment = guest.locator(".comment")
    expect(comment).to_have_count(1)
    expect(comment).to_be_in_viewport()
    expect(comment.locator("em")).to_have_text("wonder")

    comment.get_by_role("link", name="Reply").click()
    expect(guest.get_by_text(f"Your reply to {username}")).to_be_in_viewport()
    guest.get_by_label("Your comment").fill("So do I.")
    guest.get_by_role("button", name="Reply").click()
    reply = comment.filter(has_text="So do I.")
    expect(reply).to_have_class(re.compile("depth-1"))

    reply.get_by_role("link", name="Edit").click()
    guest.get_by_label("Your comment").fill("So did I.")
    guest.get_by_role("button", name="Save").click()
    expect(comment.filter(has_text="So did I.")).to_contain_text("edited")
    assert not javascript or fits(guest)

    comment.first.get_by_role("link", name="Delete").click()
    guest.get_by_role("button", name="Delete this comment").click()
    expect(comment.first).to_have_text("This comment was deleted by its author.")
    comment.last.get_by_role("link", name="Delete").click()
    guest.get_by_role("button", name="Delete this comment").click()
    expect(comment).to_have_count(0)
    expect(guest.get_by_text("No comments yet. What do you think?")).to_be_visible()


def test_a_label_stands_out_from_the_comment_that_a_link_leads_to(open_page, published, username):
    host = open_page()
    host.goto(published)
    host.get_by_role("link", name="Log in to comment").click()
    log_in(host, f"{username}-host")
    host.get_by_label("Your comment").fill("Welcome.")
    host.get_by_role("button", name="Comment", exact=True).click()
    comment = host.locator(".comment:target")
    color = "element => getComputedStyle(element).backgroundColor"
    assert comment.get_by_text("Author", exact=True).evaluate(color) != comment.evaluate(color)


def test_the_host_approves_hides_and_closes(
    open_page, guest, published, username, javascript, width
):
    guest.get_by_label("Your comment").fill("https://a.example https://b.example www.c.example")
    guest.get_by_role("button", name="Comment", exact=True).click()
    expect(guest.get_by_role("status")).to_contain_text("Your comment is waiting for approval")
    expect(guest.locator(".comment")).to_contain_text(
        "Waiting for approval: it has more than two links"
    )

    host = open_page(width=width, javascript=javascript)
    host.goto(published)
    expect(host.locator(".comment")).to_have_count(0)
    host.get_by_role("link", name="Log in to comment").click()
    log_in(host, f"{username}-host")
    host.get_by_role("link", name="Approve").click()
    host.get_by_role("button", name="Approve").click()
    expect(host.get_by_role("status")).to_have_text("The comment is published.")
    host.get_by_role("link", name="Hide").click()
    host.get_by_label("Reason").fill("Advertising.")
    host.get_by_role("button", name="Hide").click()
    expect(host.locator(".comment")).to_contain_text("Hidden: readers can't see this comment.")
    host.get_by_role("button", name="Close comments on this post").click()
    expect(host.get_by_role("status")).to_have_text("Comments are closed.")
    expect(host.get_by_label("Your comment")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_deep_thread_fits_the_smallest_phone(open_page, published, username, scheme):
    page = open_page(width=320, scheme=scheme)
    page.goto(published)
    page.get_by_role("link", name="Log in to comment").click()
    log_in(page, f"{username}-host")
    for depth in range(5):
        if depth:
            page.locator(".comment").last.get_by_role("link", name="Reply").click()
        page.get_by_label("Your comment").fill(f"{'verylongword' * 9}\n\n    {'code ' * 30}")
        page.get_by_role("main").locator(".comment-form button").click()
        expect(page.locator(".comment")).to_have_count(depth + 1)
    expect(page.locator(".depth-3")).to_have_count(2)
    assert fits(page)
