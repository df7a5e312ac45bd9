"""Front matter: values in YAML, TOML or JSON that other systems keep at the beginning of a text.

A block is front matter only if it can be nothing else, because readers don't see it. Importers and
the editor take its values over.
"""

import json
import re
import tomllib
from typing import NamedTuple

# A longer block is text. This also limits the time that a crafted one takes.
BLOCK_LIMIT = 10_000
# YAML with more brackets counts as broken, because PyYAML needs quadratic time for nested ones.
BRACKET_LIMIT = 1_000
_FENCED = re.compile(
    r"(?P<fence>---|\+\+\+)[ \t]*\n(?P<block>[^\n].*?)^(?:(?P=fence)|\.\.\.)[ \t]*(?:\n|\Z)",
    re.DOTALL | re.MULTILINE,
)
_KEY = re.compile(r"[A-Za-z_][\w.-]*\Z")
# The lines of a YAML mapping. Broken YAML is front matter if it has only such lines.
_YAML_LINE = re.compile(r"[A-Za-z_][\w.-]*:(?:\s.*)?|[ \t].*|- .*|-|#.*|")
# JSON without delimiters might be the subject of a text. It needs one of these names.
_JSON_KEYS = frozenset(("title", "date", "tags", "description", "draft", "slug", "layout"))
_NOTHING = ("", "~", "null", "[]", "{}")


class FrontMatter(NamedTuple):
    """The block, the text after it, and the values. Values that can't be read are left out."""

    block: str
    text: str
    values: dict


def split(text: str) -> FrontMatter | None:
    """Return the parts of `text`, or None if it does not begin with front matter."""
    # Browsers and other systems send CRLF.
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    begin = text[: BLOCK_LIMIT + 10]
    if begin.startswith("{"):
        return _split_json(text, begin)
    found = _FENCED.match(begin)
    if not found or len(found["block"]) > BLOCK_LIMIT:
        return None
    values = (_read_yaml if found["fence"] == "---" else _read_toml)(found["block"])
    if values is None:
        return None
    return FrontMatter(found[0], text[found.end() :], values)


def without_front_matter(text: str) -> str:
    """Return `text` with empty lines for its front matter, so that lines keep their numbers."""
    found = split(text)
    if found is None:
        return text.removeprefix("\ufeff")
    return "\n" * found.block.count("\n") + found.text


def _split_json(text: str, begin: str) -> FrontMatter | None:
    try:
        values, end = json.JSONDecoder().raw_decode(begin)
        _check(values)
    except (ValueError, RecursionError):
        return None
    line = re.compile(r"[ \t]*(?:\n|\Z)").match(text, end)
    if not line or not _JSON_KEYS & values.keys():
        return None
    return FrontMatter(text[: line.end()], text[line.end() :], values)


def _read_toml(block: str) -> dict | None:
    try:
        values = tomllib.loads(block)
        _check(values)
    except (ValueError, RecursionError):
        return None
    return values or None


def _read_yaml(block: str) -> dict | None:
    """Return the values with everything as a string, or None if the block is no mapping."""
    # Most texts have no front matter, so most workers need not import it.
    import yaml

    try:
        # Aliases could turn a small block into a large value.
        events = yaml.parse(block, yaml.BaseLoader) if "*" in block else ()
        is_large = block.count("[") + block.count("{") > BRACKET_LIMIT
        if is_large or any(isinstance(event, yaml.AliasEvent) for event in events):
            raise yaml.YAMLError
        # This loader knows only strings.
        values = yaml.load(block, yaml.BaseLoader)  # noqa: S506
        _check(values)
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError):
        lines = block.splitlines()
        is_likely = _YAML_LINE.fullmatch(lines[0]) and ":" in lines[0]
        return {} if is_likely and all(map(_YAML_LINE.fullmatch, lines)) else None
    is_mapping = isinstance(values, dict) and values
    return values if is_mapping and all(map(_is_key, values)) else None


def _check(values: object) -> None:
    """Raise ValueError or RecursionError if the values can't be stored or shown as text.

    Half of a character, a number of 5,000 digits or a value nested 1,000 times can't.
    """
    json.dumps(values, ensure_ascii=False, default=str).encode()


def _is_key(key: object) -> bool:
    return isinstance(key, str) and bool(_KEY.match(key))


# The values that posts have


class Known(NamedTuple):
    """The values for the fields of a post, as text."""

    title: str = ""
    tags: tuple[str, ...] = ()
    date: str = ""
    description: str = ""
    cover: str = ""


_NAMES = {
    "title": ("title",),
    "date": ("date", "publishDate", "published", "published_at", "pubDate", "pubDatetime"),
    "description": ("description", "summary", "excerpt"),
    "cover": ("cover", "image", "cover_image", "coverImage", "featured_image", "hero", "banner"),
}
_TAG_NAMES = ("tags", "tag", "keywords", "categories", "category")


def known(values: dict) -> tuple[Known, dict[str, str]]:
    """Return the values that a post has a field for, and the others as text by name."""
    rest = {name: value for name, value in values.items() if _text(value) not in _NOTHING}
    taken = {field: _first(rest, names) for field, names in _NAMES.items()}
    tags = _tags(rest.pop(_TAG_NAMES[0], ())) or [
        tag for name in _TAG_NAMES[1:] for tag in _tags(rest.pop(name, ()))
    ]
    return Known(**taken, tags=tuple(dict.fromkeys(tags))), {
        str(name): _text(value) for name, value in rest.items()
    }


def _first(rest: dict, names: tuple[str, ...]) -> str:
    """Return the first value with one of `names`, and remove it from `rest`."""
    for name in names:
        value = rest.get(name)
        if isinstance(value, dict):
            # A cover is often a mapping with its address.
            value = next((value[key] for key in ("image", "url", "src") if key in value), value)
        if value is not None and not isinstance(value, dict | list):
            del rest[name]
            return " ".join(_text(value).split())
    return ""


def _tags(value: object) -> list[str]:
    """Return tags of a list, or of text that separates them by commas, else by spaces."""
    if isinstance(value, list | tuple):
        return [name for each in value if (name := " ".join(_text(each).split()))]
    text = _text(value)
    return [name.strip() for name in text.split(",") if name.strip()]


def _text(value: object) -> str:
    """Return a value as text. TOML has values of other types."""
    if isinstance(value, str):
        return value.strip()
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False, default=str)
