"""Footnotes in Markdown, with our own ids and within limits.

The functions are rules for markdown-it.
"""

import re

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
