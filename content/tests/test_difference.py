"""Differences between two texts: exact, in whole words, and never slow."""

import random
import re

import pytest
from django.template.loader import render_to_string

from content.difference import (
    KEPT,
    SHOWN_MAX,
    Change,
    count_changed_words,
    difference,
    shortened,
    split_words,
)
from tests.cpu import cpu_seconds_under

LENGTH = 200_000


def marked(changes: list[Change]) -> str:
    """Return changes as text: [removed], {added} and … for skipped parts."""
    forms = {"same": "{}", "removed": "[{}]", "added": "{{{}}}", "skipped": "…"}
    return "".join(forms[change.kind].format(change.text) for change in changes)


def side(changes: list[Change], kind: str) -> str:
    return "".join(change.text for change in changes if change.kind in ("same", "skipped", kind))


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ("", "", ""),
        ("one two", "one two", "one two"),
        ("", "one two", "{one two}"),
        ("one two", "", "[one two]"),
        ("one two three", "one 2 three", "one [two]{2} three"),
        ("colour", "color", "[colour]{color}"),
        ("I don't", "I do", "I [don't]{do}"),
        ("the cat.", "the big cat!", "the {big }cat[.]{!}"),
        ("a b c d e", "b c d e f", "[a ]b c d e{ f}"),
        ("one two three", "three two one", "[one two three]{three two one}"),
        ("a\nb\n", "a\n\nb\n", "a\n{\n}b\n"),
        ("a b", "a  b", "a[ ]{  }b"),
        ("a\r\nb", "a\nb", "a[\r]\nb"),
        # One rewritten stretch becomes one change, and lines stay separate.
        ("red green blue", "rot grün blau", "[red green blue]{rot grün blau}"),
        ("red\ngreen", "rot\ngrün", "[red]{rot}\n[green]{grün}"),
        (
            "An old pen is to me",
            "A new ink is for you",
            "[An old pen]{A new ink} is [to me]{for you}",
        ),
        ("an old pen is it", "some ink is for you", "[an old pen is it]{some ink is for you}"),
        ("a b of c d", "e f of g h", "[a b]{e f} of [c d]{g h}"),
        # Scripts without spaces, and characters with several code points.
        ("我喜欢红茶。", "我喜欢绿茶。", "我喜欢[红]{绿}茶。"),
        ("カタカナです", "ひらがなです", "[カタカナ]{ひらがな}です"),
        ("한국어를 배운다", "한국어는 배운다", "한국어[를]{는} 배운다"),
        ("ผมกินข้าว", "ผมกินข้า", "ผมกินข้า[ว]"),
        ("กิน", "กัน", "[กิ]{กั}น"),
        ("हिन्दी में", "हिन्दू में", "[हिन्दी]{हिन्दू} में"),
        ("cafe\u0301", "cafe", "[cafe\u0301]{cafe}"),
        ("👩‍👩‍👧 👍", "👩‍👩‍👦 👍🏽", "[👩‍👩‍👧 👍]{👩‍👩‍👦 👍🏽}"),
        ("a 🇩🇪🇫🇷", "a 🇩🇪🇪🇸", "a 🇩🇪[🇫🇷]{🇪🇸}"),
        ("❤️!", "❤!", "[❤️]{❤}!"),
    ],
)
def test_changes_are_whole_words(old, new, shown):
    assert marked(difference(old, new)) == shown


def test_a_paragraph_that_is_added_or_removed_is_one_change():
    paragraphs = [f"Paragraph {number} is about this and that.\n\n" for number in range(50)]
    without = paragraphs[:20] + paragraphs[21:]
    added = difference("".join(without), "".join(paragraphs))
    removed = difference("".join(paragraphs), "".join(without))
    assert [change.kind for change in added] == ["same", "added", "same"]
    assert [change.kind for change in removed] == ["same", "removed", "same"]


def test_a_few_changes_are_found_in_a_long_text_that_repeats_itself():
    words = ("Lorem ipsum dolor sit amet, consectetur adipiscing elit.\n" * 3_000).split(" ")
    changed = words.copy()
    for place in range(500, 20_000, 500):
        changed[place] = "CHANGED"
    changes = difference(" ".join(words), " ".join(changed))
    assert sum(len(change.text) for change in changes if change.kind == "added") < 39 * 12
    assert side(changes, "added") == " ".join(changed)


SCRIPTS = [
    "ab ",
    "ab\n .",
    "a'’- \t\r\n",
    "我喜欢红绿",
    "กนิั่้ า",
    "e\u0301\u0302\u200d👩👧👍🏽🇩🇪\ufe0f\U000e0067 ",
    "हिन्दी ",
    "\x00\ud800\uffff\x85\u2028 a",
]


@pytest.mark.parametrize("signs", SCRIPTS)
def test_the_changes_contain_both_texts_completely(signs):
    rng = random.Random(len(signs))
    for length in (1, 2, 5, 20, 80, 300):
        for _ in range(20):
            old = "".join(rng.choices(signs, k=rng.randint(0, length)))
            new = "".join(rng.choices(signs, k=rng.randint(0, length)))
            at = rng.randint(0, len(old))
            for other in (new, old[:at] + new[:3] + old[at:], old[:at] + old[at + 3 :]):
                changes = difference(old, other)
                assert side(changes, "removed") == old
                assert side(changes, "added") == other
                assert all(change.text for change in changes)


def random_text(signs: str, seed: int) -> str:
    return "".join(random.Random(seed).choices(signs, k=LENGTH))


def numbers(start: int, step: int = 1) -> str:
    return " ".join(str(number) for number in range(start, start + 28_000 * step, step))


