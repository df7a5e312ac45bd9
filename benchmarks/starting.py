"""Measure a worker's first and second request: `python -m benchmarks.starting`.

Restarts the server each time, with one worker of one thread. docs/performance.md has results.
"""

import argparse
import tempfile
import time
from contextlib import ExitStack, closing
from pathlib import Path
from statistics import median

from benchmarks import ANONYMOUS, AUTHOR
from benchmarks.load import Request, connect
from benchmarks.report import markdown
from benchmarks.servers import Instance, serving

COLUMNS = ("first page", "next page", "visitor", "first ms", "next ms")
PAIRS = [
    ("index", "index"),
    # Two different pages, neither of which is cached.
    ("index-middle", "index-last"),
    # The same page twice: not cached, then cached.
    ("detail", "detail"),
]


def main() -> None:
    options = parse()
    with ExitStack() as stack:
        root = options.instance or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        instance = Instance(options.posts, root.absolute() / f"posts-{options.posts}")
        pages = {(page["case"], page["visitor"]): page for page in instance.prepare()}
        rows = [
            (*pair, visitor, *measure(instance, [pages[case, visitor] for case in pair], options))
            for pair in PAIRS
            for visitor in (ANONYMOUS, AUTHOR)
        ]
    print(markdown(COLUMNS, rows))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.starting", description=__doc__)
    add = parser.add_argument
    add("--posts", type=int, default=1000)
    add("--starts", type=int, default=5, help="starts, whose medians are shown (default 5)")
    add("--instance", type=Path, help="as for benchmarks.run")
    return parser.parse_args()


def measure(instance: Instance, pair: list[dict], options: argparse.Namespace) -> tuple[str, str]:
    found = [first_and_next(instance, pair) for _ in range(options.starts)]
    return tuple(f"{median(times):.1f}" for times in zip(*found, strict=True))


def first_and_next(instance: Instance, pair: list[dict]) -> tuple[float, float]:
    one = {"WEB_CONCURRENCY": "1", "WEB_THREADS": "1"}
    with serving(instance.folder, "blogsite.wsgi", instance=instance, **one) as server:
        wait_for_worker(server.port)
        first, following = (Request(server.port, page["path"], page["cookie"]) for page in pair)
        with closing(connect(first)) as connection:
            return ask(first, connection), ask(following, connection)


def wait_for_worker(port: int) -> None:
    """Wait for a response, because the port is open before workers exist."""
    probe = Request(port, "/healthz", "")
    with closing(connect(probe)) as connection:
        probe.send(connection)


def ask(request: Request, connection) -> float:
    """Return the milliseconds until the response is complete."""
    started = time.perf_counter()
    request.send(connection)
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    main()
