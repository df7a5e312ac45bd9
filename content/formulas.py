r"""Formulas in Markdown: $…$, $$…$$, \(…\) and \[…\] become MathML, and never lose their source.

docs/decisions/0004-markdown.md gives the reasons. The functions are rules for markdown-it. Counts
for one document are kept in its `env`.
"""

import re
from html import unescape
from xml.etree.ElementTree import Element, tostring

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml

from content.raw_tags import name_set

# A longer formula is shown as typed, and so are all formulas after this many characters of a
# document. latex2mathml takes 10 µs a character.
FORMULA_LIMIT = 2_000
DOCUMENT_LIMIT = 50_000
# A formula costs as much as this many characters more.
ELEMENT = 10
# Elements nested deeper could exceed Python's or a browser's stack.
DEPTH_LIMIT = 40
# Each line that opens no formula costs a search of up to FORMULA_LIMIT characters.
FAILURE_LIMIT = 1_000

TAGS = name_set(
    """math menclose mfrac mi mn mo mover mpadded mphantom mroot mrow mspace msqrt mstyle msub
    msubsup msup mtable mtd mtext mtr munder munderover"""
)
# Neither colors nor styles, links or classes, which LaTeX can set too.
_NAMES = name_set(
    """accent accentunder columnalign columnlines columnspacing depth displaystyle fence height
    largeop linethickness lspace maxsize minsize movablelimits notation rowlines rowspacing rspace
    scriptlevel separator stretchy symmetric voffset width"""
)
ATTRIBUTES = {tag: set(_NAMES) for tag in TAGS} | {"math": {"alttext", "display"}}
# A formula can't be wider or taller than the page by much.
_LENGTH = re.compile(r"[+-]?\d?(?:\.\d{1,4})?(?:em|ex|pt|px|mu)?")
_LENGTHS = frozenset(("depth", "height", "lspace", "rspace", "voffset", "width"))

_INSIDE = r"(?:[^$\\]|\\.)++"
_INLINE = re.compile(
    # As in pandoc: no space inside, and no digit after. So "$5 and $6" is text.
    rf"\$\$(?P<display>{_INSIDE})\$\$"
    rf"|\$(?![\s$])(?P<inline>{_INSIDE})(?<!\s)\$(?![\d$])(?![A-Za-z]{{3}})"
    r"|\\\((?P<escaped>(?:[^\\]|\\[^()])++)\\\)",
    re.DOTALL,
)
_OPENS = re.compile(r"\$\$|\\\[")
_CLOSERS = {"$$": "$$", "\\[": "\\]"}
_ENTITY = re.compile("&#x[0-9A-Fa-f]+;")
# Macros could expand to a million characters.
_MACRO = re.compile(r"\\(?:\w*command|\w*def|let|Declare\w*)\b")
_SIGN = re.compile(r"[\\^_={}<>]")
_SHOWN = re.compile(r"\S")
_WORD = re.compile(r"\s[^\W\d_]{2,}(?:\s|$)")
_RENDERED = re.compile(r'<math\b[^>]*? alttext="([^"]*)"[^>]*>.*?</math>', re.DOTALL)


def add_formulas(parser: MarkdownIt) -> None:
    """Give `parser` the rules for formulas. They come before escapes, because of `\\(`."""
    parser.inline.add_terminator_char("$")
    parser.inline.ruler.before("escape", "formula", _read_inline)
    alternatives = {"alt": ["paragraph", "reference", "blockquote", "list"]}
    parser.block.ruler.before("table", "formula", _read_block, alternatives)
    parser.add_render_rule("formula", _render)
    parser.add_render_rule("formula_block", _render_block)


def with_sources(html: str) -> str:
    """Return rendered HTML with the source of each formula in its place, as HTML text."""
    return _RENDERED.sub(r"\1", html) if "<math" in html else html


def _read_inline(state, silent: bool) -> bool:
    if state.src[state.pos] not in "$\\":
        return False
    end = min(state.posMax, state.pos + FORMULA_LIMIT)
    found = _INLINE.match(state.src, state.pos, end)
    if not found or _is_within_word(state) or _is_prose(found):
        return False
    if not silent:
        token = state.push("formula", "math", 0)
        token.content = found[0]
        # GitHub also knows $`…`$.
        token.info = found[found.lastgroup].strip("`")
        token.markup = "block" if found.lastgroup == "display" else "inline"
    state.pos = found.end()
    return True


