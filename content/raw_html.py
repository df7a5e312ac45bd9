"""Raw HTML in Markdown: allowed tags pass, and everything else is shown as text.

docs/decisions/0004-markdown.md gives the reasons. The functions are rules for markdown-it. They
turn raw HTML into the tokens that Markdown itself would give, so that all later rules treat both
alike. Data about one document is kept in its tokens.
"""

import re
from collections.abc import Iterator
from html import unescape
from itertools import groupby

from markdown_it.rules_block import html_block
from markdown_it.token import Token

from content.raw_tags import (
    COMMENT,
    RAW_BLOCKS,
    RAW_DEPTH,
    RAW_INLINES,
    RAW_PARENTS,
    RAW_TAG,
    VERBATIM,
    tag_tokens,
)

# Stands for <!--more--> in the HTML before it is cleaned. No text contains this character.
MORE = "\ufdd0"
_IS_MORE = re.compile(r"<!--\s*more\b", re.IGNORECASE)
_CODE = frozenset(("code", "kbd", "pre", "samp"))
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
# The names of tokens that are not the name of their tag.
_TYPES = {
    "a": "link",
    "li": "list_item",
    "ol": "ordered_list",
    "p": "paragraph",
    "ul": "bullet_list",
    **dict.fromkeys(_HEADINGS, "heading"),
}


def read_html_block(state, start_line: int, end_line: int, silent: bool) -> bool:
    """Block rule: let a comment inside a block go on after an empty line, as in browsers."""
    if not html_block(state, start_line, end_line, silent):
        return False
    if not silent and _is_comment_open(state.tokens[-1].content):
        _read_to_end_of_comment(state, end_line)
    return True


def _is_comment_open(content: str) -> bool:
    return content.rfind("<!--") > content.rfind("-->")


def _read_to_end_of_comment(state, end_line: int) -> None:
    # One search without result is enough. A search for each comment would be quadratic.
    if state.env.get("has_open_comment"):
        return
    for line in range(state.line, end_line):
        if "-->" in state.src[state.bMarks[line] : state.eMarks[line]]:
            token = state.tokens[-1]
            state.line = token.map[1] = line + 1
            token.content = state.getLines(token.map[0], line + 1, state.blkIndent, True)
            return
    state.env["has_open_comment"] = True


def read_raw_html(state) -> None:
    """Core rule: replace raw HTML by tokens of tags, images and text.

    Tags are paired within one block. So raw HTML can neither close an element of the page nor
    leave one open.
    """
    if not any(token.type == "html_block" or _has_html(token) for token in state.tokens):
        return
    pieces = [_with_pieces(token, state.md) for token in state.tokens]
    _pair_all(pieces)
    _place_all(pieces)
    state.tokens = list(_as_blocks(pieces))
    _finish(state.tokens)


def _has_html(token: Token) -> bool:
    return any(each.type == "html_inline" for each in token.children or ())


def _with_pieces(token: Token, parser) -> Token:
    """Replace the raw HTML of a block by its pieces, which become its children."""
    if token.type == "html_block":
        token.children = list(_pieces(token, parser, RAW_BLOCKS | RAW_INLINES))
    elif token.type == "inline":
        token.children = list(_inline_pieces(token.children, parser))
    return token


def _inline_pieces(tokens: list[Token], parser) -> Iterator[Token]:
    for token in tokens:
        if token.type == "html_inline":
            yield from _pieces(token, parser, RAW_INLINES)
        else:
            yield token


def _pieces(token: Token, parser, allowed: frozenset[str]) -> Iterator[Token]:
    """Yield the tags, images and texts of raw HTML, without its comments."""
    source = token.content
    if VERBATIM.match(source):
        yield _special(source, token.level)
        return
    is_block = token.type == "html_block"
    # After the last "-->", no comment ends, and each search for the end of one would be in vain.
    last = source.rfind("-->")
    end = 0
    for found in RAW_TAG.finditer(source) if last < 0 else _tags_and_comments(source, last):
        if found.start() > end:
            yield _text(source[end : found.start()], token.level, is_block)
        if found[0].startswith("<!--"):
            yield from _comment(found[0])
        else:
            yield from tag_tokens(found, parser, allowed, token.level)
        end = found.end()
    if end < len(source):
        yield _text(source[end:], token.level, is_block)


def _tags_and_comments(source: str, last: int) -> Iterator[re.Match]:
    end = 0
    for found in COMMENT.finditer(source, 0, last + 3):
        yield from RAW_TAG.finditer(source, end, found.start())
        yield found
        end = found.end()
    yield from RAW_TAG.finditer(source, end)


def _comment(source: str) -> Iterator[Token]:
    if _IS_MORE.match(source):
        yield Token("more", "", 0)


def _text(source: str, level: int, is_html: bool) -> Token:
    """Return text between tags, which has entities as in HTML, or an inline tag that is text."""
    return (
        Token("text", "", 0, content=unescape(source), level=level)
        if is_html
        else _special(source, level)
    )


def _special(source: str, level: int) -> Token:
    """Return text that later rules leave as it is typed."""
    return Token("text_special", "", 0, content=source, level=level)


# Pairs


