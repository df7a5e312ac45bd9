"""The line of the source at which each block begins, for a preview that follows the cursor."""

LINE = "data-line"


def number_lines(state) -> None:
    """Core rule: give each block the number of its first line, counted from 0."""
    for token in state.tokens:
        if token.map and token.nesting >= 0 and token.type != "inline":
            token.attrSet(LINE, str(token.map[0]))
