"""Measure memory over many requests: `python -m benchmarks.soak`.

Most requests are for cached pages of all kinds. Some are for rendered pages, with or without a
session, and two in a thousand write. Prints the private memory of each worker every 10,000
requests.
"""

import argparse
import os
import random
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from itertools import count
from pathlib import Path
from urllib.parse import quote

from benchmarks.load import Request, connect, run_threads
from benchmarks.meter import descendants, memory_of
from benchmarks.people import Writer
from benchmarks.report import markdown
from benchmarks.run import make_instance, positive
from benchmarks.servers import Server, serving
from benchmarks.writing import prepare, writer_at
from posts.demo.writer import demo_person

REPORTED_EVERY = 10_000
# With fewer posts, some requested pages would not exist.
POSTS_MIN = 200
# Requests in a thousand with the cookies of each visitor; the others have none.
RENDERED, LOGGED_IN, WRITING = 60, 140, 2
# The share of reads that go to a few pages.
POPULAR = 0.7


def main(arguments: list[str] | None = None) -> None:
    options = parse(arguments)
    with ExitStack() as stack:
        root = options.instance or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        instance = make_instance(options, root, options.posts, stack)
        people = prepare(instance)["people"]
        served = serving(instance.folder, "blogsite.wsgi", instance=instance, MAX_REQUESTS="0")
        server = stack.enter_context(served)
        rows = soak(server, people, options)
    print(markdown(("requests", "seconds", "load", "MB private, each worker"), rows))


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    add = parser.add_argument
    add("--posts", type=int, default=1000, help="(default 1000)")
    add("--requests", type=positive, default=100_000, help="(default 100,000)")
    add("--connections", type=positive, default=8)
    add("--database", default="sqlite", help="sqlite, or postgres://user:password@host/name")
    add("--redis", default="none", help="redis://host:6379/0, or none")
    add("--instance", type=Path, help="a folder to keep and use again (default: a temporary one)")
    options = parser.parse_args(arguments)
    if options.posts < POSTS_MIN:
        parser.error(f"--posts takes {POSTS_MIN} and more")
    return options


def soak(server: Server, people: list[dict], options: argparse.Namespace) -> list[tuple]:
    """Send all requests over several connections; return a row per REPORTED_EVERY requests."""
    numbers, rows, started = count(1), [], time.monotonic()
    # The first connections open while workers start.
    while len(descendants(server.pid)) < int(os.environ.get("WEB_CONCURRENCY", 2)):
        time.sleep(0.1)

    def work() -> None:
        chance = random.Random()
        who = [writer_at(server, n, options.posts, **one) for n, one in enumerate(people)]
        with closing(connect(request_to(server, "/", "", is_rendered=False))) as connection:
            while (number := next(numbers)) <= options.requests:
                ask(server, connection, chance, who, people, options.posts)
                if number % REPORTED_EVERY == 0 or number == options.requests:
                    rows.append(row_of(server, number, started))
                    print(*rows[-1], flush=True)

    run_threads(options.connections, work)
    return rows


def ask(server: Server, connection, chance, who: list[Writer], people: list, posts: int) -> None:
    """Send one random request; raise ValueError for an error status."""
    share = chance.randrange(1000)
    if share < WRITING:
        status = chance.choice(who).act(chance.choice(("publish", "autosave", "like", "comment")))
        if status >= 400:
            raise ValueError(f"writing responded with {status}")
        return
    cookie = ""
    if WRITING + RENDERED <= share < WRITING + RENDERED + LOGGED_IN:
        cookies = chance.choice(people)["cookies"]
        cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    is_rendered = share < WRITING + RENDERED
    request_to(server, some_page(chance, posts), cookie, is_rendered).send(connection)


def some_page(chance: random.Random, posts: int) -> str:
    """Return the path of a page: one of a few popular ones, or any."""
    tags, people = max(20, posts // 20), max(20, posts // 10)
    of_all: list[Callable[[], str]] = [
        lambda: f"/?page={chance.randrange(1, posts // 5)}",
        lambda: post_path(chance.randrange(posts)),
        lambda: post_path(chance.randrange(posts)),
        lambda: f"/tags/topic-{chance.randrange(3, tags)}/",
        lambda: f"/authors/{quote(demo_person(chance.randrange(people)).username)}/",
        lambda: f"/?q=zirconium+{chance.randrange(1000)}",
    ]
    newest = [post_path(posts - place) for place in range(1, 40)]
    popular = ["/", "/feed/", "/tags/", "/?page=2", *newest]
    is_popular = chance.random() < POPULAR
    return chance.choice(popular) if is_popular else chance.choice(of_all)()


def post_path(place: int) -> str:
    return f"/{place + 1}-post-{place}/"


def request_to(server: Server, path: str, cookie: str, is_rendered: bool) -> Request:
    return Request(server.port, path, cookie, is_rendered=is_rendered)


def row_of(server: Server, number: int, started: float) -> tuple:
    memory = (memory_of(pid)[0] / 1e6 for pid in descendants(server.pid))
    seconds, load = f"{time.monotonic() - started:.0f}", f"{os.getloadavg()[0]:.1f}"
    return f"{number:,}", seconds, load, ", ".join(f"{size:.1f}" for size in memory)


if __name__ == "__main__":
    main()
