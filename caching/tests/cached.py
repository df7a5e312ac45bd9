"""An anonymous visitor whose requests go through the page cache, as under gunicorn."""

from contextlib import contextmanager
from dataclasses import dataclass

from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.http import HttpResponse
from django.test import RequestFactory

from caching.pages import PageCache


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def is_from_cache(self) -> bool:
        return "s-maxage=" in self.headers.get("Cache-Control", "")


@contextmanager
def connections_kept():
    """Keep connections open after a request, as Django's client does: the transaction goes on."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def ask(application, path: str, method: str = "GET", **environ) -> Reply:
    """Send a request to a WSGI callable; `environ` contains headers by their WSGI names."""
    started = []
    sent = RequestFactory().generic(method, path).environ | {"HTTP_HOST": "testserver"} | environ
    with connections_kept():
        response = application(sent, lambda status, headers: started.append((status, headers)))
        body = b"".join(response)
        if hasattr(response, "close"):
            response.close()
    ((status, headers),) = started
    names = [name.lower() for name, _ in headers if name != "Set-Cookie"]
    assert len(set(names)) == len(names), "a header that comes twice"
    return Reply(int(status[:3]), dict(headers), body)


def responding(response_class=HttpResponse, *arguments, **options):
    """Return a WSGI callable that always sends this response."""

    def application(environ, start_response):
        response = response_class(*arguments, **options)
        start_response(f"{response.status_code} {response.reason_phrase}", [*response.items()])
        return response

    return application


class AnonymousVisitor:
    """A client that requests pages through a page cache and counts the rendered ones."""

    def __init__(self, application=None, **options) -> None:
        self.rendered = 0
        self.site = application or WSGIHandler()
        self.cache = PageCache(self.render, **options)

    def render(self, environ, start_response):
        self.rendered += 1
        return self.site(environ, start_response)

    def get(self, path: str = "/", method: str = "GET", **environ) -> Reply:
        return ask(self.cache, path, method, **environ)

    def is_kept(self, path: str = "/", **environ) -> bool:
        """Request the page twice and return whether the second response came without rendering."""
        self.get(path, **environ)
        before = self.rendered
        self.get(path, **environ)
        return self.rendered == before
