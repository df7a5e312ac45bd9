"""Every outlet crossed with every visitor and every state of a post.

Promise 1 of the design: one rule decides what is listed, one who may open an address.
"""

from datetime import timedelta

import pytest
from django.utils import timezone

from posts.models import Post

TITLE = "Findable title"
STATES = {
    "draft": {"status": Post.Status.DRAFT, "publish_at": None},
    "draft with a past time": {"status": Post.Status.DRAFT},
    "scheduled": {"publish_at": timezone.now() + timedelta(days=365)},
    "published": {},
}
LISTS = {"index": "/"}
VISITORS = ["anonymous", "reader", "author", "moderator"]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("visitor", VISITORS)
@pytest.mark.parametrize("outlet", LISTS)
def test_lists_show_what_is_out_and_nothing_else_to_everyone(
    client_of, make_post, outlet, visitor, state
):
    make_post(title=TITLE, **STATES[state])
    page = client_of(visitor).get(LISTS[outlet]).text
    assert (TITLE in page) == (state == "published")


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("visitor", VISITORS)
def test_an_address_opens_for_those_who_may_see_the_post(client_of, make_post, visitor, state):
    post = make_post(title=TITLE, **STATES[state])
    client = client_of(visitor)
    may_see = state == "published" or visitor in ("author", "moderator")
    for path, status in ((post.get_absolute_url(), 200), (f"/{post.pk}/", 301)):
        response = client.get(path)
        assert response.status_code == (status if may_see else 404)
        assert may_see or (TITLE not in response.text and post.slug not in response.text)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("visitor", VISITORS)
def test_an_editor_opens_for_the_author_alone(client_of, make_post, visitor, state):
    post = make_post(title=TITLE, **STATES[state])
    response = client_of(visitor).get(f"/{post.pk}/update/")
    hidden = 403 if state == "published" else 404
    expected = {"author": 200, "anonymous": 302, "reader": hidden, "moderator": 403}
    assert response.status_code == expected[visitor]
    assert visitor == "author" or TITLE not in response.text
