"""Footnotes in Markdown, with our own ids and within limits.

The functions are rules for markdown-it.
"""

import re
from collections.abc import Iterator

from markdown_it.token import Token
from mdit_py_plugins.footnote.index import footnote_def, footnote_ref

_FOOTNOTE_NAME = re.compile(r"\[\^[^\s\[\]]{1,100}\]")


def _footnote(token: Token) -> tuple[int, str]:
    """Return the number of a note and the name of one reference to it."""
    number = token.meta["id"] + 1
    again = token.meta["subId"]
    return number, f"{number}-{again + 1}" if again else str(number)


def _render_footnote_ref(self, tokens, index, options, env) -> str:
    number, name = _footnote(tokens[index])
    return f'<sup><a href="#fn-{number}" id="fnref-{name}">[{number}]</a></sup>'


def _render_footnote_back(self, tokens, index, options, env) -> str:
    name = _footnote(tokens[index])[1]
    # The last character keeps phones from showing the arrow as an emoji.
    return f' <a href="#fnref-{name}" aria-label="Back to the text">\u21a9\ufe0e</a>'


def _render_footnote_open(self, tokens, index, options, env) -> str:
    return f'<li id="fn-{tokens[index].meta["id"] + 1}">'


def _render_footnotes_open(self, tokens, index, options, env) -> str:
    return '<section class="footnotes" aria-label="Footnotes">\n<ol>\n'


def read_note(state, start_line: int, end_line: int, silent: bool) -> bool:
    """Block rule: show notes within notes as text, because the plugin would split the outer one."""
    if silent:
        return footnote_def(state, start_line, end_line, silent)
    if state.env.get("is_in_footnote"):
        return False
    state.env["is_in_footnote"] = True
    is_footnote = footnote_def(state, start_line, end_line, silent)
    state.env["is_in_footnote"] = False
    return is_footnote


def show_unused_notes(state) -> None:
    """Core rule: show notes that the text does not refer to, because the plugin would drop them."""
    refs = state.env.get("footnotes", {}).get("refs", {})
    reached = {name for name, number in refs.items() if number >= 0}
    state.tokens = list(_with_unused(state.tokens, reached))


def _with_unused(tokens: list[Token], reached: set[str]) -> Iterator[Token]:
    is_unused = False
    for index, token in enumerate(tokens):
        if token.type == "footnote_reference_open":
            name = f":{token.meta['label']}"
            is_unused = name not in reached
            # A second note with the same name can't be reached.
            reached.discard(name)
            if is_unused:
                yield from _typed_name(token, tokens[index + 1 : index + 3])
        if not is_unused or not token.type.startswith("footnote_reference"):
            yield token


def _typed_name(note: Token, following: list[Token]) -> Iterator[Token]:
    """Put the name of a note before its text, or in a paragraph above another block."""
    text = Token("text", "", 0, content=f"[^{note.meta['label']}]: ")
    if following[0].type == "paragraph_open":
        following[1].children.insert(0, text)
        return
    yield Token("paragraph_open", "p", 1, block=True, map=note.map)
    yield Token("inline", "", 0, children=[text], block=True)
    yield Token("paragraph_close", "p", -1, block=True)


def read_mark(state, silent: bool) -> bool:
    # At each opening bracket, the plugin searches the rest of the paragraph for the closing one.
    is_name = _FOOTNOTE_NAME.match(state.src, state.pos, state.posMax)
    return bool(is_name) and footnote_ref(state, silent)


RENDERERS = {
    "footnote_anchor": _render_footnote_back,
    "footnote_block_open": _render_footnotes_open,
    "footnote_open": _render_footnote_open,
    "footnote_ref": _render_footnote_ref,
}
