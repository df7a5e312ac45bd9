"""Storage for flash messages until the next page."""

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage


class FlashStorage(CookieStorage):
    """Storage in a signed cookie, which is deleted once its message was shown.

    A session would remain after log-out, and every cache would stop serving that visitor.
    """

    cookie_name = settings.MESSAGES_COOKIE_NAME
