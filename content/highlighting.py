"""Syntax highlighting of code, within a budget for each document."""

from markdown_it.common.utils import escapeHtml
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

from content.raw_tags import name_set

# A closed list, because Pygments searches the installed packages for an unknown name, and any of
# its 500 lexers may be slow for some text. `c#` and `make` are missing because they are too slow
# even with a budget, and `http` and `md` because they choose other lexers.
LANGUAGES = name_set(
    """bash c c++ console cpp css diff django docker dockerfile go golang graphql html ini java
    javascript jinja js json jsx kotlin lua nginx php powershell ps1 py py3 pycon python python3 r
    rb rs ruby rust sass scala scss sh shell sql swift toml ts tsx typescript xml yaml yml zsh"""
)

# Lexers take quadratic time for some text. So each block spends the square of its length, times the
# weight of its language. One unit takes ten nanoseconds for the worst text that was found. A
# document may spend this much, which takes at most 0.4 seconds: one block of 2,500 characters in
# Java, of 4,000 in Python, of 7,000 in SQL. A block counts as at least SMALLEST_BLOCK characters,
# because starting a lexer has its own cost. The rest is shown without colors.
HIGHLIGHT_BUDGET = 50_000_000
SMALLEST_BLOCK = 400
WEIGHTS = {
    8: "c c++ cpp java",
    5: "ts tsx typescript",
    3: "ini py py3 python python3 scala",
    1: """bash graphql json lua nginx php powershell ps1 pycon r rb ruby sass scss sh shell sql
        toml xml zsh""",
}
WEIGHT_OF = {name: weight for weight, names in WEIGHTS.items() for name in name_set(names)}
OTHER_WEIGHT = 2

_formatter = HtmlFormatter(nowrap=True)


def highlighted(code: str, language: str, env: dict) -> str:
    """Return code as HTML, colored by class names while the document's budget lasts.

    `env` counts the spent part of the budget.
    """
    weight = WEIGHT_OF.get(language, OTHER_WEIGHT)
    spent = env.get("highlighted", 0) + weight * max(len(code), SMALLEST_BLOCK) ** 2
    if language not in LANGUAGES or spent > HIGHLIGHT_BUDGET:
        return escapeHtml(code)
    env["highlighted"] = spent
    lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    return highlight(code, lexer, _formatter)
