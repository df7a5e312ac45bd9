"""Reading times, word counts and excerpts."""

import pytest

from content.reading import count_words, excerpt, reading_minutes
from tests.cpu import cpu_seconds_under


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        (" \n\t", 0),
        ("… — !? 🎉", 0),
        ("one", 1),
        ("one two\nthree\tfour", 4),
        ("don't, won’t; well-known 3.5", 4),
        ("a/b", 2),
        ("word—word", 2),
        ("Ünïcödé Straße", 2),
        ("U\u0308ni\u0308code\u0301", 1),
        ("हिन्दी में लिखा", 3),
        ("தமிழ் மொழி", 2),
        ("می‌خواهم بروم", 2),
        ("לָשׁוֹן", 1),
        ("日本語", 2),
        ("日本", 1),
        ("漢字 and words", 3),
        ("カタカナ", 2),
        ("한국어 텍스트", 3),
        ("- [x] 1. task", 3),
    ],
)
def test_words_of_any_script_are_counted(text, words):
    assert count_words(text) == words


@pytest.mark.parametrize(
    "text", ["a-" * 100_000, "a." * 100_000, "\u0301" * 200_000, "字" * 200_000]
)
def test_no_text_takes_long(text):
    with cpu_seconds_under(1):
        count_words(text)
        excerpt(text, 300)


@pytest.mark.parametrize(
    ("words", "minutes"), [(0, 1), (1, 1), (230, 1), (344, 1), (346, 2), (460, 2), (2300, 10)]
)
def test_reading_takes_whole_minutes_and_at_least_one(words, minutes):
    assert reading_minutes(words) == minutes


@pytest.mark.parametrize(
    ("text", "beginning"),
    [
        ("", ""),
        ("exactly 20 character", "exactly 20 character"),
        ("one two three four five six", "one two three four…"),
        ("one two three four, five six", "one two three four…"),
        ("one two three four – five six", "one two three four…"),
        ("x" * 21, "x" * 19 + "…"),
        ("a " + "x" * 30, "a " + "x" * 17 + "…"),
        ("日" * 30, "日" * 19 + "…"),
        ("-" * 30, "…"),
        ("word word word word word", "word word word word…"),
    ],
)
def test_an_excerpt_ends_between_words_and_never_exceeds_the_limit(text, beginning):
    assert excerpt(text, 20) == beginning
    assert len(beginning) <= 20
