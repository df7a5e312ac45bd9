"""Sample posts and their authors for `manage.py seed_demo`.

Post N and person N are the same on every run and every machine, so that screenshots of sample blogs
can be compared. All random numbers come from `Random.random()`, because that is the only method
whose sequence Python guarantees for a given seed.
"""

import tomllib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

FOLDER = Path(__file__).parent
TITLE_LIMIT = 200

# A prime that divides no possible number of name pairs. Steps of this size reach each pair once
# before any repeats, and members who join one after the other do not share a name.
NAME_STRIDE = 8191

Topic = dict[str, Any]
Fragments = dict[str, str]


@dataclass(frozen=True, slots=True)
class DemoText:
    """One post: `passages` of Markdown, and the `author`'s username, or None for any author.

    A passage doesn't depend on the others, so each can be rendered separately.
    """

    title: str
    passages: tuple[str, ...]
    tags: tuple[str, ...]
    author: str | None
    language: str = ""

    @property
    def body(self) -> str:
        return "\n\n".join(self.passages)


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """One member: a unique `username`, the `name` to show, and a Markdown `bio`."""

    username: str
    name: str
    bio: str


def demo_post(number: int) -> DemoText:
    """Return the post with this number, from 0: first hand-written articles, then composed ones.

    The title has 1 to 200 characters, and the body is never empty. The same number always gives the
    same post, and only the text fragments are kept between calls.
    """
    articles = _articles()
    if number < len(articles):
        return articles[number]
    return _compose_post(Random(number))  # noqa: S311  sample text, no secret


def demo_person(number: int) -> DemoPerson:
    """Return the member with this number, from 0: first the authors of hand-written articles.

    The same number always gives the same person. No two numbers share a username, not even after
    NFKC and casefolding.
    """
    people = _people()
    if number < len(people):
        return people[number]
    return _compose_person(number - len(people))


# ---- reading the files once ---------------------------------------------------------------------


@cache
def _articles() -> tuple[DemoText, ...]:
    """Return the hand-written posts in the order of their file names."""
    files = sorted((FOLDER / "articles").glob("*.md"))
    return tuple(_read_article(file.read_text(encoding="utf-8")) for file in files)


def _read_article(text: str) -> DemoText:
    """Parse lines such as `title:` and `tags:`, a blank line and a Markdown body."""
    front, body = text.split("\n\n", 1)
    fields = dict(line.split(": ", 1) for line in front.splitlines())
    tags = tuple(tag.strip() for tag in fields["tags"].split(","))
    language = fields.get("language", "")
    return DemoText(fields["title"], (body.strip(),), tags, fields["author"], language)


@cache
def _fragments() -> dict[str, Any]:
    """Return the fragments from which posts are composed."""
    return tomllib.loads((FOLDER / "fragments.toml").read_text(encoding="utf-8"))


@cache
def _members() -> dict[str, Any]:
    """Return the hand-written people, and the lists from which more people are composed."""
    return tomllib.loads((FOLDER / "people.toml").read_text(encoding="utf-8"))


@cache
def _people() -> tuple[DemoPerson, ...]:
    """Return the hand-written people in the order of the file."""
    return tuple(DemoPerson(**person) for person in _members()["people"])


@cache
def comment_texts() -> tuple[list[str], list[str]]:
    """Return comments and replies by authors. Each one fits any post."""
    texts = tomllib.loads((FOLDER / "comments.toml").read_text(encoding="utf-8"))
    return texts["comments"], texts["replies"]


# ---- composing a post ---------------------------------------------------------------------------


def _compose_post(rng: Random) -> DemoText:
    """Return a post on one topic, composed from that topic's fragments."""
    topic = _pick(rng, _fragments()["topics"])
    words = _draw_words(rng, topic)
    title = _draw_title(rng, topic).format_map(words)
    tags = _some(rng, topic["tags"], 1 + _below(rng, len(topic["tags"])))
    passages = tuple(_write_passages(rng, topic, words))
    return DemoText(title[:TITLE_LIMIT], passages, tuple(tags), None)


def _draw_title(rng: Random, topic: Topic) -> str:
    """Return a title with its placeholders, sometimes with an ending if it allows one."""
    title = _pick(rng, topic["titles"])
    can_go_on = not any(mark in title for mark in (",", ":", "{day}", "{month}", "{years}"))
    if can_go_on and rng.random() < 0.7:
        title += _pick(rng, _fragments()["title_endings"])
    return title


def _draw_words(rng: Random, topic: Topic) -> Fragments:
    """Return one word for each placeholder, and the same word capitalized for `{Word}`."""
    words: Fragments = {}
    for lists in (_fragments()["words"], topic["words"]):
        for name, choices in lists.items():
            word = _pick(rng, choices)
            words[name] = word
            words[name.capitalize()] = word[:1].upper() + word[1:]
    return words


