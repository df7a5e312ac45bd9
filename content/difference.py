"""What differs between two texts, word by word.

The standard library's difflib takes cubic time for texts that repeat themselves, and a diff with a
deadline shows another difference on a busy server. So here whatever costs more than its length
spends from a fixed number of steps, and what they don't reach is shown as replaced.
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

# What the search for the shortest difference may cost, about a fifth of a second.
STEPS = 300_000
# Two words and what is between them. A longer run finds no more and costs more.
RUN_LENGTH = 3
# So much that did not change is shown around what did, in words and what is between them.
KEPT = 40
# Nobody reads more pieces, and a page of all that two long texts can be cut into takes seconds.
SHOWN_MAX = 3_000

# Less than so many characters are soon typed again.
MUCH = 200

# Scripts without spaces between words: Thai, Lao, Burmese, Khmer, Han, Kana, and Hangul, whose
# particles hang on the word. Each character is a word here.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
# What belongs to the character before it: marks, joiners, tones of skin, tags of flags. A set with
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
    """A piece of text and what became of it. What is skipped is the same and need not be shown."""

    kind: Literal["same", "added", "removed", "skipped"]
    text: str

    @property
    def shown(self) -> str:
        """The text, with marks at line ends that would not be seen by themselves."""
        return self.text.replace("\n", "↵\n") if self.text.isspace() else self.text


class Gap(NamedTuple):
    """A part of the old words and the part of the new ones that stands in its place."""

    old: int
    old_end: int
    new: int
    new_end: int

    @property
    def longest(self) -> int:
        return max(self.old_end - self.old, self.new_end - self.new)


# A word of the old text and the same one in the new text, by their places.
Pair = tuple[int, int]
# Runs of them, from the last one back: what came before it, both places, the length.
Chain = tuple["Chain", int, int, int] | None
Reached = tuple[int, Chain]


def difference(old: str, new: str) -> list[Change]:
    """Return what became of `old` on the way to `new`, in order, what was removed first.

    Same and removed joined give `old`, same and added give `new`. What changed is whole words,
    in scripts without spaces characters with their marks. Takes about a second at most for texts of
    200,000 characters; where they have little in common the result may be coarse.
    """
    old_words = split_words(old)
    new_words = split_words(new)
    gaps = _without_chaff(_find_gaps(old_words, new_words), old_words, new_words)
    return [change for change in _changes(gaps, old_words, new_words) if change.text]


def takes_away(old: str, new: str) -> bool:
    """Tell whether `new` lacks much of `old`, and most of it: all but how it begins and ends."""
    begins = _alike(old, new)
    gone = len(old) - begins - _alike(old[begins:][::-1], new[begins:][::-1])
    return gone >= MUCH and 2 * gone > len(old)


def _alike(one: str, other: str) -> int:
    """Return how many characters both begin with."""
    longest = range(min(len(one), len(other)))
    return bisect_left(longest, True, key=lambda at: one[: at + 1] != other[: at + 1])


def split_words(text: str) -> Words:
    """Return words, runs of spaces, line ends and other characters, which joined give `text`."""
    return _WORD.findall(text)


def folded(changes: list[Change]) -> list[Change]:
    """Return changes for reading: of long pieces that are the same, only what is near a change.

    Empty where nothing changed.
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
    # A few words cost less reading than the sign that they were left out.
    if end - start < KEPT:
        return [change]
    parts = (("same", words[:start]), ("skipped", words[start:end]), ("same", words[end:]))
    return [Change(kind, "".join(part)) for kind, part in parts if part]


# Finding what is the same


def _find_gaps(old: Words, new: Words) -> list[Gap]:
    """Pair words by the cheapest means first, each within the gaps that the last one left."""
    shortest = partial(_pair_shortest, budget=_Budget(STEPS))
    pairs: list[Pair] = []
    for pair in (_pair_ends, _pair_unique_runs, _pair_ends, shortest):
        # The smallest first, so that one that is beyond hope leaves steps for the others.
        for gap in sorted(_gaps(pairs, old, new), key=lambda gap: gap.longest):
            pairs += pair(old, new, gap)
        pairs.sort()
    return list(_gaps(pairs, old, new))


def _gaps(pairs: list[Pair], old: Words, new: Words) -> Iterator[Gap]:
    """What is left between pairs, which are in order."""
    old_end = new_end = 0
    for old_place, new_place in (*pairs, (len(old), len(new))):
        if (old_end, new_end) != (old_place, new_place):
            yield Gap(old_end, old_place, new_end, new_place)
        old_end = old_place + 1
        new_end = new_place + 1


def _pair_ends(old: Words, new: Words, gap: Gap) -> Iterator[Pair]:
    """Pair what is the same at the beginning and at the end."""
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
    """Pair the first words of runs that stand once on either side, in the same order."""
    places = _unique_runs(new[gap.new : gap.new_end])
    runs = _unique_runs(old[gap.old : gap.old_end])
    found = [(place, places[run]) for run, place in runs.items() if run in places]
    return [(gap.old + place, gap.new + other) for place, other in _longest_rising(found)]


def _unique_runs(words: Words) -> dict[tuple[str, ...], int]:
    """The places of runs that stand there once, in order."""
    runs = list(zip(*(words[start:] for start in range(RUN_LENGTH)), strict=False))
    counts = Counter(runs)
    return {run: place for place, run in enumerate(runs) if counts[run] == 1}


def _longest_rising(pairs: list[Pair]) -> list[Pair]:
    """As many pairs, sorted by their first place, as rise by their second place too."""
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
    """Pair as many words as can be; none where the budget does not last.

    Myers' greedy algorithm. For each diagonal (old place less new place), `reached` holds the
    furthest old place that so many edits lead to, and the runs on the way, linked backwards.
    """
    rows = gap.old_end - gap.old
    columns = gap.new_end - gap.new
    reached: dict[int, Reached] = {1: (0, None)}
    edits = 0
    while budget.steps > 0:
        # Beyond these diagonals lies nothing of the gap.
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
    """Add a removed or an added word, whichever leads further, and all equal words after it."""
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


# Making it readable


def _without_chaff(gaps: list[Gap], old: Words, new: Words) -> list[Gap]:
    """Join changes in a line that are longer than what is the same between them.

    A rewritten sentence shares some words and all its spaces with the old one, by chance.
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
