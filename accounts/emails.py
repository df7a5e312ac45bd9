"""Email addresses: which new ones are accepted, and which spellings count as the same."""

import re

from django.core.validators import validate_email
from django.utils.encoding import punycode

from accounts.usernames import username_key

# RFC 5321, with the domain as mail servers know it.
ADDRESS_MAX_LENGTH = 254
ESCAPED = re.compile(r"\\(.)")


def email_key(address: str) -> str:
    """Return the key that all spellings of one address share.

    It ignores case and needless quotes, and names the domain in ASCII. Text that is no address is
    returned casefolded.
    """
    local, _at, domain = address.strip().rpartition("@")
    if len(address) <= ADDRESS_MAX_LENGTH:
        try:
            return f"{unquoted(local)}@{punycode(domain)}".casefold()
        except UnicodeError:
            pass
    return address.casefold()


def unquoted(local: str) -> str:
    """Return the part before the @ without quotes: `"a\\b c"` means the same as `ab c`."""
    is_quoted = len(local) >= 2 and local[0] == local[-1] == '"'
    return ESCAPED.sub(r"\1", local[1:-1]) if is_quoted else local


def login_key(typed: str) -> str:
    """Return the key of a username or an email address. No username contains an @."""
    return email_key(typed) if "@" in typed else username_key(typed)


def validate_new_email(address: str) -> None:
    """Raise ValidationError if mail servers would refuse an address that a form field accepts."""
    # Converted to ASCII, a domain can contain unexpected characters, such as another @.
    validate_email(in_ascii(address))


def in_ascii(address: str) -> str:
    """Return `address` as mail servers know it, or an empty string if they would not."""
    local, _at, domain = address.rpartition("@")
    # Python decodes "=?utf-8?q?…?=" when it sends (RFC 2047), so one mailbox would have thousands
    # of spellings.
    if "=?" in local or not (local.isascii() and local.isprintable()):
        return ""
    try:
        address = f"{local}@{punycode(domain)}"
    except UnicodeError:
        return ""
    return address if len(address) <= ADDRESS_MAX_LENGTH else ""
