"""Storage for flash messages until the next page."""

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage


class FlashStorage(CookieStorage):
    """Storage in a signed cookie, which is deleted once its message has been shown.

    A session would remain after logging out, and then no cache would serve that visitor.
    """

    cookie_name = settings.MESSAGES_COOKIE_NAME