def _is_within_word(state) -> bool:
    """Return whether a letter or digit is in front, as in US$5."""
    before = state.src[state.pos - 1 : state.pos]
    return state.src[state.pos] == "$" and before.isascii() and before.isalnum()


def _is_prose(found: re.Match) -> bool:
    """Return whether the text between the marks is no formula: "$5 or 10$", "\\(see below\\)"."""
    text = found[found.lastgroup]
    if found.lastgroup == "display" or _SIGN.search(text):
        return not text.strip()
    if found.lastgroup == "escaped":
        # CommonMark's escaped brackets, around a word or a number.
        return text.strip().isdigit() or bool(re.search(r"[^\W\d_]{2}", text))
    return bool(_WORD.search(text))


def _read_block(state, start_line: int, end_line: int, silent: bool) -> bool:
    """Block rule: lines from `$$` or `\\[` at the start of one to its partner at the end of one."""
    start = state.bMarks[start_line] + state.tShift[start_line]
    opens = _OPENS.match(state.src, start, state.eMarks[start_line])
    failed = state.env.get("failed_formulas", 0)
    if not opens or state.is_code_block(start_line) or failed >= FAILURE_LIMIT:
        return False
    line = _last_line(state, start_line, end_line, _CLOSERS[opens[0]])
    source = state.getLines(start_line, line + 1, state.blkIndent, False).strip()
    text = source[2:-2]
    if line < 0 or not _is_formula(text, opens[0]):
        state.env["failed_formulas"] = failed + 1
        return False
    if not silent:
        token = state.push("formula_block", "math", 0)
        token.content = source
        token.info = text
        token.markup = "block"
        token.map = [start_line, line + 1]
        state.line = line + 1
    return True


def _is_formula(text: str, opens: str) -> bool:
    """Return whether `text` is no escaped note, such as "\\[1\\]" or "\\[edit\\]"."""
    return "$$" not in text and bool((_SIGN if opens == "\\[" else _SHOWN).search(text))


def _last_line(state, start_line: int, end_line: int, closer: str) -> int:
    """Return the number of the line that ends with `closer`, or -1."""
    first = state.bMarks[start_line] + state.tShift[start_line]
    for line in range(start_line, end_line):
        end = state.eMarks[line]
        is_outside = line > start_line and state.sCount[line] < state.blkIndent
        if state.isEmpty(line) or is_outside or end - first > FORMULA_LIMIT:
            return -1
        text = state.src[state.bMarks[line] : end].rstrip()
        if text.endswith(closer) and (line > start_line or end - first >= 4):
            return line
    return -1


def _render(self, tokens, index, options, env) -> str:
    token = tokens[index]
    mathml = _mathml(token.info, token.markup, token.content, env)
    return mathml or escapeHtml(token.content)


def _render_block(self, tokens, index, options, env) -> str:
    attributes = self.renderAttrs(tokens[index])
    return f"<p{attributes}>{_render(self, tokens, index, options, env)}</p>\n"


def _mathml(latex: str, display: str, source: str, env: dict) -> str | None:
    """Return the MathML of a formula, or None if it can't be converted within the limits."""
    env["formulas"] = env.get("formulas", 0) + len(latex) + ELEMENT
    if env["formulas"] > DOCUMENT_LIMIT or _MACRO.search(latex):
        return None
    # Imported here, because a worker needs 3 MB for it, and most posts have no formula.
    from latex2mathml.converter import convert_to_element

    try:
        tree = convert_to_element(latex, display=display)
    except Exception:  # of many kinds, RecursionError among them
        return None
    if _is_deep(tree):
        return None
    for element in tree.iter():
        _make_plain(element)
    tree.attrib = {"display": display, "alttext": source}
    return tostring(tree, encoding="unicode", short_empty_elements=False)


def _is_deep(tree: Element) -> bool:
    level = [tree]
    for _ in range(DEPTH_LIMIT):
        level = [child for element in level for child in element]
    return bool(level)


def _make_plain(element: Element) -> None:
    """Replace entities with characters, which are escaped later, and remove long lengths."""
    if element.text:
        # Only the package's own entities. Its string would contain the author's text unescaped.
        element.text = _ENTITY.sub(lambda found: unescape(found[0]), element.text)
    for name in _LENGTHS & element.attrib.keys():
        if not _LENGTH.fullmatch(element.attrib[name]):
            del element.attrib[name]
