"""Profile one page: `python -m benchmarks.profiling index --visitor author`.

Calls the WSGI callable in this process and prints its CPU time, without the server's own. `--stats`
lists the functions that use it. Fills a new instance, or uses the one in `--instance`.
"""

import argparse
import cProfile
import json
import os
import pstats
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from django.conf import settings

from benchmarks import ANONYMOUS, AUTHOR, CASES, RENDERED
from benchmarks.servers import Instance

WARM_UP = 5


def main() -> None:
    options = parse()
    with ExitStack() as stack:
        root = options.instance or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        instance = Instance(options.posts, root.absolute() / f"posts-{options.posts}")
        (page,) = [
            page
            for page in instance.prepare(uncached=options.uncached)
            if (page["case"], page["visitor"]) == (options.case, options.visitor)
        ]
        os.environ |= instance.environment
        measure(page, options)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profiling", description=__doc__)
    add = parser.add_argument
    add("case", choices=CASES)
    add("--visitor", default=AUTHOR, choices=[ANONYMOUS, RENDERED, AUTHOR])
    add("--posts", type=int, default=1000)
    add("--instance", type=Path, help="as for benchmarks.run")
    add("--requests", type=int, default=100)
    add("--uncached", action="store_true", help="turn off the cache of fragments")
    add(
        "--changed",
        action="store_true",
        help="move the cache version before each request, as a like does",
    )
    add("--stats", metavar="ORDER", help="tottime or cumulative: list the slowest functions")
    options = parser.parse_args()
    if options.visitor not in CASES[options.case]:
        parser.error(f"{options.case} is asked for as {', '.join(CASES[options.case])}")
    return options


def measure(page: dict, options: argparse.Namespace) -> None:
    from benchmarks.instance import ask  # starts Django with the instance above
    from caching import pages

    settings.KEEP_FRAGMENTS = not options.uncached
    for _ in range(WARM_UP):
        ask(page["path"], page["cookie"])
    profile = cProfile.Profile()
    spent = []
    for _ in range(options.requests):
        if options.changed:
            pages.find_counter().increase()
        started = time.thread_time()
        if options.stats:
            profile.runcall(ask, page["path"], page["cookie"])
        else:
            ask(page["path"], page["cookie"])
        spent.append((time.thread_time() - started) * 1000)
    if options.stats:
        pstats.Stats(profile).sort_stats(options.stats).print_stats(40)
    told = f"{median(spent):.2f} ms (least {min(spent):.2f})"
    print(json.dumps(page["path"]), page["visitor"], told, f"{page['queries']} queries warm")


if __name__ == "__main__":
    main()
