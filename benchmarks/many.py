"""Run the site on several simulated machines: `python -m benchmarks.many`.

Two gunicorns behind the shipped nginx.conf, PostgreSQL with a replica, and one Redis (machines.py).
Stops one part after another under load and counts failed requests. Measures each part's CPU time
per request, and nginx's for a cached page and for a file. docs/scale.md uses the results.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from threading import Event, Thread

import redis

from benchmarks import load
from benchmarks.machines import Machines, machines, missing, wait_until
from benchmarks.meter import Processes
from benchmarks.run import positive
from benchmarks.servers import COUNTER
from benchmarks.visitor import Visitor, asking

# Everyone sees a change after this many seconds, for which the application lets caches in front
# keep a page.
SEEN_BY_ALL = 10
MEASURED_POSTS = 30
PARTS = ("nginx", "gunicorn", "primary", "replica", "redis")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.many", description=__doc__)
    add = parser.add_argument
    add(
        "--seconds",
        type=positive,
        default=10,
        help="seconds of load around each stop (default 10)",
    )
    add("--posts", type=positive, default=5, help="posts published to measure delays (default 5)")
    add("--rounds", type=positive, default=5, help="rounds for each page in nginx (default 5)")
    options = parser.parse_args(arguments)
    if lacking := missing("wrk"):
        sys.exit(f"not installed: {', '.join(lacking)}")
    say("starting", f"load of this machine {load_now()}")
    with tempfile.TemporaryDirectory() as folder, machines(Path(folder)) as site:
        site.manage("one", "seed_demo", "--if-empty")
        author = Visitor(site.origin)
        author.join("author")
        show_changes(site, author, options.posts)
        show_failures(site, author, options.seconds)
        show_costs(site, author, options.seconds)
        compare_with_static(site, options.rounds)
    say("ended", f"load of this machine {load_now()}")


def say(what: str, found: str) -> None:
    print(f"{what:58} {found}", flush=True)


def load_now() -> str:
    return f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


# A change becomes visible ------------------------------------------------------------------------


def show_changes(site: Machines, author: Visitor, posts: int) -> None:
    other = Visitor(f"http://127.0.0.1:{site.ports['two']}")
    one = Visitor(f"http://127.0.0.1:{site.ports['one']}", cookies=author.cookies)
    anonymous = Visitor(site.origin)
    between, own, all_others = [], [], []
    for number in range(posts):
        other.get()
        title = f"Through one, {number}"
        one.publish(title)
        between.append(seconds_until_seen(other, title))
        anonymous.get()
        title = f"Through nginx, {number}"
        author.publish(title)
        own.append(seconds_until_seen(author, title))
        all_others.append(seconds_until_seen(anonymous, title))
    for what, found in (
        ("published through one machine, seen through the other", between),
        ("published through nginx, seen by its author", own),
        ("published through nginx, seen by everyone", all_others),
    ):
        say(what, f"after {median(found):.2f} s (longest {max(found):.2f} s)")


def seconds_until_seen(visitor: Visitor, title: str) -> float:
    def is_seen() -> bool:
        return title in visitor.get().text

    return wait_until(is_seen, f"{title} is not seen", seconds=SEEN_BY_ALL)


# A part that stops, under load --------------------------------------------------------------------


def show_failures(site: Machines, author: Visitor, seconds: int) -> None:
    with loaded(site, load.Request(site.port, "/", ""), seconds, "anonymous pages, nothing stops"):
        pass
    with loaded(site, rendered(site), seconds, "rendered pages, nothing stops"):
        pass
    for name, stop in (
        ("replica", site.stop),
        ("redis", site.stop),
        ("one", site.stop),
        ("two", site.kill),
    ):
        what = f"rendered pages, {name} {'killed' if stop == site.kill else 'stopped'} and started"
        # nginx has to find the restarted part.
        with asking(Visitor(site.origin, headers=load.NOT_CACHED), ["/"]):
            site.wait_for_responses(*site.ports)
        with loaded(site, rendered(site), seconds, what):
            time.sleep(seconds / 4)
            stop(name)
            author.publish(f"Written without {name}")
            time.sleep(seconds / 4)
            site.start(name)


@contextmanager
def loaded(site: Machines, request: load.Request, seconds: int, what: str) -> Iterator[None]:
    """Repeat a request while the block runs, and print how many failed."""
    with subprocess.Popen(wrk(request, seconds), stdout=subprocess.PIPE, text=True) as running:
        yield
        output, _ = running.communicate()
    report = json.loads(output.splitlines()[-1])
    failed = report["refused"] + report["broken"]
    each = report["requests"] / seconds
    latency = f"p50 {report['p50_ms']:.1f} ms, p99 {report['p99_ms']:.1f} ms"
    say(what, f"{report['requests']:,} requests ({each:,.0f}/s), {failed} failed, {latency}")


def rendered(site: Machines, path: str = "/") -> load.Request:
    """Return a request for a page that gunicorn renders every time."""
    return load.Request(site.port, path, "", is_rendered=True)


def wrk(request: load.Request, seconds: int) -> list[str]:
    return load.wrk_command(request, connections=8, seconds=seconds)


# CPU time of each part ---------------------------------------------------------------------------


def show_costs(site: Machines, author: Visitor, seconds: int) -> None:
    """Print each part's CPU time for one request of each kind."""
    cookie = "; ".join(f"{name}={value}" for name, value in author.cookies.items())
    path = author.publish("With comments")
    pages = {
        "anonymous, from nginx": load.Request(site.port, "/", ""),
        "anonymous, from gunicorn's page cache": load.Request(site.ports["one"], "/", ""),
        "index, rendered": rendered(site),
        "index, logged in": load.Request(site.port, "/", cookie),
        "post, logged in": load.Request(site.port, path, cookie),
        "search, rendered": rendered(site, "/?q=the"),
    }
    print(f"\n{'CPU ms a request':40}", *(f"{part:>9}" for part in PARTS), f"{'all':>9}")
    for what, request in pages.items():
        show_cost(site, what, lambda request=request: ask_for(request, seconds))
    show_cost(site, "publishing a post (two requests)", lambda: publish_some(author))
    show_costs_of_new(site, {"index": "/", "post": path, "search": "/?q=the"}, seconds)
    print()


