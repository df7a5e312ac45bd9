"""Redaction of secret links in the logs: resets, confirmations, invitations and previews.

Anyone who has such a link can use it, and so could a reader of the log.
"""

import logging
import re

# The last part of a link's path, with plain or encoded slashes.
PART = r"[^/\\\s\"?&]+"
MAILED = rf"(?:password[/\\]+reset|email[/\\]+confirm)[/\\]+{PART}"
OPEN = r"[/\\](?:invite|preview|start)"
PATHS = rf"((?:{MAILED}|{OPEN})[/\\]+)(?!set-password\b){PART}"
WORDS = ("%", "confirm", "invite", "preview", "reset", "start")
# Each kind of token, anywhere in a text.
TOKENS = r"\b[0-9a-z]{1,13}-[0-9a-f]{32}\b|(?:[\w-]{22}|\b[0-9a-z]{6}):[\w-]{43}"
SECRET = re.compile(f"{PATHS}|{TOKENS}", re.ASCII | re.IGNORECASE)
# Printable ASCII except the quote, which ends a field of the access log.
ENCODED = re.compile("%(2[13-9a-f]|[3-6][0-9a-f]|7[0-9a-e])", re.IGNORECASE)
# In a URL inside another URL, each % is encoded again.
DEPTH = 4


def redact(text: str) -> str:
    """Return `text` with an ellipsis in place of each secret part of a link.

    The text is decoded only if it has such a part in encoded form.
    """
    lowered = text.lower()
    if not any(word in lowered for word in WORDS):
        return text
    clean = SECRET.sub(r"\1…", text)
    decoded = decode(clean)
    redacted = SECRET.sub(r"\1…", decoded)
    return clean if redacted == decoded else redacted


def decode(text: str) -> str:
    for _ in range(DEPTH):
        text = ENCODED.sub(lambda found: chr(int(found[1], 16)), text)
    return text


class Formatter(logging.Formatter):
    """Formatter that redacts the whole record: the message and the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))
