"""Names that look like other names, by Unicode Technical Standard 39.

`bin/name-data` makes the data. docs/decisions/0014-names.md explains the choices.
"""

import json
import re
import unicodedata
from bisect import bisect
from functools import cache
from itertools import pairwise
from pathlib import Path

from accounts.usernames import INVISIBLE

DATA = Path(__file__).parent / "unicode" / "names.json"
# A few characters become longer. Names that agree this far look alike.
SKELETON_MAX_LENGTH = 200
# People don't remember whether a number in a name stands alone: anna1, anna_1 or anna-1.
BESIDE_DIGIT = re.compile(r"(?<=\d)[-_.]+|[-_.]+(?=\d)")
# Writing systems that mix scripts.
WRITTEN_WITH = {
    "Hani": {"Hanb", "Jpan", "Kore"},
    "Hira": {"Jpan"},
    "Kana": {"Jpan"},
    "Hang": {"Kore"},
    "Bopo": {"Hanb"},
}
EAST_ASIAN = {"Hanb", "Jpan", "Kore"}
# Characters of all scripts: common and inherited ones, such as digits and accents.
ANY = {"Zyyy", "Zinh"}
# Marks that fonts stack on letters of every script.
ACCENTS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]")
ACCENTS_MAX = 2
# Words in Tibetan and Burmese need three of their own. Four is the limit of the standard.
MARKS_MAX = 4


@cache
def lookalikes() -> dict[int, str]:
    """Return a translation from characters to the text they look like."""
    found = json.loads(DATA.read_bytes())["lookalikes"]
    return {ord(character): text for text, alike in found.items() for character in alike}


@cache
def script_ranges() -> tuple[list[int], list[frozenset[str]]]:
    """Return the first character of each range, and the scripts of each range."""
    ranges = json.loads(DATA.read_bytes())["scripts"]
    kept: dict[str, frozenset[str]] = {}
    names = [kept.setdefault(scripts, writing_systems(scripts)) for _, scripts in ranges]
    return [start for start, _ in ranges], names


def writing_systems(scripts: str) -> frozenset[str]:
    found = set(scripts.split())
    return frozenset(found.union(*(WRITTEN_WITH.get(script, ()) for script in found)))


def skeleton(name: str) -> str:
    """Return a key that names share if they look alike to a reader.

    Capital letters are compared as they look first: a capital I looks like a small l. Then their
    small forms are compared, because people don't notice a different case.
    """
    shown = unicodedata.normalize("NFKC", " ".join(visible(name).split()))
    shown = BESIDE_DIGIT.sub("", shown.removeprefix("@"))
    folded = prototype(shown).casefold()
    # Unicode has m like rn, but not w like vv.
    return prototype(folded).replace("w", "vv")[:SKELETON_MAX_LENGTH]


def visible(name: str) -> str:
    """Return the name without the characters that a font may omit."""
    return "".join(c for c in INVISIBLE.sub("", name) if unicodedata.category(c) != "Cf")


def prototype(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFD", decomposed.translate(lookalikes()))


def is_in_one_script(name: str) -> bool:
    """Return whether the letters belong to one script or to scripts that are written together.

    This is the level "highly restrictive": Latin letters may be mixed with Chinese, Japanese or
    Korean.
    """
    starts, scripts = script_ranges()
    found = {scripts[bisect(starts, ord(character)) - 1] for character in name}
    found = [systems for systems in found if systems.isdisjoint(ANY)]
    if not found or frozenset.intersection(*found):
        return True
    others = [systems for systems in found if "Latn" not in systems]
    return not EAST_ASIAN.isdisjoint(frozenset.intersection(*others))


def has_stacked_marks(name: str) -> bool:
    """Return whether a letter has more than two accents, or more than four marks in all."""
    accents = 0
    marks = 0
    for character in unicodedata.normalize("NFD", visible(name)):
        is_mark = unicodedata.category(character) in ("Mn", "Me")
        marks = marks + 1 if is_mark else 0
        accents = (accents + bool(ACCENTS.match(character))) if is_mark else 0
        if accents > ACCENTS_MAX or marks > MARKS_MAX:
            return True
    return False


def has_marked_digit(name: str) -> bool:
    """Return whether an accent stands on something other than a letter, where it hardly shows."""
    decomposed = unicodedata.normalize("NFD", name)
    pairs = pairwise(decomposed)
    return any(
        ACCENTS.match(mark) and unicodedata.category(base)[0] in "NP" for base, mark in pairs
    )
