"""Blocks of code in Markdown, highlighted and wide enough to scroll.

The functions are rules for markdown-it.
"""

from markdown_it.common.utils import escapeHtml, unescapeAll
from markdown_it.token import Token

from content.highlighting import highlighted

# NARROWEST columns of code fit on a page that is 320 px wide. Each list or quote around the code
# takes LEVEL of these columns. The style sheet gives a tab TAB columns.
NARROWEST = 22
LEVEL = 3
TAB = 4


def _render_fence(self, tokens, index, options, env) -> str:
    token = tokens[index]
    language, *_ = [*unescapeAll(token.info).lower().split(), ""]
    code = highlighted(token.content, language, env)
    return f'<pre{self.renderAttrs(_pre(token))}><code class="highlight">{code}</code></pre>\n'


def _render_code_block(self, tokens, index, options, env) -> str:
    token = tokens[index]
    return f"<pre{self.renderAttrs(_pre(token))}><code>{escapeHtml(token.content)}</code></pre>\n"


def _pre(token: Token) -> Token:
    """Make a code block focusable if it may need scrolling.

    Only a browser knows whether it scrolls. Lines that fit the narrowest phone never do.
    """
    widest = max(map(_columns, token.content.split("\n")))
    if widest > NARROWEST - LEVEL * token.level:
        token.attrSet("tabindex", "0")
    return token


def _columns(line: str) -> int:
    """Return how many columns a line takes; letters outside Latin may be twice as wide."""
    return sum(1 if character < "\u0250" else 2 for character in line.expandtabs(TAB))


RENDERERS = {"code_block": _render_code_block, "fence": _render_fence}