def show_costs_of_new(site: Machines, paths: dict[str, str], seconds: int) -> None:
    """Print the cost of pages that are not cached, as after a change."""
    with changing(site):
        for name, path in paths.items():
            request = rendered(site, path)
            show_cost(
                site, f"{name}, nothing cached", lambda request=request: ask_for(request, seconds)
            )


@contextmanager
def changing(site: Machines) -> Iterator[None]:
    """Keep moving the cache version until the block ends."""
    has_ended = Event()

    def change() -> None:
        with redis.from_url(site.variables["CACHE_URL"]) as client:
            while not has_ended.wait(0.001):
                client.incr(COUNTER)

    thread = Thread(target=change)
    thread.start()
    try:
        yield
    finally:
        has_ended.set()
        thread.join()


def ask_for(request: load.Request, seconds: int) -> int:
    load.warm_up(request, 8)
    return load.put_load(request, 8, seconds, response_seconds=0.001).requests


def publish_some(author: Visitor) -> int:
    for number in range(MEASURED_POSTS):
        author.publish(f"{number} of {MEASURED_POSTS}")
    return MEASURED_POSTS


def show_cost(site: Machines, what: str, act: Callable[[], int]) -> None:
    before = cpu_by_part(site)
    requests = act()
    # Requests that were open at the end get their response a little later.
    time.sleep(0.3)
    after = cpu_by_part(site)
    found = [(after[part] - before[part]) * 1000 / requests for part in PARTS]
    print(f"{what:40}", *(f"{ms:9.3f}" for ms in [*found, sum(found)]), flush=True)


def cpu_by_part(site: Machines) -> dict[str, float]:
    pids = {name: site.started[name] for name in ("nginx", "primary", "replica", "redis")}
    found = {name: Processes(pid).cpu_seconds() for name, pid in pids.items()}
    gunicorns = [Processes(site.started[name].pid) for name in site.ports]
    return found | {"gunicorn": sum(each.cpu_seconds() for each in gunicorns)}


# A page in nginx, beside a file of the same size --------------------------------------------------


def compare_with_static(site: Machines, rounds: int) -> None:
    page = load.Request(site.port, "/", "")
    file = load.Request(site.port, f"/media/{make_file(site, page)}", "")
    found: dict[str, list[float]] = {"page": [], "file": []}
    for _ in range(rounds):
        found["file"].append(cost_in_nginx(site, file))
        found["page"].append(cost_in_nginx(site, page))
    page_ms, file_ms = median(found["page"]), median(found["file"])
    say("a page from nginx's cache, CPU of nginx", f"{page_ms:.4f} ms")
    say("a file of the same size, CPU of nginx", f"{file_ms:.4f} ms")
    say("ratio (goal: at most 1.5)", f"{page_ms / file_ms:.2f}")


def make_file(site: Machines, page: load.Request) -> str:
    """Write an image as large as the compressed page; return its name."""
    headers = {"Accept-Encoding": "gzip"}
    response = Visitor(site.origin, headers=headers).ask("HEAD", page.path)
    path = site.instance("one") / "media/many.webp"
    path.write_bytes(b"x" * int(response.headers["Content-Length"]))
    return path.name


def cost_in_nginx(site: Machines, request: load.Request, seconds: int = 3) -> float:
    """Return nginx's CPU milliseconds per request."""
    processes = Processes(site.started["nginx"])
    load.warm_up(request, 8)
    before = processes.cpu_seconds()
    done = load.put_load(request, 8, seconds, response_seconds=0.001)
    return (processes.cpu_seconds() - before) * 1000 / done.requests


if __name__ == "__main__":
    main()
