"""The header stays in order if the blog has a long name and the visitor has many links."""

import pytest

from tests.browser.test_main_job import join

pytestmark = pytest.mark.browser
# An author has four links, an editor five and an owner six.
ADD = """([name, more]) => {
    document.querySelector(".site-name").textContent = name;
    const first = document.querySelector(".site-header li");
    for (let number = 0; number < more; number++) first.after(first.cloneNode(true));
}"""
EDGES = """() => [".site-name", ".search", ".site-header li", ".site-header li:last-child"].map(
    name => document.querySelector(name).getBoundingClientRect()
).map(({ left, right, top, bottom }) => [left, right, top, bottom].map(Math.round))"""


@pytest.mark.parametrize("name", ["Blog", "The Long Way Round: Notes from Slow Trains"])
def test_the_links_of_an_owner_fill_a_row_below_the_search(open_page, username, name):
    page = open_page(javascript=True)
    join(page, username)
    page.goto("/tags/")
    page.evaluate(ADD, [name, 2])
    title, search, first, last = page.evaluate(EDGES)
    assert first[0] == title[0]
    assert last[1] == search[1]
    assert first[2] == last[2] >= search[3]
