"""Render Markdown as safe HTML.

The dialect is CommonMark 0.31 with tables, strikethrough, footnotes, task lists, heading anchors,
bare addresses as links and highlighted code. docs/decisions/0004-markdown.md explains the choice of
packages and the allowed raw HTML.

A parser lives as long as the process and is shared by threads. So data about one document is kept
in markdown-it's `env` or in a local variable, never on the parser.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from html import unescape
from itertools import product

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.rules_block import reference
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin
from pygments.token import STANDARD_TYPES

from content import cjk, code_blocks, figures, footnotes, formulas, typography
from content.bare_urls import (
    SCHEMES,
    WITHOUT_HOST,
    is_allowed_url,
    link_bare_url,
    link_emails,
    name_links,
)
from content.bulkhead import slot_for
from content.data_images import replace_data_images, without_base64
from content.front_matter import without_front_matter
from content.headings import link_headings, name_headings, place_headings, render_anchor, text_of
from content.image_names import RATIOS, image_from_url
from content.limits import TooMuch, add_limits, render_within_limits, shallow
from content.nesting import make_valid
from content.raw_html import MORE, read_html_block, read_raw_html
from content.raw_tags import RAW_NAMES, RAW_TAGS, name_set
from content.source_lines import LINE, number_lines

# Increase this when the same text renders differently, so that saved rows are rendered again.
RENDERER_VERSION: int = 9

TOO_MUCH = "This text is too complex to format, so it is shown as typed."


_SURROGATE = re.compile("[\ud800-\udfff]")
# Characters that HTML forbids in text: controls and Unicode's noncharacters.
_NO_CHARACTERS = "".join(
    chr(plane + last) for plane in range(0, 0x110000, 0x10000) for last in (0xFFFE, 0xFFFF)
)
FORBIDDEN = re.compile(f"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef{_NO_CHARACTERS}]")
_BLOCK_END = re.compile(
    r"(?=</?(?:br|caption|dd|div|dt|h[1-6]|hr|figcaption|li|p|pre|summary|td|th)\b)"
)
_FOOTNOTE_MARK = re.compile(r'<a href="#fn(?:ref)?-[^>]*>[^<]*</a>')


def render_post(text: str, language: str = "") -> SafeString:
    """Return the body of a post, page or biography, written in Markdown, as safe HTML.

    It is CommonMark 0.31, with these differences. Headings start at h2 and skip no level, and each
    has an id `h-…`. Links have `rel="noopener"`. Images load lazily. Links have only the schemes in
    `bare_urls.SCHEMES`. Raw HTML outside the allow-list, or not closed in its place, is shown as
    text. An element in a place where HTML does not allow it is replaced by its text. Quotes and
    lists deeper than BLOCK_DEPTH levels are shown as typed. So is the whole text if it passes
    another limit in `content.limits`.

    Quotation marks, dashes and dots become typographic if `language` names that of the text.

    Raises only Busy (`content.bulkhead`), and only for a long text. The time grows with the length:
    200,000 characters take at most 2.5 seconds.
    """
    return render_with_lead(text, language)[0]


def render_with_lead(text: str, language: str = "") -> tuple[SafeString, str]:
    """Return the body of a post as `render_post` does, and its HTML up to `<!--more-->`.

    Without that comment, or if nothing is shown before it, the second string is empty.
    """
    html = _render(_post_parser, _post_cleaner, without_front_matter(text), language)
    lead, more, _rest = html.partition(MORE)
    has_lead = more and plain_text(lead)
    return mark_safe(html.replace(MORE, "")), lead if has_lead else ""  # noqa: S308


def render_preview(text: str, language: str = "") -> SafeString:
    """Return the same as `render_post`, with the line of its source on each block (`data-line`)."""
    html = _render(_preview_parser, _preview_cleaner, without_front_matter(text), language)
    return mark_safe(html.replace(MORE, ""))  # noqa: S308


# A form checks the rendered comment before it is saved, so both share one rendering.
@lru_cache(maxsize=2)
def render_comment(text: str) -> SafeString:
    """Return a comment, written in a smaller Markdown dialect, as safe HTML.

    The dialect has emphasis, links, lists, quotes, rules, code, strikethrough and bare addresses. A
    heading, table, footnote, task or raw tag is shown as typed. An image becomes a link to it,
    named by its alt text. Links have `rel="nofollow ugc noopener"`. No element has an id, so that a
    page can show any number of comments.
    """
    return mark_safe(_render(_comment_parser, _comment_cleaner, text))  # noqa: S308


def plain_text(html: str) -> str:
    """Return the text of rendered HTML: no tags, entities decoded, white space collapsed.

    References to footnotes are removed; the notes stay. Formulas are as typed.
    """
    sources = formulas.with_sources(html)
    spaced = _BLOCK_END.sub(" ", _FOOTNOTE_MARK.sub("", sources))
    return " ".join(unescape(nh3.clean(spaced, tags=set())).split())


def _render(parser: MarkdownIt, cleaner: nh3.Cleaner, text: str, language: str = "") -> str:
    # A lone surrogate can't be encoded as UTF-8, so it could not be stored or sent.
    text = _SURROGATE.sub("\ufffd", text)
    # Remove forbidden characters before rendering, because removing them later could produce a
    # forbidden address.
    text = FORBIDDEN.sub(lambda found: " " if found[0].isspace() else "", text)
    with slot_for(text):
        try:
            html = render_within_limits(parser, text, language)
        except TooMuch:
            typed = escapeHtml(without_base64(text))
            html = f'<p><em>{TOO_MUCH}</em></p>\n<pre tabindex="0">\n{typed}</pre>\n'
        # An entity may have produced a forbidden character.
        parts = cleaner.clean(html).split(MORE)
        cleaned = MORE.join(FORBIDDEN.sub("\ufffd", part) for part in parts)
        is_raw = parser is not _comment_parser and RAW_NAMES.search(text)
        return make_valid(cleaned) if is_raw else cleaned


# Tables


def _align_by_class(state) -> None:
    """Core rule: align cells by class. Our pages block the inline style that markdown-it uses.

    A table may be wider than a phone. The keyboard can scroll it only if it is focusable.
    """
    for token in state.tokens:
        if token.type == "table_open":
            token.attrSet("tabindex", "0")
        if token.type in ("th_open", "td_open") and "style" in token.attrs:
            token.attrs = {"class": token.attrs["style"].replace("text-align:", "align-")}


def _render_item_open(self, tokens, index, options, env) -> str:
    """Render a list item. The box of a task has a label for screen readers."""
    token = tokens[index]
    is_done = token.meta.get("checked")
    html = self.renderToken(tokens, index, options, env)
    if is_done is None:
        return html
    name, checked = ("Done", " checked") if is_done else ("To do", "")
    return f'{html}<input type="checkbox" disabled{checked} aria-label="{name}"> '


# Images


def _render_image(self, tokens, index, options, env) -> str:
    token = tokens[index]
    token.attrSet("alt", "".join(map(_alt_text, token.children or ())))
    if not (src := token.attrs["src"]) or src.partition(":")[0].lower() in WITHOUT_HOST:
        # HTML allows no image without an address.
        return escapeHtml(f"![{token.attrs['alt']}]({src})")
    token.attrs |= {"loading": "lazy", "decoding": "async"}
    image = image_from_url(token.attrs["src"])
    if image:
        image = image.narrowed(token.meta.get("width", image.width))
        token.attrs |= {"src": image.url, "srcset": image.srcset, "sizes": image.sizes}
        token.attrs |= {"width": image.width, "height": image.height}
        token.attrs["class"] = image.classes
    return self.renderToken(tokens, index, options, env)


def _alt_text(token: Token) -> str:
    """Return the text of a token in an alt text, where a tag is text and a comment is nothing."""
    is_tag = token.type == "html_inline" and not token.content.startswith("<!--")
    return token.content if is_tag else text_of([token])


def _link_images(state) -> None:
    """Core rule: turn an image into a link named by its alt text.

    Links can't contain links, so within a link only the text remains.
    """
    for block in state.tokens:
        if block.type == "inline":
            block.children = list(_with_images_as_links(block.children))


def _with_images_as_links(tokens: list[Token]) -> Iterator[Token]:
    depth = 0
    for token in tokens:
        if token.type != "image":
            depth += token.nesting if token.tag == "a" else 0
            yield token
            continue
        url = token.attrs["src"]
        name = Token("text", "", 0, content=text_of(token.children or []).strip() or url)
        opening = Token("link_open", "a", 1, attrs={"href": url})
        if "title" in token.attrs:
            opening.attrs["title"] = token.attrs["title"]
        link = opening, name, Token("link_close", "a", -1)
        yield from (name,) if depth else link


# The parsers


def _reference(state, start_line: int, end_line: int, silent: bool) -> bool:
    """Block rule: refuse references that begin like a footnote, because their line would vanish."""
    start = state.bMarks[start_line] + state.tShift[start_line]
    is_footnote = state.src.startswith("[^", start)
    return not is_footnote and reference(state, start_line, end_line, silent)


_POST_RENDERERS = {
    **footnotes.RENDERERS,
    "anchor": render_anchor,
    "image": _render_image,
    "list_item_open": _render_item_open,
    "more": lambda self, tokens, index, options, env: MORE,
}


def _new_parser(**options) -> MarkdownIt:
    """Return a parser with the rules that both dialects share."""
    # Like GFM: one or two tildes strike text, three do not.
    options |= {"xhtmlOut": False, "strikethrough_single_tilde": True}
    parser = MarkdownIt("commonmark", options).enable("strikethrough")
    parser.validateLink = is_allowed_url
    add_limits(parser)
    cjk.add_cjk(parser)
    parser.block.ruler.at("reference", _reference)
    parser.inline.add_terminator_char("w")
    parser.inline.ruler.at("linkify", link_bare_url)
    parser.inline.ruler.enable("linkify")
    parser.core.ruler.after("inline", "link_emails", link_emails)
    parser.core.ruler.after("inline", "data_images", replace_data_images)
    for name, rule in code_blocks.RENDERERS.items():
        parser.add_render_rule(name, rule)
    return parser


def _new_post_parser() -> MarkdownIt:
    parser = _new_parser(tasklists=True).enable("table")
    parser.use(footnote_plugin, inline=False)
    formulas.add_formulas(parser)
    figures.add_figures(parser)
    alternatives = {"alt": ["paragraph", "reference"]}
    parser.block.ruler.at("footnote_def", shallow(footnotes.read_note), alternatives)
    parser.inline.ruler.at("footnote_ref", footnotes.read_mark)
    parser.core.ruler.before("footnote_tail", "show_unused_notes", footnotes.show_unused_notes)
    alternatives = {"alt": ["paragraph", "reference", "blockquote"]}
    parser.block.ruler.at("html_block", read_html_block, alternatives)
    parser.core.ruler.after("inline", "name_headings", name_headings)
    parser.core.ruler.after("inline", "raw_html", read_raw_html)
    for rule in (place_headings, link_headings, _align_by_class, name_links):
        parser.core.ruler.push(rule.__name__, rule)
    typography.add_typography(parser)
    for name, rule in _POST_RENDERERS.items():
        parser.add_render_rule(name, rule)
    return parser


def _new_preview_parser() -> MarkdownIt:
    parser = _new_post_parser()
    parser.core.ruler.push(number_lines.__name__, number_lines)
    return parser


def _new_comment_parser() -> MarkdownIt:
    parser = _new_parser(html=False).disable(["heading", "lheading"])
    for rule in (_link_images, name_links):
        parser.core.ruler.push(rule.__name__, rule)
    return parser


# The cleaners


_COMMENT_TAGS = name_set("a blockquote br code em hr li ol p pre s span strong ul")
_MORE_TAGS = name_set("h2 h3 h4 h5 h6 img input section table tbody td th thead tr")
_POST_TAGS = _COMMENT_TAGS | _MORE_TAGS | RAW_TAGS | formulas.TAGS
# Any element of a post may have these.
_ANYWHERE = ("dir", "id", "lang")
_ATTRIBUTES = {
    "a": {"aria-label", "href", "title"},
    "abbr": {"title"},
    "details": {"open"},
    "dfn": {"title"},
    "img": set(name_set("alt decoding height loading sizes src srcset title width")),
    "input": {"aria-label", "checked", "disabled"},
    "ol": {"start"},
    "pre": {"tabindex"},
    "section": {"aria-label"},
    "span": {"title"},
    "table": {"tabindex"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "time": {"datetime"},
    **formulas.ATTRIBUTES,
}
_ALIGNMENTS = {"align-left", "align-center", "align-right"}
_CLASSES = {
    "code": {"highlight"},
    **{f"h{level}": {"skips-level"} for level in range(2, 7)},
    "a": {figures.ELSEWHERE},
    "img": RATIOS | {f"tone-{''.join(levels)}" for levels in product("0123", repeat=3)},
    "li": {"task-list-item"},
    "ol": {"contains-task-list"},
    "section": {"footnotes"},
    "span": (set(STANDARD_TYPES.values()) - {""}) | {figures.ELSEWHERE},
    "td": _ALIGNMENTS,
    "th": _ALIGNMENTS,
    "ul": {"contains-task-list"},
}


def _new_cleaner(tags: frozenset[str], rel: str, *anywhere: str) -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=tags,
        clean_content_tags=set(),
        attributes={tag: names for tag, names in _ATTRIBUTES.items() if tag in tags}
        | {"*": set(anywhere)},
        attribute_filter=_filter_attribute,
        # Every input is a disabled checkbox.
        set_tag_attribute_values={"input": {"type": "checkbox", "disabled": ""}}
        if "input" in tags
        else {},
        link_rel=rel,
        url_schemes=set(SCHEMES),
        allowed_classes={tag: names for tag, names in _CLASSES.items() if tag in tags},
    )


def _filter_attribute(tag: str, name: str, value: str) -> str | None:
    """Refuse images with an address like mailto, and ids that don't have the forms used here."""
    is_refused = (name == "src" and value.partition(":")[0].lower() in WITHOUT_HOST) or (
        name == "id" and not value.startswith(("h-", "fn-", "fnref-"))
    )
    return None if is_refused else value


_post_parser = _new_post_parser()
_post_cleaner = _new_cleaner(_POST_TAGS, "noopener", *_ANYWHERE)
_preview_parser = _new_preview_parser()
_preview_cleaner = _new_cleaner(_POST_TAGS, "noopener", *_ANYWHERE, LINE)
_comment_parser = _new_comment_parser()
_comment_cleaner = _new_cleaner(_COMMENT_TAGS, "nofollow ugc noopener")
# markdown-it completes a parser at its first use. Do that now, because another thread could use the
# unfinished parser.
for _parser in (_post_parser, _preview_parser, _comment_parser):
    render_within_limits(_parser, "*")
