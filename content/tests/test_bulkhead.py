"""Expensive work takes at most half of the threads, and few requests wait for a slot."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from content import bulkhead
from content.bulkhead import LONG_TEXT, Bulkhead, Busy
from content.images import make_image
from content.markup import render_comment, render_post
from content.tests.slots import all_slots_taken, slots_taken_until_someone_waits
from posts.tests.images import image_file


def is_free(limit: Bulkhead) -> bool:
    """Return whether another thread can get a slot."""

    def look() -> bool:
        try:
            with limit.slot():
                return True
        except Busy:
            return False

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(look).result()


def test_the_last_free_slot_can_be_taken_and_no_other():
    limit = Bulkhead(2)
    with limit.slot():
        assert is_free(limit)
        with all_slots_taken(limit):
            assert not is_free(limit)
        assert is_free(limit)


def test_a_thread_takes_one_slot_however_deep_it_calls():
    limit = Bulkhead(2)
    with limit.slot(), limit.slot(), limit.slot():
        assert is_free(limit)
    with all_slots_taken(limit):
        assert not is_free(limit)


def test_a_slot_is_free_again_after_a_failure():
    limit = Bulkhead(1)
    with pytest.raises(ZeroDivisionError), limit.slot():
        1 / 0  # noqa: B018
    assert is_free(limit)


def test_a_patient_thread_gets_the_next_free_slot():
    limit = Bulkhead(1)
    with slots_taken_until_someone_waits(limit), limit.slot(patience=60):
        assert not is_free(limit)
    assert is_free(limit)


def test_a_patient_thread_gives_up_in_the_end():
    limit = Bulkhead(1)
    with all_slots_taken(limit), pytest.raises(Busy), limit.slot(patience=0.01):
        pass
    assert not limit.waiting.locked() and is_free(limit)


def test_only_one_thread_waits_at_a_time():
    limit = Bulkhead(1)
    with all_slots_taken(limit), limit.waiting, pytest.raises(Busy), limit.slot(patience=60):
        pass


def test_half_of_the_threads_do_expensive_work(settings):
    assert settings.WEB_THREADS == 4
    with bulkhead.expensive.slot():
        assert is_free(bulkhead.expensive)
    with all_slots_taken():
        assert not is_free(bulkhead.expensive)


@pytest.mark.parametrize("render", [render_post, render_comment])
def test_a_long_text_needs_a_slot_and_a_short_one_does_not(render):
    with all_slots_taken():
        assert render("a" * LONG_TEXT)
        with pytest.raises(Busy):
            render("a" * (LONG_TEXT + 1))
    assert render("a" * (LONG_TEXT + 1))


def test_an_image_needs_a_slot():
    with all_slots_taken(), pytest.raises(Busy):
        make_image(image_file())
    assert make_image(image_file())
