"""A formula is MathML on the page of its post, and its source everywhere else."""

from html import unescape
from xml.etree import ElementTree

from posts.tests.test_detail_meta import json_ld, meta, open_page

SOURCE = r"$k_{i} (\hat{k}_{i}^{j} - k_{i}^{j})$"


def test_only_the_page_shows_a_formula_rendered(client, make_post):
    post = make_post(body=f"It is {SOURCE}.")
    page = open_page(client, post)
    assert "<msubsup>" in page and "<em>" not in page
    for text in (meta(page)["description"], meta(page)["og:description"], post.excerpt):
        assert text == json_ld(page)["description"] == f"It is {SOURCE}."
    (item,) = ElementTree.fromstring(client.get("/feed/").content).iter("item")
    assert unescape(item.findtext("description")) == f'<p dir="auto">It is {SOURCE}.</p>\n'
    found = client.get("/", {"q": "hat"}).text
    assert "<math" not in found and post.get_absolute_url() in found
