"""Loading of templates, code and first pages before the workers start, so they share the memory.

The site also starts without this, for example if the database is down.
"""

import gc
import logging
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from urllib.parse import urlsplit
from wsgiref.util import setup_testing_defaults

from django.conf import settings
from django.db import DatabaseError, connection, connections
from django.template.loader import get_template

# Besides the index and its newest post: a search for an accented letter, and a form.
PAGES = ("/?q=%C3%A90", "/auth/login/")
LINK_TO_POST = re.compile(rb'href="(/[0-9]+-[^"]+)"')


def preload(application: Callable) -> None:
    """Load what all workers need while there is only one process."""
    compile_templates()
    request_pages(application)
    # These objects are permanent. A garbage collection would touch all of them, and so copy their
    # memory for each worker.
    gc.collect()
    gc.freeze()
    gc.enable()  # gunicorn.conf.py has turned it off


def compile_templates() -> None:
    for folder in settings.TEMPLATES[0]["DIRS"]:
        for path in folder.rglob("*.html"):
            get_template(str(path.relative_to(folder)))


def request_pages(application: Callable, names: Sequence[str] = ()) -> None:
    """Request pages as a visitor would, and leave no connection open.

    The page cache then contains the index for visitors who use one of these host names.
    """
    # A page that fails now fails again when a visitor requests it, and is logged then.
    logging.disable()
    try:
        with suppress(DatabaseError):
            connection.ensure_connection()
            index = ask(application, "/")
            for page in (*PAGES, *map(bytes.decode, LINK_TO_POST.findall(index)[:1])):
                ask(application, page)
            for name in names:
                ask(application, "/", HTTP_HOST=name, HTTP_COOKIE="")
    finally:
        logging.disable(logging.NOTSET)
        connections.close_all()


def ask(application: Callable, page: str, **headers: str) -> bytes:
    """Return the body of the page, rendered each time unless `headers` allow a cached one."""
    path, _, query = page.partition("?")
    # An empty messages cookie bypasses the page cache.
    cookie = f"{settings.MESSAGES_COOKIE_NAME}="
    environ = {"PATH_INFO": path, "QUERY_STRING": query, "HTTP_HOST": host(), "HTTP_COOKIE": cookie}
    environ |= {"HTTPS": "on", "HTTP_X_FORWARDED_PROTO": "https"} if settings.IS_HTTPS else {}
    environ |= headers
    setup_testing_defaults(environ)
    response = application(environ, lambda *said: None)
    body = b"".join(response)
    # The page cache returns a list, which has no close().
    if hasattr(response, "close"):
        response.close()
    return body


def names_of_site(bind: str) -> list[str]:
    """Return the known names of the site that listens at `bind`, as visitors type them."""
    if settings.SITE_URL:
        return [urlsplit(settings.SITE_URL).netloc]
    port = bind.rpartition(":")[2]
    return [f"{name}:{port}" for name in ("127.0.0.1", "localhost") if port.isdecimal()]


def host() -> str:
    """Return a host name that the site accepts."""
    return settings.ALLOWED_HOSTS[0].lstrip(".").replace("*", "localhost")
