"""Print results as Markdown tables: `python -m benchmarks.report benchmarks/results/….json`."""

import argparse
import json
from pathlib import Path

BARE = "bare WSGI callable"
HEAD = ("case", "visitor", "posts", "CPU ms", "× bare", "queries", "p50 ms", "p99 ms", "kB", "MB")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report", description=__doc__)
    parser.add_argument("results", type=read, help="the JSON file that a benchmark has written")
    print(table(parser.parse_args().results))


def read(path: str) -> dict:
    try:
        return json.loads(Path(path).read_text())
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(error) from error


def table(results: dict) -> str:
    """Return a table with a row per point and, for several sizes, how each page grows."""
    rows = [
        (
            point["case"],
            point["visitor"],
            f"{point['posts']:,}" if point["posts"] else "",
            f"{point['cpu_ms']:.2f}",
            f"{point['ratio']:.1f}",
            str(point["queries"]) if point["posts"] else "",
            f"{point['p50_ms']:.1f}",
            f"{point['p99_ms']:.1f}",
            f"{point['bytes'] / 1000:.1f}",
            f"{point['private_mb']:.0f}",
        )
        for point in results["points"]
    ]
    sizes = sizes_of(results)
    grown = [] if len(sizes) < 2 else ["", markdown(growth_head(sizes), growth(results))]
    return "\n".join([markdown(HEAD, rows), *grown])


def markdown(head: tuple, rows: list[tuple]) -> str:
    """Return a Markdown table with right-aligned numbers."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    rule = ["-" * width if n < 2 else "-" * (width - 1) + ":" for n, width in enumerate(widths)]
    lines = [head, rule, *rows]
    return "\n".join(
        "| "
        + " | ".join(
            cell.ljust(width) if n < 2 else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        + " |"
        for line in lines
    )


def sizes_of(results: dict) -> list[int]:
    return sorted({point["posts"] for point in results["points"] if point["posts"]})


def curves(results: dict) -> dict[tuple[str, str], dict[int, float]]:
    """Return the CPU time of each page by number of posts."""
    found = {}
    for point in results["points"]:
        if point["posts"]:
            curve = found.setdefault((point["case"], point["visitor"]), {})
            curve[point["posts"]] = point["cpu_ms"]
    return found


def growth_head(sizes: list[int]) -> tuple:
    return ("case", "visitor", *(f"{size:,} posts" for size in sizes), "last ÷ first")


def growth(results: dict) -> list[tuple]:
    return [
        (*page, *(f"{ms:.2f}" for ms in curve.values()), f"{ratio_of(curve):.2f}")
        for page, curve in curves(results).items()
    ]


def ratio_of(curve: dict[int, float]) -> float:
    return curve[max(curve)] / curve[min(curve)]


if __name__ == "__main__":
    main()
