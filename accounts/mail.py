"""Send email from jobs, or write it to files on a site without EMAIL_URL."""

import logging
import re
import secrets
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language

from identity import current

log = logging.getLogger(__name__)

LINK = re.compile(r"https?://\S+")
# How long files are kept (`prune_mail`). They contain secret links, which have expired by then.
KEPT = timedelta(days=7)


def folder() -> Path:
    """Return where a site without EMAIL_URL writes its emails."""
    return settings.INSTANCE_DIR / "mail"


class FileBackend(BaseEmailBackend):
    """Email backend for a site without EMAIL_URL: writes each email to a private file."""

    def send_messages(self, messages: list[EmailMultiAlternatives]) -> int:
        folder().mkdir(mode=0o700, exist_ok=True)
        for message in messages:
            path = folder() / f"{timezone.now():%Y-%m-%d-%H%M%S}-{secrets.token_hex(4)}.eml"
            path.touch(0o600, exist_ok=False)
            path.write_bytes(message.message().as_bytes())
            log.warning("EMAIL_URL is not set, so an email was written to %s", path)
        return len(messages)


def can_send() -> bool:
    return settings.EMAIL_BACKEND != settings.FILE_MAIL


def send_template(name: str, to: str, context: dict) -> None:
    """Send a template of `templates/accounts/mail/`, whose first line is the subject."""
    # A line break in the name would end the subject.
    site_name = " ".join(current.site().name.split())
    text = render_to_string(f"accounts/mail/{name}.txt", {"site_name": site_name} | context)
    subject, _line, body = text.strip().partition("\n")
    send(subject, body.strip(), to)


def send(subject: str, text: str, to: str) -> None:
    """Send `text`, as plain text and as HTML. Raise OSError if the mail server does not accept it.

    Only jobs call this, because a mail server may be slow.
    """
    context = {
        "subject": subject,
        "paragraphs": paragraphs_of(text),
        "language": get_language(),
    }
    message = EmailMultiAlternatives(subject, text, to=[to])
    message.attach_alternative(render_to_string("email.html", context), "text/html")
    message.send()


def paragraphs_of(text: str) -> list[tuple[str, bool]]:
    """Return the paragraphs of `text`, and for each whether it is an address.

    Addresses inside a paragraph don't become links, because a username may look like one.
    """
    paragraphs = text.strip().split("\n\n")
    return [(paragraph, LINK.fullmatch(paragraph) is not None) for paragraph in paragraphs]
