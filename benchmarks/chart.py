"""The growth curve as SVG: `python -m benchmarks.chart benchmarks/results/….json > curve.svg`."""

import json
import sys
from math import ceil, floor, log10
from pathlib import Path

from benchmarks import RENDERED
from benchmarks.report import BARE, curves, sizes_of

WIDTH, HEIGHT = 760, 520
LEFT, RIGHT, TOP, BOTTOM = 60, 190, 46, 48
LABEL_HEIGHT = 15
DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
# Colors that differ in light and dark, and for most color-blind people. Labels name each line too.
COLORS = ("#3b7dd8", "#d9822b", "#3a9d5d", "#c2477f", "#8a63d2", "#2a9d9d", "#b58900", "#8c6d5a")
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #333 }
.title { font-size: 14px; font-weight: 600 }
.grid { stroke: #8884; fill: none }
.bare { stroke: #888; stroke-dasharray: 4 4 }
@media (prefers-color-scheme: dark) { text { fill: #ccc } }"""


def draw(results: dict, visitor: str = RENDERED) -> str:
    """Return the SVG: one line per page, labeled at its end, on two logarithmic axes."""
    lines = {page: curve for (page, who), curve in curves(results).items() if who == visitor}
    # Pages that need a session have no anonymous cost.
    lines |= {p: c for (p, _), c in curves(results).items() if p not in lines}
    bare = next(point["cpu_ms"] for point in results["points"] if point["case"] == BARE)
    values = [bare, *(ms for curve in lines.values() for ms in curve.values())]
    sizes = sizes_of(results)
    x = Scale(sizes[0], sizes[-1], LEFT, WIDTH - RIGHT)
    y = Scale(min(values) / 1.2, max(values) * 1.2, HEIGHT - BOTTOM, TOP)
    database = DATABASES[results["database"]]
    title = f"Server CPU by number of posts, each page past the page cache, on {database}"
    parts = [
        f'<text class="title" x="{LEFT}" y="22">{title}</text>',
        *(grid_line(y, value, f"{value:g} ms") for value in y.ticks()),
        *(size_mark(x, size) for size in sizes),
        f'<path class="bare" d="M{LEFT} {y.at(bare):.1f}H{WIDTH - RIGHT}"/>',
        *curves_and_labels(lines, x, y, bare),
    ]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
    return "\n".join([head, f"<title>{title}</title><style>{STYLE}</style>", *parts, "</svg>\n"])


class Scale:
    """Map values to positions on a logarithmic axis from `low` to `high`."""

    def __init__(self, low: float, high: float, start: int, end: int) -> None:
        # If there is only one size, `high` equals `low`, but the axis needs a length.
        self.low, self.high = log10(low), log10(max(high, low * 2))
        self.start, self.end = start, end

    def at(self, value: float) -> float:
        share = (log10(value) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Return 1, 2 and 5 of each power of ten on the axis."""
        powers = range(floor(self.low), ceil(self.high) + 1)
        steps = [step * 10.0**power for power in powers for step in (1, 2, 5)]
        return [step for step in steps if self.low <= log10(step) <= self.high]


def grid_line(y: Scale, value: float, label: str) -> str:
    at = y.at(value)
    line = f'<path class="grid" d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}"/>'
    return f'{line}<text x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{label}</text>'


def size_mark(x: Scale, size: int) -> str:
    at = x.at(size)
    line = f'<path class="grid" d="M{at:.1f} {TOP}V{HEIGHT - BOTTOM}"/>'
    label = f'<text x="{at:.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{size:,}</text>'
    return line + label


def curves_and_labels(lines: dict, x: Scale, y: Scale, bare: float) -> list[str]:
    ends = {page: y.at(curve[max(curve)]) for page, curve in lines.items()} | {BARE: y.at(bare)}
    places = spread(ends)
    colors = {page: COLORS[n % len(COLORS)] for n, page in enumerate(lines)} | {BARE: "#888"}
    parts = [polyline(curve, x, y, colors[page]) for page, curve in lines.items()]
    for page, place in places.items():
        start, value = WIDTH - RIGHT, bare if page == BARE else lines[page][max(lines[page])]
        path = f"M{start + 2} {ends[page]:.1f}L{start + 18} {place:.1f}"
        parts.append(f'<path d="{path}" stroke="{colors[page]}" fill="none" opacity=".6"/>')
        text = f"{page} {value:.2f}"
        parts.append(f'<text x="{start + 22}" y="{place + 4:.1f}">{text}</text>')
    return parts


def polyline(curve: dict[int, float], x: Scale, y: Scale, color: str) -> str:
    places = [(x.at(size), y.at(ms)) for size, ms in curve.items()]
    points = " ".join(f"{left:.1f},{top:.1f}" for left, top in places)
    dots = "".join(f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3" fill="{color}"/>' for a, b in places)
    return f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="2"/>{dots}'


def spread(ends: dict[str, float]) -> dict[str, float]:
    """Return label positions in the order of the lines, without overlaps."""
    places, lowest = {}, 0.0
    for page, end in sorted(ends.items(), key=lambda found: found[1]):
        places[page] = lowest = max(end, lowest + LABEL_HEIGHT)
    overflow = lowest - (HEIGHT - 8)
    return {page: place - max(0, overflow) for page, place in places.items()}


if __name__ == "__main__":
    print(draw(json.loads(Path(sys.argv[1]).read_text())), end="")
