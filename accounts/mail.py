"""Send email, and find out whether it can be sent at all."""

import logging
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.utils import parseaddr

from django.conf import settings
from django.core.cache import cache
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.console import EmailBackend as ConsoleBackend
from django.utils.encoding import punycode

log = logging.getLogger(__name__)

# Seconds for which a refusal by the server is remembered. During that time, everyone gets the same
# response as the person who caused it. Otherwise, the response would reveal which accounts exist.
REFUSED = "accounts.mail.refused"
REFUSED_FOR = 300


class TerminalBackend(ConsoleBackend):
    """Email backend for a site without EMAIL_URL: prints emails in the terminal.

    It prints nothing if the output goes to a log, which must not contain a reset link.
    """

    def send_messages(self, messages) -> int:
        if not self.stream.isatty():
            log.warning("An email was not sent, because EMAIL_URL is not set.")
            return 0
        return super().send_messages(messages)


@contextmanager
def connection_for(address: str) -> Iterator[BaseEmailBackend | None]:
    """Yield a connection that accepts emails for `address`, or None if the site can't send any.

    The server gets the same commands for every address, so the result does not reveal an account.
    """
    connection = get_connection()
    try:
        yield connection if accepts(connection, address) else None
    finally:
        close(connection)


def accepts(connection: BaseEmailBackend, address: str) -> bool:
    """Open `connection` and return whether the server accepts emails for `address`."""
    if was_refused():
        return False
    try:
        connection.open()
        server = getattr(connection, "connection", None)
        if isinstance(server, smtplib.SMTP):
            ask_server(server, address)
    except OSError as error:
        log.error("No email can be sent: %s", " ".join(str(error).split()))
        return False
    return True


def ask_server(server: smtplib.SMTP, address: str) -> None:
    """Start an email to `address` and cancel it; raise SMTPException if the server refuses it."""
    server.ehlo_or_helo_if_needed()
    sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    expect_yes(*server.mail(in_ascii(sender)))
    expect_yes(*server.rcpt(in_ascii(address)))
    server.rset()


def in_ascii(address: str) -> str:
    """Return `address` with its domain encoded for mail servers, the way Django sends it."""
    name, _, domain = address.rpartition("@")
    return f"{name}@{punycode(domain)}"


def expect_yes(code: int, reply: bytes) -> None:
    if code not in (250, 251):
        raise smtplib.SMTPResponseException(code, reply)


def note_refusal(error: OSError) -> None:
    """Log that the server refused an email after it had accepted sender and recipient."""
    log.error("An email was refused: %s", " ".join(str(error).split()))
    # Drivers have no common error. `/readyz` reports that the cache does not respond.
    with suppress(Exception):
        cache.set(REFUSED, True, REFUSED_FOR)


def was_refused() -> bool:
    with suppress(Exception):
        return cache.get(REFUSED, False)
    return False


def close(connection: BaseEmailBackend) -> None:
    """Close the connection, even a broken one."""
    with suppress(OSError):
        connection.close()