def _walk(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        if token.type in ("inline", "html_block"):
            yield from token.children


def _pair_all(tokens: list[Token]) -> None:
    """Pair the tags within one block, so that all pairs are well nested."""
    frames: list[list[Token]] = [[]]
    for token in _walk(tokens):
        if token.nesting == 1:
            frames.append([])
        elif token.nesting == -1:
            frames.pop()
        elif token.type == "html_block":
            frames[-1][:] = [tag for tag in frames[-1] if tag.meta["opens"] in RAW_BLOCKS]
        elif "closes" in token.meta:
            _close(token, frames[-1])
        elif "opens" in token.meta and sum(map(len, frames)) < RAW_DEPTH:
            frames[-1].append(token)


def _close(closing: Token, opened: list[Token]) -> None:
    for index in reversed(range(len(opened))):
        if opened[index].meta["opens"] == closing.meta["closes"]:
            _join(opened[index], closing)
            del opened[index:]
            return


def _join(opening: Token, closing: Token) -> None:
    opening.nesting = 1
    closing.nesting = -1
    opening.attrs = opening.meta["attrs"]
    opening.meta["partner"] = closing
    for token in (opening, closing):
        token.content = ""
    _rename(opening, opening.meta["name"])
    if opening.meta.get("is_empty"):
        _hide(opening)


def _rename(opening: Token, name: str) -> None:
    """Give both tags of a pair the name of an element and the type that Markdown would use."""
    kind = _TYPES.get(name, name)
    opening.tag = opening.meta["partner"].tag = name
    opening.type = f"{kind}_open"
    opening.meta["partner"].type = f"{kind}_close"


def _hide(opening: Token) -> None:
    for token, kind in ((opening, "raw_open"), (opening.meta["partner"], "raw_close")):
        token.hidden = True
        token.type = kind


# Places


def _place_all(tokens: list[Token]) -> None:
    """Hide tags in places where a browser would drop them or close other elements for them."""
    opened: list[Token] = []
    for token in _walk(tokens):
        if token.nesting == 1:
            _place(token, opened)
            opened.append(token)
        elif token.nesting == -1:
            opened.pop()
        elif token.type == "text" and any(each.tag in _CODE for each in opened):
            token.type = "text_special"
        elif token.block and token.type not in ("inline", "html_block"):
            _mark_around(opened)


def _place(token: Token, opened: list[Token]) -> None:
    parent = opened[-1] if opened else None
    if "opens" in token.meta:
        if not _is_allowed(token, parent, opened):
            _hide(token)
        if token.tag in RAW_BLOCKS and token.tag not in RAW_INLINES:
            _mark_around(opened)
    elif token.block:
        _mark_around(opened)
    if parent:
        parent.meta["is_begun"] = True


def _is_allowed(token: Token, parent: Token | None, opened: list[Token]) -> bool:
    if token.tag == "a":
        return not token.hidden and all(each.tag != "a" for each in opened)
    if token.tag == "caption" and parent and parent.meta.get("is_begun"):
        return False
    parents = RAW_PARENTS.get(token.tag)
    return not parents or bool(parent and parent.tag in parents and not parent.hidden)


def _mark_around(opened: list[Token]) -> None:
    """Note that the innermost raw elements contain a block, which a paragraph can't."""
    for token in reversed(opened):
        if "opens" not in token.meta:
            return
        token.meta["has_block"] = token.meta["partner"].meta["has_block"] = True
        if token.tag == "p" or token.tag in _HEADINGS:
            _rename(token, "div")


# Blocks


def _as_blocks(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        if token.type == "html_block":
            first, *others = _blocks(token.children)
            first.map = token.map
            yield from (first, *others)
        else:
            yield token


def _blocks(pieces: list[Token]) -> Iterator[Token]:
    """Yield the pieces of a block of raw HTML: its tags, and the lines between them.

    Without tags of blocks, the whole is a paragraph, like other text.
    """
    if not any(map(_is_block, pieces)):
        yield from _paragraph(pieces)
        return
    for is_block, group in groupby(pieces, _is_block):
        if is_block:
            yield from group
        else:
            yield _inline(list(group))


def _paragraph(pieces: list[Token]) -> Iterator[Token]:
    if any(map(_is_shown, pieces)):
        for at, strip in ((0, str.lstrip), (-1, str.rstrip)):
            pieces[at].content = strip(pieces[at].content)
    yield Token("paragraph_open", "p", 1, block=True)
    yield _inline(pieces)
    yield Token("paragraph_close", "p", -1, block=True)


def _is_block(token: Token) -> bool:
    if token.nesting:
        return not token.hidden and (token.tag in RAW_BLOCKS or "has_block" in token.meta)
    return token.type == "raw" and token.tag == "hr"


def _is_shown(token: Token) -> bool:
    if token.type in ("text", "text_special"):
        return bool(token.content.strip(" \t\n"))
    return not token.hidden and token.type not in ("anchor", "more", "softbreak")


def _inline(tokens: list[Token]) -> Token:
    content = "".join(token.content for token in tokens)
    return Token("inline", "", 0, children=tokens, content=content, block=True)


def _finish(tokens: list[Token]) -> None:
    """Hide paragraphs in which nothing is shown. Leave headings that contain more than a line."""
    for opening, inline, closing in zip(*(tokens[n:] for n in range(3)), strict=False):
        if opening.type == "paragraph_open" and inline.type == "inline":
            has_nothing = not any(map(_is_shown, inline.children))
            opening.hidden = closing.hidden = opening.hidden or has_nothing
        elif opening.type == "heading_open" and opening.meta.get("partner", closing) is not closing:
            _rename(opening, "div")
