"""HTTP client that keeps cookies and fills in forms."""

import gzip
import ssl
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPMessage, HTTPResponse, HTTPSConnection
from threading import Event
from urllib.parse import urlencode, urlsplit

PASSWORD = "correct horse battery staple"
TIMEOUT = 30


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    headers: HTTPMessage
    text: str


def read(response: HTTPResponse) -> bytes:
    body = response.read()
    return gzip.decompress(body) if response.headers["Content-Encoding"] == "gzip" else body


@dataclass
class Visitor:
    """A simple browser for one origin that accepts any certificate."""

    origin: str
    cookies: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str = "/") -> Response:
        return self.ask("GET", path)

    def post(self, path: str, **fields: str) -> Response:
        """Send a form with the CSRF token of its page."""
        token = next(value for name, value in self.cookies.items() if "csrftoken_" in name)
        return self.ask("POST", path, urlencode(fields | {"csrfmiddlewaretoken": token}))

    def ask(self, method: str, path: str, body: str | None = None) -> Response:
        headers = {"Referer": f"{self.origin}{path}", "Connection": "close"} | self.headers
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        with closing(self.connect()) as connection:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            self.keep_cookies(response.headers)
            return Response(response.status, response.headers, read(response).decode())

    def connect(self) -> HTTPConnection:
        where = urlsplit(self.origin)
        if where.scheme == "http":
            return HTTPConnection(where.hostname, where.port, timeout=TIMEOUT)
        own = ssl.create_default_context()
        own.check_hostname, own.verify_mode = False, ssl.CERT_NONE
        return HTTPSConnection(where.hostname, where.port, timeout=TIMEOUT, context=own)

    def keep_cookies(self, headers: HTTPMessage) -> None:
        for cookie in headers.get_all("Set-Cookie", ()):
            name, _, value = cookie.partition(";")[0].partition("=")
            if "max-age=0" in cookie.lower():
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value

    def join(self, username: str) -> None:
        """Register and log in."""
        register = {"username": username, "password1": PASSWORD, "password2": PASSWORD}
        for path, fields in (
            ("/auth/register/", register),
            ("/auth/login/", {"username": username, "password": PASSWORD}),
        ):
            self.get(path)
            self.expect(302, self.post(path, **fields))

    def publish(self, title: str) -> str:
        """Publish a post and return its path."""
        self.get("/create/")
        response = self.post("/create/", title=title, body=f"{title}, in a few words.")
        self.expect(302, response)
        return response.headers["Location"]

    def expect(self, status: int, response: Response) -> None:
        if response.status != status:
            raise ValueError(
                f"{self.origin} responded with {response.status}, not {status}: {response.text}"
            )


class Tally:
    """Counts responses, and lists failures."""

    def __init__(self) -> None:
        self.responses = 0
        self.failed: list[int | str] = []

    def add(self, outcome: int | str) -> None:
        self.responses += 1
        if outcome != 200:
            self.failed.append(outcome)


@contextmanager
def asking(visitor: Visitor, paths: Sequence[str], *, threads: int = 4) -> Iterator[Tally]:
    """Request these pages without a pause until the block ends, and count failures."""
    tally, has_ended = Tally(), Event()

    def ask(path: str) -> None:
        while not has_ended.is_set():
            try:
                tally.add(visitor.get(path).status)
            except (OSError, HTTPException) as error:
                tally.add(repr(error))

    with ThreadPoolExecutor(threads) as pool:
        for number in range(threads):
            pool.submit(ask, paths[number % len(paths)])
        try:
            yield tally
        finally:
            has_ended.set()
