"""Where a flash message waits for the next page."""

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage


class FlashStorage(CookieStorage):
    """A signed cookie that goes once it is shown.

    A session would stay with a visitor who logs out, and keep every cache from serving them.
    """

    cookie_name = settings.MESSAGES_COOKIE_NAME