def _write_passages(rng: Random, topic: Topic, words: Fragments) -> list[str]:
    """Return the body as passages: paragraphs, each with its heading or extra if it has one."""
    if rng.random() < 0.12:
        return _write_note(rng, topic, words)
    passages = _write_prose(rng, topic, words)
    _add_extras(rng, topic, words, passages)
    if len(passages) > 4 and rng.random() < 0.6:
        _add_headings(rng, topic, passages)
    return passages


def _write_note(rng: Random, topic: Topic, words: Fragments) -> list[str]:
    """Return a very short post of one or two paragraphs, because real blogs have those too."""
    pieces = [_pick(rng, topic["openings"])]
    pieces += _some(rng, topic["paragraphs"], _below(rng, 2))
    return [piece.format_map(words) for piece in pieces]


def _write_prose(rng: Random, topic: Topic, words: Fragments) -> list[str]:
    """Return three to twelve different paragraphs, more often few than many."""
    count = 1 + int(10 * rng.random() ** 1.6)
    pieces = [_pick(rng, topic["openings"])]
    pieces += _some(rng, topic["paragraphs"], count)
    pieces.append(_pick(rng, topic["closings"]))
    return [piece.format_map(words) for piece in pieces]


def _add_extras(rng: Random, topic: Topic, words: Fragments, passages: list[str]) -> None:
    """Sometimes add a list, a quote or a code block to a passage, each at most once."""
    extras = []
    if rng.random() < 0.4:
        extras.append(_write_list(rng, topic).format_map(words))
    if rng.random() < 0.4:
        extras.append("> " + _pick(rng, topic["quotes"]).format_map(words))
    if topic.get("codes") and rng.random() < 0.6:
        extras.append(_write_code(_pick(rng, topic["codes"])))
    for extra in extras:
        # Never after the last paragraph, which is written as a farewell.
        place = _below(rng, len(passages) - 1)
        passages[place] += "\n\n" + extra


def _write_list(rng: Random, topic: Topic) -> str:
    """Return an introductory line and three to six items, which are sometimes numbered."""
    items = _some(rng, topic["list_items"], 3 + _below(rng, 4))
    numbered = rng.random() < 0.25
    marks = [f"{place}." if numbered else "-" for place in range(1, len(items) + 1)]
    lines = [f"{mark} {item}" for mark, item in zip(marks, items, strict=True)]
    return _pick(rng, topic["list_leads"]) + "\n\n" + "\n".join(lines)


def _write_code(code: dict[str, str]) -> str:
    """Return an introductory line and a fenced block. Braces in the code are not placeholders."""
    return f"{code['lead']}\n\n```{code['language']}\n{code['snippet'].strip()}\n```"


def _add_headings(rng: Random, topic: Topic, passages: list[str]) -> None:
    """Add a heading to every second or third passage, except for the first and the last."""
    places = range(1 + _below(rng, 2), len(passages) - 1, 2 + _below(rng, 2))
    headings = topic["headings"]
    # Consecutive headings, because a topic lists them in the order of a day.
    first = _below(rng, len(headings) - len(places) + 1)
    for place, heading in zip(places, headings[first:], strict=False):
        passages[place] = f"## {heading}\n\n{passages[place]}"


# ---- composing a person -------------------------------------------------------------------------


def _compose_person(place: int) -> DemoPerson:
    """Return the composed member with this number. The username is the name, numbered if taken."""
    crowd = _members()["crowd"]
    lap, place_in_lap = divmod(place, len(crowd["given"]) * len(crowd["family"]))
    given, family = _name_pair(place_in_lap)
    username = _plain_letters(f"{given}.{family}") + (str(lap + 1) if lap else "")
    rng = Random(place)  # noqa: S311  sample text, no secret
    bio = f"{_pick(rng, crowd['callings'])}. {_pick(rng, crowd['habits'])}"
    return DemoPerson(username, f"{given} {family}", bio)


def _name_pair(place: int) -> tuple[str, str]:
    """Return a given and a family name. Each pair appears once while `place` runs through all."""
    crowd = _members()["crowd"]
    given = crowd["given"]
    family = crowd["family"]
    row, column = divmod(place * NAME_STRIDE % (len(given) * len(family)), len(family))
    return given[row], family[column]


def _plain_letters(name: str) -> str:
    """Return the name in lowercase without accents."""
    letters = unicodedata.normalize("NFKD", name.lower())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


# ---- random choices -----------------------------------------------------------------------------


def _below(rng: Random, limit: int) -> int:
    """Return a random whole number from 0 up to, but not including, `limit`."""
    return int(rng.random() * limit)


def _pick(rng: Random, choices: Sequence[Any]) -> Any:
    """Return one random choice."""
    return choices[_below(rng, len(choices))]


def _some(rng: Random, choices: Sequence[str], count: int) -> list[str]:
    """Return `count` different choices in random order, or all if there are fewer."""
    return sorted(choices, key=lambda _: rng.random())[:count]
