"""Measure how much background jobs slow the home page down: `python -m benchmarks.jobs`.

Each round measures the page without jobs, and then while 1,000 jobs of 5 ms run in a web worker.
docs/performance.md has results.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from statistics import quantiles

from benchmarks import ANONYMOUS, AUTHOR, RENDERED
from benchmarks.load import Request, connect, run_threads, warm_up
from benchmarks.report import markdown
from benchmarks.run import make_instance, more_than_0, positive
from benchmarks.servers import ROOT, Instance, environment, serving

# A visitor waits this many seconds between two requests, so the server is not at its limit.
PAUSE = 0.02
COLUMNS = ("visitor", "p95 ms without jobs", "p95 ms with jobs", "factor")


def main(arguments: list[str] | None = None) -> None:
    options = parse(arguments)
    with ExitStack() as stack:
        root = options.instance or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        instance = make_instance(options, root, options.posts, stack)
        pages = {page["visitor"]: page for page in instance.prepare() if page["case"] == "index"}
        served = serving(instance.folder, "blogsite.wsgi", instance=instance, MAX_REQUESTS="0")
        server = stack.enter_context(served)
        requests = {
            visitor: Request(server.port, page["path"], page["cookie"])
            for visitor, page in pages.items()
            if visitor in (ANONYMOUS, RENDERED, AUTHOR)
        }
        idle, busy = measure(instance, requests, options)
    print(markdown(COLUMNS, [row(name, idle[name], busy[name]) for name in requests]))


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.jobs", description=__doc__)
    add = parser.add_argument
    add("--posts", type=positive, default=1000, help="(default 1000)")
    add("--jobs", type=positive, default=1000, help="jobs per round (default 1000)")
    add("--seconds", type=more_than_0, default=3, help="seconds per measurement (default 3)")
    add("--rounds", type=positive, default=5)
    add("--connections", type=positive, default=8)
    add("--database", default="sqlite", help="sqlite, or postgres://user:password@host/name")
    add("--redis", default="none", help="redis://host:6379/0, or none")
    add("--instance", type=Path, help="a folder to keep and use again (default: a temporary one)")
    return parser.parse_args(arguments)


def measure(
    instance: Instance, requests: dict[str, Request], options: argparse.Namespace
) -> tuple[dict, dict]:
    """Return the response times for each visitor without and with jobs, in turn."""
    idle = {visitor: [] for visitor in requests}
    busy = {visitor: [] for visitor in requests}
    for _ in range(options.rounds):
        for found, jobs in ((idle, 0), (busy, options.jobs)):
            replace_jobs(instance, jobs)
            for visitor, request in requests.items():
                warm_up(request, options.connections)
                found[visitor] += load(request, options)
        if not replace_jobs(instance, 0):
            sys.exit("All jobs had run before the end. Use more jobs, or fewer seconds.")
    return idle, busy


def replace_jobs(instance: Instance, number: int) -> int:
    """Create `number` jobs instead of those that wait, and return how many waited."""
    command = [sys.executable, "-m", "benchmarks.busy", str(number)]
    finished = subprocess.run(
        command, check=True, cwd=ROOT, env=environment(instance.environment), stdout=subprocess.PIPE
    )
    return int(finished.stdout)


def load(request: Request, options: argparse.Namespace) -> list[float]:
    found = []
    end = time.monotonic() + options.seconds
    run_threads(options.connections, lambda: found.extend(visits(request, end)))
    return found


def visits(request: Request, end: float) -> Iterator[float]:
    """Yield the milliseconds of each response until the end."""
    with closing(connect(request)) as connection:
        while time.monotonic() < end:
            started = time.perf_counter()
            request.send(connection)
            yield (time.perf_counter() - started) * 1000
            time.sleep(PAUSE)


def row(visitor: str, idle: list[float], busy: list[float]) -> tuple[str, ...]:
    before, after = (quantiles(times, n=20, method="inclusive")[-1] for times in (idle, busy))
    return visitor, f"{before:.2f}", f"{after:.2f}", f"{after / before:.2f}"


if __name__ == "__main__":
    main()