HOSTILE = {
    "one word, twice as often": ("a " * (LENGTH // 4), "a " * (LENGTH // 2)),
    "one word against another": ("a " * (LENGTH // 2), "b " * (LENGTH // 2)),
    "two words by chance": (random_text("ab ", 1), random_text("ab ", 2)),
    "few lines by chance": (random_text("a\n", 1), random_text("a\n", 2)),
    "nothing in common": (numbers(100_000), numbers(200_000)),
    "every second in common": (numbers(100_000), numbers(100_000, 2)),
    "backwards": (numbers(100_000), " ".join(reversed(numbers(100_000).split()))),
    "a word a character": (
        "".join(chr(0x4E00 + place % 20_000) if place % 3 else "x" for place in range(LENGTH)),
        "".join(chr(0x4E00 + place % 20_000) if place % 3 else "y" for place in range(LENGTH)),
    ),
    "marks": ("\u0301" * LENGTH, "e\u0302" * (LENGTH // 2)),
    "joiners": ("👩\u200d" * (LENGTH // 2), "\u200d" * LENGTH),
    "apostrophes": ("a'" * (LENGTH // 2), "'" * LENGTH),
    "line ends": ("\n" * LENGTH, " \n" * (LENGTH // 2)),
    "all of a sudden": ("", "x " * (LENGTH // 2)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_texts_take_long(name):
    old, new = HOSTILE[name]
    with cpu_seconds_under(5):
        changes = difference(old, new)
        shortened(changes)
    assert side(changes, "removed") == old
    assert side(changes, "added") == new


def test_a_rewritten_part_does_not_hide_a_small_change():
    rng = random.Random(3)
    old, new = (" ".join(rng.choices("abcdef", k=5_000)) for _ in range(2))
    before, after = "\n\nWhat follows is kept: ", " And so on to the end."
    changes = difference(f"{old}{before}b b b b.{after}", f"{new}{before}b x b b y b.{after}")
    assert marked(changes).endswith(before + "b {x }b b{ y} b." + after)


# Folded changes


def test_text_far_from_a_change_is_skipped():
    words = [f"w{number}" for number in range(300)]
    old, new = " ".join(words), " ".join([*words[:150], "new", *words[150:]])
    changes = shortened(difference(old, new))
    assert [change.kind for change in changes] == ["skipped", "same", "added", "same", "skipped"]
    assert [len(split_words(changes[place].text)) for place in (1, 3)] == [KEPT, KEPT]
    assert side(changes, "added") == new


@pytest.mark.parametrize(
    ("between", "kinds"),
    [
        (KEPT, ["added", "same", "added"]),
        (3 * KEPT - 1, ["added", "same", "added"]),
        (3 * KEPT, ["added", "same", "skipped", "same", "added"]),
    ],
)
def test_a_few_words_between_changes_are_not_skipped(between, kinds):
    changes = [Change("added", "x"), Change("same", "。" * between), Change("added", "y")]
    assert [change.kind for change in shortened(changes)] == kinds


@pytest.mark.parametrize("text", ["", "one", "one " * 1_000])
def test_equal_texts_have_no_changes_to_show(text):
    assert shortened(difference(text, text)) == []


def test_too_many_changes_to_read_are_left_out_at_the_end():
    old, new = (
        "".join(f"the line {number} says {word}\n" for number in range(3_000))
        for word in ("this", "that")
    )
    shown = shortened(difference(old, new))
    assert len(shown) == SHOWN_MAX + 1
    assert shown[-1].kind == "skipped"


def test_the_page_names_additions_and_removals_in_text():
    html = render_to_string(
        "includes/difference.html",
        {"changes": shortened(difference("a <b>\n" + "x " * 200, "a <i>\n" + "x " * 200))},
    )
    # The template breaks lines inside tags, where white space is not shown.
    html = re.sub(r"\n +", " ", html).replace(" >", ">")
    assert '<del><span class="visually-hidden">removed </span>b</del>' in html
    assert '<ins><span class="visually-hidden">added </span>i</ins>' in html
    assert html.strip().startswith('<div class="difference" dir="auto">a &lt;<del>')
    assert "&gt;\nx x " in html
    assert html.rstrip().endswith('x <span class="skipped">…</span></div>')


def test_line_ends_by_themselves_are_marked():
    html = render_to_string(
        "includes/difference.html", {"changes": difference("one\ntwo", "one\n\ntwo\nthree")}
    )
    assert "</span>↵\n</ins>two" in html
    assert "</span>\nthree</ins>" in html


# Counting


@pytest.mark.parametrize(
    ("old", "new", "added", "removed"),
    [
        ("", "", 0, 0),
        ("one two", "one two", 0, 0),
        ("", "one two", 2, 0),
        ("one two", "", 0, 2),
        ("one two three", "one 2 three", 1, 1),
        ("one three", "one two three", 1, 0),
        ("one one", "one one one", 1, 0),
        ("the cat", "the cats", 1, 1),
        ("cat the", "bobcat the", 1, 1),
        ("one two three", "three two one", 0, 0),
        ("one, two", "one. two!", 0, 0),
        ("one two", "one **two**", 0, 0),
        ("I don't", "I do", 1, 1),
        ("我喜欢红茶。", "我很喜欢绿茶。", 2, 1),
    ],
)
def test_added_and_removed_words_are_counted(old, new, added, removed):
    assert count_changed_words(old, new) == (added, removed)


@pytest.mark.parametrize("text", ["word ", "漢"])
def test_counting_the_words_of_long_texts_is_quick(text):
    one = (text * LENGTH)[:LENGTH]
    with cpu_seconds_under(2):
        assert count_changed_words(one, "a" + one + "b")
