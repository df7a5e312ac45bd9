"""Measure what pages cost, compared with a bare WSGI callable: `python -m benchmarks.run`.

docs/performance.md explains the output.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from tqdm import tqdm

from benchmarks import AGAIN, CASES, chart, load, report
from benchmarks.servers import ROOT, Instance, Server, cache_of, database_of, serving

RESULTS = ROOT / "benchmarks/results"
DEFAULT_POSTS = "1000,10000"
# The database's processes change as connections reach their age limit.
ATTEMPTS = 5
# Requests that were open at the end get their response later: at most this many seconds plus the
# longest response time.
LAST_RESPONSES = 0.1


@dataclass(slots=True)
class Point:
    """One page, for one visitor, at one number of posts, with one measurement per round."""

    case: str
    visitor: str
    posts: int | None
    request: load.Request
    server: Server
    queries: int = 0
    bytes: int = 0
    requests: int = 0
    cpu_ms: list[float] = field(default_factory=list)
    p50_ms: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)
    private_bytes: int = 0
    pss_bytes: int = 0


def main(arguments: list[str] | None = None) -> None:
    options = parse(arguments)
    with ExitStack() as stack:
        points = list(start(options, stack))
        started = describe(options)
        measure_all(points, options)
    results = started | {"load_after": os.getloadavg(), "points": summarize(points)}
    options.output.mkdir(parents=True, exist_ok=True)
    path = options.output / f"{results['made_at'][:10]}-{results['database']}.json"
    path.write_text(json.dumps(results, indent=1) + "\n")
    path.with_suffix(".svg").write_text(chart.draw(results))
    print(report.table(results))
    print(f"\n{path}\n{path.with_suffix('.svg')}")


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    add = parser.add_argument
    add("--cases", type=names, default=list(CASES), help="only these pages, such as index,detail")
    add(
        "--posts",
        type=numbers,
        default=DEFAULT_POSTS,
        help=f"numbers of posts (default {DEFAULT_POSTS})",
    )
    add(
        "--database",
        default="sqlite",
        help="sqlite, or postgres://user:password@host/name on the server for new databases",
    )
    add("--redis", default="none", help="redis://host:6379/0, or none")
    add("--seconds", type=more_than_0, default=2, help="seconds per round and point (default 2)")
    add("--rounds", type=positive, default=5, help="rounds, whose medians are shown (default 5)")
    add("--connections", type=positive, default=8)
    add("--instance", type=Path, help="a folder to keep and use again (default: a temporary one)")
    add("--uncached", action="store_true", help="turn off the cache of fragments")
    add("--output", type=Path, default=RESULTS, help="folder for the JSON and the chart")
    options = parser.parse_args(arguments)
    if options.redis != "none" and len(options.posts) > 1:
        parser.error("several sites would share one cache: with --redis, --posts takes one number")
    return options


def names(text: str) -> list[str]:
    found = text.split(",")
    if unknown := set(found) - set(CASES):
        reason = f"no case is called {', '.join(unknown)}; there are {', '.join(CASES)}"
        raise argparse.ArgumentTypeError(reason)
    return found


def numbers(text: str) -> list[int]:
    return sorted(positive(number) for number in text.split(","))


def positive(text: str) -> int:
    return more_than_0(text, int)


def more_than_0(text: str, kind: type[int | float] = float) -> int | float:
    """Return the number in `text`; reject one that is not positive."""
    number = kind(text)
    # Don't test `<= 0`, because nan would pass.
    if not number > 0:
        raise argparse.ArgumentTypeError(f"{text} is not more than 0")
    if number == float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is infinite")
    return number


def start(options: argparse.Namespace, stack: ExitStack) -> Iterator[Point]:
    """Start all servers, which stop with `stack`, and yield all points."""
    root = options.instance or Path(stack.enter_context(tempfile.TemporaryDirectory()))
    site, found = ["blogsite.wsgi"], []
    if options.uncached:
        site = ["--config", "python:benchmarks.uncached", *site]
    for posts in options.posts:
        instance = make_instance(options, root, posts, stack)
        pages = instance.prepare(uncached=options.uncached)
        server = stack.enter_context(serving(instance.folder, *site, instance=instance))
        found += [point_of(page, posts, server) for page in pages if page["case"] in options.cases]
    size, _ = load.warm_up(found[0].request, 1)
    yield from references(root, size, stack)
    yield from found


def make_instance(
    options: argparse.Namespace, root: Path, posts: int, stack: ExitStack
) -> Instance:
    urls = {}
    if options.database != "sqlite":
        database = database_of(options.database, posts, keep=bool(options.instance))
        urls["database_url"] = stack.enter_context(database)
    if options.redis != "none":
        urls["cache_url"] = stack.enter_context(cache_of(options.redis))
    return Instance(posts, root.absolute() / f"posts-{posts}", **urls)


def point_of(page: dict, posts: int, server: Server) -> Point:
    request = load.Request(
        server.port, page["path"], page["cookie"], is_known=page["visitor"] == AGAIN
    )
    return Point(page["case"], page["visitor"], posts, request, server, page["queries"])


def references(folder: Path, size: int, stack: ExitStack) -> Iterator[Point]:
    """Start the references and yield a point for each, with a body of `size`."""
    for name, application, variables in (
        (report.BARE, "benchmarks.bare", {}),
        ("Django, a constant", "benchmarks.constant", {}),
        ("the same, default middleware", "benchmarks.constant", {"MIDDLEWARE": "default"}),
    ):
        arguments = ("--config", "python:benchmarks.serving", application)
        server = stack.enter_context(serving(folder, *arguments, **variables))
        yield Point(name, "", None, load.Request(server.port, f"/{size}", ""), server)


def measure_all(points: list[Point], options: argparse.Namespace) -> None:
    """Measure all points in turn, so that other load affects all of them alike."""
    rounds = [point for _ in range(options.rounds) for point in points]
    for point in (progress := tqdm(rounds, unit=" points", disable=None)):
        progress.set_postfix_str(f"{point.case} {point.visitor} {point.posts or ''}")
        if not any(measure(point, options) for _ in range(ATTEMPTS)):
            sys.exit(f"{point.case}: processes of the server ended {ATTEMPTS} times")


def measure(point: Point, options: argparse.Namespace) -> bool:
    """Add one round. Return False if a process ended, because its CPU time is then unknown."""
    point.bytes, response_seconds = load.warm_up(point.request, options.connections)
    try:
        before = point.server.processes()
        started = before.cpu_seconds()
        loaded = load.put_load(
            point.request, options.connections, options.seconds, response_seconds=response_seconds
        )
        time.sleep(LAST_RESPONSES + loaded.p99_ms / 1000)
        after = point.server.processes()
        seconds = after.cpu_seconds() - started
        private, pss = after.memory_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False
    if not set(before.others) <= set(after.others):
        return False
    point.cpu_ms.append(seconds * 1000 / loaded.requests)
    point.p50_ms.append(loaded.p50_ms)
    point.p99_ms.append(loaded.p99_ms)
    point.requests += loaded.requests
    point.private_bytes = max(point.private_bytes, private)
    point.pss_bytes = max(point.pss_bytes, pss)
    return True


def summarize(points: list[Point]) -> list[dict]:
    """Return the medians, the rounds and the ratio to the bare callable, for the JSON."""
    bare = median(points[0].cpu_ms)
    return [
        {
            "case": point.case,
            "visitor": point.visitor,
            "posts": point.posts,
            "path": point.request.path,
            "cpu_ms": round(median(point.cpu_ms), 3),
            "ratio": round(median(point.cpu_ms) / bare, 2),
            "queries": point.queries,
            "p50_ms": round(median(point.p50_ms), 2),
            "p99_ms": round(median(point.p99_ms), 2),
            "bytes": point.bytes,
            "private_mb": round(point.private_bytes / 1e6, 1),
            "pss_mb": round(point.pss_bytes / 1e6, 1),
            "requests": point.requests,
            "cpu_ms_of_rounds": [round(value, 3) for value in point.cpu_ms],
        }
        for point in points
    ]


def describe(options: argparse.Namespace) -> dict:
    """Return the date, version and machine of the run, without addresses and passwords."""
    commit = ["git", "describe", "--always", "--dirty", "--abbrev=10"]
    return {
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": subprocess.run(
            commit, cwd=ROOT, capture_output=True, text=True, check=False
        ).stdout.strip(),
        "database": "sqlite" if options.database == "sqlite" else "postgresql",
        "redis": options.redis != "none",
        "uncached": options.uncached,
        "seconds": options.seconds,
        "rounds": options.rounds,
        "connections": options.connections,
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load_before": os.getloadavg(),
    }


if __name__ == "__main__":
    main()
