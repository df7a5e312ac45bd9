"""Work on long texts needs one of the worker's slots. Without one, nothing is partly saved."""

from contextlib import ExitStack

import pytest

from content.bulkhead import LONG_TEXT
from content.tests.slots import all_slots_taken
from posts.models import Revision
from posts.tests.meanwhile import meanwhile

LONG = "a " * LONG_TEXT


def test_an_autosave_keeps_its_slot_until_its_response(client_of, post):
    client = client_of("author")
    # While it saves, others take all remaining slots.
    others = ExitStack()
    taking = meanwhile(
        lambda: others.enter_context(all_slots_taken()), before='INTO "posts_revision"'
    )
    with others, taking:
        response = client.post(f"/{post.pk}/autosave/", {"title": "T", "body": LONG})
    assert response.status_code == 200 and response.json()["is_beside"]
    assert Revision.objects.filter(body=LONG).exists()


def test_an_autosave_without_a_slot_saves_nothing(client_of, post):
    with all_slots_taken():
        response = client_of("author").post(f"/{post.pk}/autosave/", {"title": "T", "body": LONG})
    assert response.status_code == 503
    assert not Revision.objects.filter(body=LONG).exists()


@pytest.mark.parametrize(("length", "status"), [(LONG_TEXT // 2 - 2, 200), (LONG_TEXT, 503)])
def test_comparing_long_texts_needs_a_slot(client_of, length, status):
    texts = {"old_title": "a", "new_title": "b", "old_body": "a" * length, "new_body": "b" * length}
    client = client_of("author")
    with all_slots_taken():
        response = client.post("/difference/", texts)
    assert response.status_code == status
    assert client.post("/difference/", texts).status_code == 200
