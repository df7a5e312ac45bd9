"""Signs that distinguish words: C++ and C# are not C, and .NET is not net.

A token contains no signs. So a word with signs becomes another word, which contains their names:
`cpp`, `csharp`, `dotnet`. A longer word is also a token without its signs, so `notepad` finds
Notepad++. A single letter is not, so `c` finds neither C++ nor C#.
"""

import re
import unicodedata

from posts.search.folding import TOKEN_MAX_LENGTH

# The dot of .NET and .htaccess, but not that of node.js.
BEFORE = r"(?:(?<![\w.])\.(?=[^\W\d_]))?"
# C++, C++17 and Disney+, but not 1+1. C# and A*, but not #1.
AFTER = r"(?:[+＋]{2}(?![^\W\d]|[+＋])|[+＋](?![\w+＋])|[#＃♯*](?![^\W\d]|[#＃♯*]))?"
DOT = re.compile(r"(?<![\w.])\.[^\W\d_]")
SIGNS = "+＋#＃♯*"
# Writers also put these two after longer words: foo* is a wildcard.
AFTER_LETTERS = {"#": "sharp", "♯": "sharp", "*": "star"}
AFTER_WORDS = {"++": "pp", "+": "plus"}


def has_signs(text: str) -> bool:
    """Return whether a word of `text` may have signs."""
    return any(sign in text for sign in SIGNS) or bool(DOT.search(text))


def signed_words(run: str, word: str) -> list[str]:
    """Return the tokens of `run`: a word, whose folded form is `word`, with its signs."""
    sign = unicodedata.normalize("NFKC", run[len(run.rstrip(SIGNS)) :])
    name = AFTER_WORDS.get(sign) or (AFTER_LETTERS.get(sign, "") if len(word) == 1 else "")
    before = "dot" if run.startswith(".") else ""
    whole = f"{before}{word}{name}"[:TOKEN_MAX_LENGTH]
    return [whole] if len(word) == 1 or whole == word else [word, whole]


def without_plain_word(tokens: list[str]) -> list[str]:
    """Return the tokens of one typed word without that of the word without its signs."""
    is_both = len(tokens) == 2 and tokens[1] in {
        f"dot{tokens[0]}",
        *(f"{before}{tokens[0]}{name}" for before in ("", "dot") for name in AFTER_WORDS.values()),
    }
    return tokens[1:] if is_both else tokens


def may_name_signs(token: str) -> bool:
    """Return whether `token` may come from a text that contains signs instead of these letters."""
    return token.startswith("dot") or token.endswith(("sharp", "star", *AFTER_WORDS.values()))
