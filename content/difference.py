"""The difference between two texts, word by word.

The standard library's difflib takes cubic time for repetitive texts, and diff-match-patch takes 40
seconds for 200,000 characters that repeat one word. A diff with a deadline would show a different
result on a busy server. So every search here that takes more than linear time
spends steps from a fixed budget. When the budget is spent, the rest is shown as replaced.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from typing import Literal, NamedTuple
from unicodedata import category

# The budget, in steps, of the search for the shortest difference: about a fifth of a second.
STEPS = 300_000
# Two words and the space between them. Longer runs cost more and don't find more.
RUN_LENGTH = 3
# How much unchanged text is shown around a change, counting words and spaces.
KEPT = 40
# No one reads more changes, and a page with all changes of two long texts takes seconds.
SHOWN_MAX = 3_000

# A loss of fewer characters than this is quickly typed again.
MIN_REMOVED = 200

# Scripts without spaces between words: Thai, Lao, Burmese, Khmer, Han, Kana; and Hangul, which
# attaches particles to words. Each of their characters counts as a word.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
# Characters that attach to the previous one: marks, joiners, skin tones, flag tags. A set with
# hundreds of characters beyond U+FFFF would be searched one by one.
_MARKS = "".join(chr(sign) for sign in range(0x300, 0x10000) if category(chr(sign))[0] == "M")
_SIGNS = rf"[{_MARKS}\u200c\u200d\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]"
_LETTER = rf"[^\W{_UNSPACED}]"
_WORD = re.compile(
    rf"{_LETTER}+(?:{_SIGNS}+{_LETTER}*|['’]{_LETTER}+)*"
    rf"|[^\S\n]+"
    rf"|[\U0001f1e6-\U0001f1ff]{{2}}"
    rf"|.(?:{_SIGNS}+(?:(?<=\u200d)[^\w\s])?)*",
    re.DOTALL,
)

Words = list[str]


@dataclass(frozen=True, slots=True)
class Change:
    """A part of a text and its kind. Skipped parts are unchanged and need not be shown."""

    kind: Literal["same", "added", "removed", "skipped"]
    text: str

    @property
    def shown(self) -> str:
        """The text, with marks at line ends that would otherwise be invisible."""
        return self.text.replace("\n", "↵\n") if self.text.isspace() else self.text


class Gap(NamedTuple):
    """A range of words in the old text and the range that replaces it in the new text."""

    old: int
    old_end: int
    new: int
    new_end: int

    @property
    def longest(self) -> int:
        return max(self.old_end - self.old, self.new_end - self.new)


# The positions of one word, in the old text and in the new text.
Pair = tuple[int, int]
# Linked list of paired runs, the last one first: earlier runs, both positions, length.
Chain = tuple["Chain", int, int, int] | None
Reached = tuple[int, Chain]


def difference(old: str, new: str) -> list[Change]:
    """Return the changes from `old` to `new`, in order, removed text before added text.

    The same and removed parts form `old`; the same and added parts form `new`. Changes are whole
    words; in scripts without spaces, characters with their marks. Takes at most about a second for
    texts of 200,000 characters. If they have little in common, the result may be coarse.
    """
    old_words = split_words(old)
    new_words = split_words(new)
    gaps = _without_chaff(_find_gaps(old_words, new_words), old_words, new_words)
    return [change for change in _changes(gaps, old_words, new_words) if change.text]


def removes_most(old: str, new: str) -> bool:
    """Return whether `new` lacks more than half of `old`, and at least MIN_REMOVED characters.

    Only a common beginning and a common end count as kept.
    """
    begins = _alike(old, new)
    gone = len(old) - begins - _alike(old[begins:][::-1], new[begins:][::-1])
    return gone >= MIN_REMOVED and 2 * gone > len(old)


def count_changed_words(old: str, new: str) -> tuple[int, int]:
    """Return how many words `new` has that `old` lacks, and the reverse. A moved word is neither.

    This takes linear time, a tenth of a second for a million characters.
    """
    start = _before_word(old, _alike(old, new))
    end = _alike(old[start:][::-1], new[start:][::-1])
    end = _before_word(old[::-1], end) if end else 0
    removed = Counter(_words_of(old[start : len(old) - end]))
    added = Counter(_words_of(new[start : len(new) - end]))
    return (added - removed).total(), (removed - added).total()


def _before_word(text: str, end: int) -> int:
    """Return the last place up to `end` after which a word can start."""
    while end and not text[end - 1].isspace():
        end -= 1
    return end


def _words_of(text: str) -> Iterator[str]:
    return (word for word in split_words(text) if word[0].isalnum())


def _alike(one: str, other: str) -> int:
    """Return the length of the common beginning."""
    longest = range(min(len(one), len(other)))
    return bisect_left(longest, True, key=lambda at: one[: at + 1] != other[: at + 1])


def split_words(text: str) -> Words:
    """Split `text`, losing nothing, into words, runs of spaces, line ends and other characters."""
    return _WORD.findall(text)


def shortened(changes: list[Change]) -> list[Change]:
    """Return the changes to show: long unchanged parts are cut to the text near a change.

    The list is empty if nothing changed.
    """
    if all(change.kind == "same" for change in changes):
        return []
    last = len(changes) - 1
    rest = changes[SHOWN_MAX:]
    shown = [
        part
        for place, change in enumerate(changes[:SHOWN_MAX])
        for part in _fold(change, head=place > 0, tail=place < last)
    ]
    return [*shown, Change("skipped", "".join(change.text for change in rest))] if rest else shown


def _fold(change: Change, *, head: bool, tail: bool) -> list[Change]:
    words = split_words(change.text) if change.kind == "same" else []
    start = KEPT * head
    end = len(words) - KEPT * tail
    # So little text is quicker to read than the sign for skipped text.
    if end - start < KEPT:
        return [change]
    parts = (("same", words[:start]), ("skipped", words[start:end]), ("same", words[end:]))
    return [Change(kind, "".join(part)) for kind, part in parts if part]


# Finding unchanged words


def _find_gaps(old: Words, new: Words) -> list[Gap]:
    """Pair words by the cheapest method first; each method searches the gaps that remain."""
    shortest = partial(_pair_shortest, budget=_Budget(STEPS))
    pairs: list[Pair] = []
    for pair in (_pair_ends, _pair_unique_runs, _pair_ends, shortest):
        # Search the smallest gap first, so that steps remain for the others if one gap uses up the
        # budget.
        for gap in sorted(_gaps(pairs, old, new), key=lambda gap: gap.longest):
            pairs += pair(old, new, gap)
        pairs.sort()
    return list(_gaps(pairs, old, new))


def _gaps(pairs: list[Pair], old: Words, new: Words) -> Iterator[Gap]:
    """Yield the gaps between pairs, which are in order."""
    old_end = new_end = 0
    for old_place, new_place in (*pairs, (len(old), len(new))):
        if (old_end, new_end) != (old_place, new_place):
            yield Gap(old_end, old_place, new_end, new_place)
        old_end = old_place + 1
        new_end = new_place + 1


def _pair_ends(old: Words, new: Words, gap: Gap) -> Iterator[Pair]:
    """Pair equal words at the beginning and at the end."""
    start, end, new_start, new_end = gap
    while start < end and new_start < new_end and old[start] == new[new_start]:
        yield start, new_start
        start += 1
        new_start += 1
    while start < end and new_start < new_end and old[end - 1] == new[new_end - 1]:
        end -= 1
        new_end -= 1
        yield end, new_end


def _pair_unique_runs(old: Words, new: Words, gap: Gap) -> list[Pair]:
    """Pair the first words of runs that occur once in each text, in the same order."""
    places = _unique_runs(new[gap.new : gap.new_end])
    runs = _unique_runs(old[gap.old : gap.old_end])
    found = [(place, places[run]) for run, place in runs.items() if run in places]
    return [(gap.old + place, gap.new + other) for place, other in _longest_rising(found)]


def _unique_runs(words: Words) -> dict[tuple[str, ...], int]:
    """Return the positions of runs that occur only once, in order."""
    runs = list(zip(*(words[start:] for start in range(RUN_LENGTH)), strict=False))
    counts = Counter(runs)
    return {run: place for place, run in enumerate(runs) if counts[run] == 1}


def _longest_rising(pairs: list[Pair]) -> list[Pair]:
    """Return as many of the ordered `pairs` as possible whose positions rise in both texts."""
    lowest = []
    indexes = []
    before = []
    for index, (_, place) in enumerate(pairs):
        at = bisect_left(lowest, place)
        before.append(indexes[at - 1] if at else None)
        lowest[at : at + 1] = [place]
        indexes[at : at + 1] = [index]
    rising = []
    index = indexes[-1] if indexes else None
    while index is not None:
        rising.append(pairs[index])
        index = before[index]
    return rising[::-1]


@dataclass
class _Budget:
    steps: int


def _pair_shortest(old: Words, new: Words, gap: Gap, *, budget: _Budget) -> list[Pair]:
    """Pair as many words as possible; none if the budget runs out.

    Myers' greedy algorithm. For each diagonal (old position minus new position), `reached` has the
    furthest old position for this many edits, and the runs on the way, linked backward.
    """
    rows = gap.old_end - gap.old
    columns = gap.new_end - gap.new
    reached: dict[int, Reached] = {1: (0, None)}
    edits = 0
    while budget.steps > 0:
        # Diagonals outside this range don't cross the gap.
        lowest = 2 * max(0, edits - columns) - edits
        highest = edits - 2 * max(0, edits - rows)
        for diagonal in range(lowest, highest + 1, 2):
            row, chain = reached[diagonal] = _step(reached, diagonal, (old, new), gap, budget)
            if row >= rows and row - diagonal >= columns:
                return list(_pairs(chain))
        edits += 1
    return []


def _step(
    reached: dict[int, Reached],
    diagonal: int,
    texts: tuple[Words, Words],
    gap: Gap,
    budget: _Budget,
) -> Reached:
    """Skip the removed or added word that leads further, and all equal words after it."""
    old, new = texts
    row, chain = reached.get(diagonal + 1, (-1, None))
    removed, other = reached.get(diagonal - 1, (-2, None))
    if removed + 1 > row:
        row = removed + 1
        chain = other
    start = gap.old + row
    new_start = gap.new + row - diagonal
    limit = min(gap.old_end - start, gap.new_end - new_start, budget.steps)
    run = 0
    while run < limit and old[start + run] == new[new_start + run]:
        run += 1
    budget.steps -= run + 1
    return row + run, (chain, start, new_start, run) if run else chain


def _pairs(chain: Chain) -> Iterator[Pair]:
    while chain:
        chain, old, new, run = chain
        yield from ((old + word, new + word) for word in range(run))


# Making the result readable


def _without_chaff(gaps: list[Gap], old: Words, new: Words) -> list[Gap]:
    """Join changes in one line that are longer than the unchanged text between them.

    A rewritten sentence shares some words and all its spaces with the old one by chance.
    """
    old_at, new_at = ([0, *accumulate(map(len, words))] for words in (old, new))
    joined: list[Gap] = []
    for gap in gaps:
        if joined and "\n" not in old[joined[-1].old_end : gap.old]:
            between = old_at[gap.old] - old_at[joined[-1].old_end]
            lengths = (
                max(
                    old_at[part.old_end] - old_at[part.old], new_at[part.new_end] - new_at[part.new]
                )
                for part in (joined[-1], gap)
            )
            if between <= min(lengths):
                gap = Gap(joined[-1].old, gap.old_end, joined.pop().new, gap.new_end)
        joined.append(gap)
    return joined


def _changes(gaps: list[Gap], old: Words, new: Words) -> Iterator[Change]:
    end = 0
    for gap in gaps:
        yield Change("same", "".join(old[end : gap.old]))
        yield Change("removed", "".join(old[gap.old : gap.old_end]))
        yield Change("added", "".join(new[gap.new : gap.new_end]))
        end = gap.old_end
    yield Change("same", "".join(old[end:]))
