"""Load generator: requests one page repeatedly over several connections."""

import http.client
import json
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

REPORT = Path(__file__).with_name("wrk.lua")
TIMEOUT = 60
# Requests with this header bypass every cache, so the application renders the page.
NOT_CACHED = {"Authorization": "Basic eA=="}
# At least this many requests must fit into the measured time.
SHORT = 8


@dataclass(frozen=True, slots=True)
class Request:
    port: int
    path: str
    cookie: str
    is_known: bool = False
    is_rendered: bool = False

    @property
    def headers(self) -> dict[str, str]:
        # As browsers send it, so responses are compressed as they are for browsers.
        headers = {"Accept-Encoding": "gzip, deflate, br", "Accept-Language": "en"}
        if self.is_known:
            headers["If-None-Match"] = "*"
        if self.is_rendered:
            headers |= NOT_CACHED
        return headers | ({"Cookie": self.cookie} if self.cookie else {})

    def send(self, connection: http.client.HTTPConnection) -> int:
        """Send one request; return the size of the response. Raise ValueError for an error."""
        response = self.ask(connection)
        body = response.read()
        if response.status != (304 if self.is_known else 200):
            raise ValueError(f"{self.path} responds with {response.status}")
        return len(body) + len(str(response.headers).encode()) + len("HTTP/1.1 200 OK\r\n")

    def ask(self, connection: http.client.HTTPConnection) -> http.client.HTTPResponse:
        try:
            connection.request("GET", self.path, headers=self.headers)
            return connection.getresponse()
        # The connection belonged to a worker that was replaced.
        except (http.client.RemoteDisconnected, ConnectionError):
            connection.close()
            connection.request("GET", self.path, headers=self.headers)
            return connection.getresponse()


@dataclass(frozen=True, slots=True)
class Load:
    requests: int
    p50_ms: float
    p99_ms: float


def warm_up(request: Request, connections: int) -> tuple[int, float]:
    """Send two requests per connection; return the size of a response and the last duration."""
    found = []
    run_threads(connections, lambda: found.extend(responses(request, until=0)))
    seconds, size = found[-1]
    return size, seconds


def put_load(
    request: Request, connections: int, seconds: float, *, response_seconds: float
) -> Load:
    """Send requests for `seconds`, with wrk if it is installed and the responses are short.

    wrk needs whole seconds, and drops responses that arrive late. The other client waits for them.
    """
    is_short = response_seconds * SHORT < seconds
    if shutil.which("wrk") and float(seconds).is_integer() and is_short:
        return run_wrk(request, connections, int(seconds))
    return run_own(request, connections, seconds)


def run_wrk(request: Request, connections: int, seconds: int) -> Load:
    command = wrk_command(request, connections=connections, seconds=seconds)
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    report = json.loads(run.stdout.splitlines()[-1])
    if report.pop("refused"):
        raise ValueError(f"{request.path} does not always respond with 200")
    # `broken` counts connections that a worker closed because it was replaced, which is no failure.
    del report["broken"]
    # At the end, each connection drops one more response, which the server still renders.
    report["requests"] += connections
    return Load(**report)


def wrk_command(request: Request, *, connections: int, seconds: int) -> list[str]:
    headers = [f"-H{name}: {value}" for name, value in request.headers.items()]
    url = f"http://127.0.0.1:{request.port}{request.path}"
    options = [f"-c{connections}", "-t1", f"-d{seconds}s", f"--timeout={TIMEOUT}s", f"-s{REPORT}"]
    return ["wrk", *options, *headers, url]


def run_own(request: Request, connections: int, seconds: float) -> Load:
    end, found = time.monotonic() + seconds, []
    run_threads(connections, lambda: found.extend(responses(request, until=end)))
    cuts = quantiles([seconds for seconds, _ in found], n=100, method="inclusive")
    return Load(len(found), cuts[49] * 1000, cuts[98] * 1000)


def run_threads(number: int, work) -> None:
    """Run `work` in several threads; raise the first exception of any."""
    raised = []

    def run() -> None:
        try:
            work()
        except Exception as error:
            raised.append(error)

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if raised:
        raise raised[0]


def connect(request: Request) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", request.port, timeout=TIMEOUT)


def responses(request: Request, *, until: float) -> Iterator[tuple[float, int]]:
    """Yield the duration and size of each response until the deadline; at least two."""
    with closing(connect(request)) as connection:
        done = 0
        while done < 2 or time.monotonic() < until:
            started = time.perf_counter()
            size = request.send(connection)
            yield time.perf_counter() - started, size
            done += 1
