"""Ids of rows, as browsers send them."""

# Every database accepts an 18-digit number.
KEY_DIGITS = 18


def is_key(text: str) -> bool:
    """Return whether `text` can be the id of a row; a forged request can send anything."""
    return len(text) <= KEY_DIGITS and text.isascii() and text.isdecimal()
