"""Tests of cached fragments: who shares them, how long they are kept, how much memory they take."""

import gc
import sys
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from django.utils import timezone, translation

from caching import fragments, pages
from posts import listing
from posts.search import Query, Results

# These tests run outside a transaction, because nothing is shared within one.
pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
NUMBERS = count()


def keep(text: object, *, key: str = "key") -> object:
    return fragments.until_next_change("test", key, lambda: text)


def test_a_fragment_is_kept_for_a_minute(worker, monkeypatch):
    start = datetime(2026, 1, 1, tzinfo=UTC)
    clock = [start]
    monkeypatch.setattr(timezone, "now", lambda: clock[0])
    assert keep("first") == "first"
    clock[0] += timedelta(seconds=pages.LIFETIME - 1)
    assert keep("second") == "first"
    clock[0] += timedelta(seconds=1)
    assert keep("third") == "third"


def test_after_the_clock_was_set_back_fragments_are_kept_again(worker, monkeypatch):
    clock = [datetime(2026, 1, 1, 12, tzinfo=UTC)]
    monkeypatch.setattr(timezone, "now", lambda: clock[0])
    assert keep("first") == "first"
    clock[0] -= timedelta(hours=1)
    assert keep("second") == "second"
    assert keep("third") == "second"


def test_another_language_or_time_zone_has_its_own_fragments(worker):
    assert keep("first") == "first"
    with timezone.override("Asia/Tokyo"):
        assert keep("second") == "second"


def test_fragments_stay_below_a_size(worker, monkeypatch):
    monkeypatch.setattr(fragments, "SIZE_MAX", 11_000)
    for number in range(9):
        keep("x" * 1_500, key=str(number))
    assert len(fragments.changing.fragments) == 4


@pytest.mark.parametrize(
    ("key", "make"),
    [
        ("", lambda number: "short"),
        ("k" * 8_000, lambda number: "short"),
        ("k" * 8_000 + "🍞", lambda number: "short"),
        ("", lambda number: "x" * 1_500 + f"🍞{number}"),
        ("", lambda number: Results(Query(), [10**6 * number + n for n in range(300)])),
        ("", lambda number: listing.PostPage([10**9 + n for n in range(100)], 1, 1, "", "")),
    ],
    ids=[
        "short",
        "long key",
        "long key in four bytes",
        "text in four bytes",
        "many found",
        "many on a page",
    ],
)
def test_fragments_stay_within_their_memory_limit(worker, monkeypatch, key, make):
    monkeypatch.setattr(fragments, "SIZE_MAX", 100_000)
    most = 0
    for number in range(300):
        keep(make(number), key=f"{key}{number}")
        most = max(most, bytes_reached_from(fragments.changing.fragments))
    assert 12_000 < most < 101_000


def bytes_reached_from(thing: object) -> int:
    """Return the bytes of everything that `thing` refers to, at any depth.

    The memory of the whole process is not exact enough. It also changes when the garbage collector
    removes objects of earlier tests.
    """
    found = {}
    left = [thing]
    while left:
        each = left.pop()
        if id(each) not in found and not isinstance(each, type):
            found[id(each)] = each
            left += gc.get_referents(each)
    return sum(map(sys.getsizeof, found.values()))


def test_a_response_that_would_evict_all_others_is_not_cached(worker, monkeypatch):
    monkeypatch.setattr(fragments, "SIZE_MAX", 10_000)
    keep("first")
    assert keep("x" * 10_000, key="long") == "x" * 10_000
    assert keep("second") == "first"
    assert len(fragments.changing.fragments) == 1


@pytest.mark.parametrize("reason", ["switched off", "no version"])
def test_nothing_is_kept_without_a_cache_version(worker, settings, monkeypatch, reason):
    if reason == "switched off":
        settings.KEEP_FRAGMENTS = False
    else:
        monkeypatch.setattr(pages.FileCounter, "read", lambda self: None)
    assert keep("first") == "first"
    assert keep("second") == "second"


def test_a_request_shares_nothing_if_something_changes_during_it(worker, rf):
    """It may have read the old content from the database or from a replica."""

    def view(request):
        keep("first")
        pages.find_counter().increase()
        return keep("old")

    assert fragments.note_cache_version(view)(rf.get("/")) == "old"
    assert fragments.note_cache_version(lambda request: keep("new"))(rf.get("/")) == "new"
    assert keep("other") == "new"


# Fragments kept by value --------------------------------------------------------------------------


def number(*values: object) -> str:
    """Return a new number for new values, and the same number for known ones."""
    return fragments.by_value("number", values, lambda: str(next(NUMBERS)))


def test_a_fragment_of_the_same_values_is_rendered_once_per_worker(worker):
    first = number("one", 1)
    pages.find_counter().increase()
    assert number("one", 1) == first
    assert number("one", 2) != first
    with timezone.override("Asia/Tokyo"):
        assert number("one", 1) != first
    with translation.override("de"):
        assert number("one", 1) != first


def test_a_block_that_settles_finds_language_and_zone_once(worker):
    first = number("one")
    with timezone.override("Asia/Tokyo"), fragments.settled():
        in_tokyo = number("one")
        with timezone.override("UTC"):
            assert number("one") == in_tokyo != first
        with timezone.override("UTC"), fragments.settled():
            assert number("one") == first
        assert number("one") == in_tokyo
    assert number("one") == first


def test_an_included_template_is_rendered_once_for_the_same_values(worker):
    footer = "includes/footer.html"
    first, again, other = (
        fragments.include_cached(footer, blog_name=name) for name in ("A", "A", "B")
    )
    assert again is first
    assert ">A</a>" in first and ">B</a>" in other


def test_templates_under_work_are_rendered_each_time(worker, settings):
    settings.KEEP_FRAGMENTS = False
    assert number("one") != number("one")


def test_fragments_by_value_stay_below_a_size(worker, monkeypatch):
    monkeypatch.setattr(fragments, "SIZE_MAX", 10_000)
    for place in range(100):
        number(place)
        assert fragments.unchanging.size < 10_000
    assert len(fragments.unchanging.fragments) < 30
