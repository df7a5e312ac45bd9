"""Measure what writing costs, alone and with fifty people: `python -m benchmarks.writing`.

docs/performance.md explains the output. The rows that it writes stay in the instance.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from tqdm import tqdm

from benchmarks.load import run_threads
from benchmarks.people import ACTS, Writer
from benchmarks.report import markdown
from benchmarks.run import DEFAULT_POSTS, make_instance, more_than_0, numbers, positive
from benchmarks.servers import ROOT, Instance, Server, environment, serving
from benchmarks.visitor import Visitor

ALONE = ("act", "posts", "CPU ms", "queries")
TOGETHER = ("act", "posts", "responses", "failed", "p50 ms", "p99 ms", "max ms")


@dataclass(frozen=True, slots=True)
class Done:
    """One action, the status of its response or the error, and its duration."""

    act: str
    outcome: int | str
    seconds: float

    @property
    def has_failed(self) -> bool:
        return not isinstance(self.outcome, int) or self.outcome >= 400


def main(arguments: list[str] | None = None) -> None:
    options = parse(arguments)
    print(f"Load before: {os.getloadavg()}")
    alone, together = [], []
    for posts in options.posts:
        with ExitStack() as stack:
            root = options.instance or Path(stack.enter_context(tempfile.TemporaryDirectory()))
            instance = make_instance(options, root, posts, stack)
            people = prepare(instance)
            server = stack.enter_context(
                serving(instance.folder, "blogsite.wsgi", instance=instance)
            )
            writers = [
                writer_at(server, number, posts, **person)
                for number, person in enumerate(people["people"])
            ]
            alone += measure_alone(server, writers[0], people["queries"], options)
            together += measure_together(writers, options)
    print(markdown(ALONE, alone))
    print()
    print(markdown(TOGETHER, together))
    print(f"\nLoad after: {os.getloadavg()}")


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.writing", description=__doc__)
    add = parser.add_argument
    add("--posts", type=numbers, default=DEFAULT_POSTS, help=f"(default {DEFAULT_POSTS})")
    add("--database", default="sqlite", help="sqlite, or postgres://user:password@host/name")
    add("--redis", default="none", help="redis://host:6379/0, or none")
    add("--requests", type=positive, default=40, help="requests per action and round (default 40)")
    add("--rounds", type=positive, default=5, help="rounds, whose medians are shown (default 5)")
    add(
        "--seconds",
        type=more_than_0,
        default=20,
        help="seconds in which all write at once (default 20)",
    )
    add(
        "--pause",
        type=float,
        default=1,
        help="average seconds between a response and the next action (default 1)",
    )
    add("--instance", type=Path, help="a folder to keep and use again (default: a temporary one)")
    return parser.parse_args(arguments)


def prepare(instance: Instance) -> dict[str, Any]:
    """Fill the instance if it is empty, and return its writers (`benchmarks.writers`)."""
    instance.folder.mkdir(parents=True, exist_ok=True)
    people = instance.folder / "people.json"
    command = [sys.executable, "-m", "benchmarks.writers", str(instance.posts), str(people)]
    subprocess.run(command, check=True, cwd=ROOT, env=environment(instance.environment))
    return json.loads(people.read_text())


def writer_at(
    server: Server, number: int, posts: int, cookies: dict[str, str], fields: dict[str, str]
) -> Writer:
    origin, form = f"http://127.0.0.1:{server.port}", fields

    def post(path: str, **fields) -> tuple[int, dict[str, Any]]:
        # Use a new visitor each time, because visitors here never load the page that shows and
        # removes their messages.
        response = Visitor(origin, cookies=dict(cookies)).post(path, **form, **fields)
        is_json = response.headers.get("Content-Type") == "application/json"
        return response.status, json.loads(response.text) if is_json else {}

    return Writer(number, posts, post)


def measure_alone(
    server: Server, writer: Writer, queries: dict[str, int], options: argparse.Namespace
) -> list[tuple]:
    """Return a row per action: its CPU time if one person acts at a time."""
    found = defaultdict(list)
    rounds = [name for _ in range(options.rounds) for name in ACTS]
    for name in tqdm(rounds, unit=" rounds", disable=None):
        # Send some requests first, so that each thread of each worker opens its database
        # connection.
        repeat(writer, name, 2)
        started = server.processes().cpu_seconds()
        repeat(writer, name, options.requests)
        used = server.processes().cpu_seconds() - started
        found[name].append(used * 1000 / options.requests)
    return [
        (name, f"{writer.posts:,}", f"{median(values):.1f}", str(queries[name]))
        for name, values in found.items()
    ]


def repeat(writer: Writer, name: str, number: int) -> None:
    for _ in range(number):
        status = writer.act(name)
        if status >= 400:
            raise ValueError(f"{name} responded with {status}")


def measure_together(writers: list[Writer], options: argparse.Namespace) -> list[tuple]:
    """Return a row per action, and one for all, if many people act at once."""
    done, waiting = [], list(writers)
    end = time.monotonic() + options.seconds
    run_threads(len(writers), lambda: done.extend(write(waiting.pop(), end, options.pause)))
    rows = [row_of(name, [one for one in done if one.act == name]) for name in ACTS]
    for outcome in {one.outcome for one in done if one.has_failed}:
        print(f"failed: {outcome}")
    return [(name, f"{writers[0].posts:,}", *rest) for name, *rest in [*rows, row_of("all", done)]]


def write(writer: Writer, end: float, pause: float) -> list[Done]:
    """Repeat random actions until `end`, with pauses between them."""
    found = []
    # People don't start at the same instant.
    time.sleep(random.uniform(0, pause))
    while time.monotonic() < end:
        name = random.choices(list(ACTS), list(ACTS.values()))[0]
        started = time.perf_counter()
        try:
            outcome = writer.act(name)
        except OSError as error:
            outcome = repr(error)
        found.append(Done(name, outcome, time.perf_counter() - started))
        time.sleep(random.uniform(0, 2 * pause))
    return found


def row_of(name: str, done: list[Done]) -> tuple:
    ms = [one.seconds * 1000 for one in done] or [0]
    cuts = quantiles(ms * 2, n=100, method="inclusive")
    failed = sum(one.has_failed for one in done)
    latency = (f"{cuts[49]:.0f}", f"{cuts[98]:.0f}", f"{max(ms):.0f}")
    return (name, str(len(done)), str(failed), *latency)


if __name__ == "__main__":
    main()
