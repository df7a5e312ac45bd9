"""Print figures about the source: functions, parameters, packages, templates and docs.

Usage: python -m benchmarks.metrics [FOLDER]    (FOLDER is a checkout; default: this one)

Compare the figures with those of an earlier commit, or of another Django project.
"""

import argparse
import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
NOT_COUNTED = {"tests", "conftest.py", "migrations", "vendor", "instance", "benchmarks"}
PARAMETERS_MAX = 5
LINE_MAX = 160
Function = ast.FunctionDef | ast.AsyncFunctionDef
LOOPS = (ast.For, ast.AsyncFor, ast.While, ast.comprehension)


class Spread(NamedTuple):
    """The median, the 90th percentile and the maximum of some numbers."""

    median: float
    p90: float
    maximum: int

    def __str__(self) -> str:
        return f"median {self.median:g}, p90 {self.p90:g}, max {self.maximum}"


def spread_of(numbers: Iterable[int]) -> Spread:
    sorted_numbers = sorted(numbers)
    p90 = quantiles(sorted_numbers, n=10, method="inclusive")[-1]
    return Spread(median(sorted_numbers), p90, sorted_numbers[-1])


def files(folder: Path, *suffixes: str) -> list[Path]:
    """Return the project's files, without tests, benchmarks, migrations and hidden folders."""

    def is_counted(path: Path) -> bool:
        parts = path.relative_to(folder).parts
        return not NOT_COUNTED & set(parts) and not any(part.startswith(".") for part in parts)

    found = (path for suffix in suffixes for path in folder.rglob(f"*{suffix}"))
    return sorted(path for path in found if is_counted(path))


def functions(tree: ast.AST) -> list[Function]:
    return [node for node in ast.walk(tree) if isinstance(node, Function)]


def length(function: Function) -> int:
    """Return the number of lines from `def` to the end."""
    return function.end_lineno - function.lineno + 1


def own_nodes(function: Function) -> Iterator[ast.AST]:
    """Yield all nodes of a function, without those of functions and classes inside it."""
    waiting = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, Function | ast.ClassDef):
            waiting += ast.iter_child_nodes(node)


def branches(node: ast.AST) -> int:
    """Return how many paths through the code a node adds."""
    if isinstance(node, ast.BoolOp):
        return len(node.values) - 1
    return isinstance(node, (ast.If, ast.IfExp, ast.ExceptHandler, ast.match_case, *LOOPS))


def complexity(function: Function) -> int:
    """Return McCabe's cyclomatic complexity, 1 for a function without branches.

    Ruff's C901 is lower, because it leaves out `and`, `or` and `x if y else z`.
    """
    return 1 + sum(map(branches, own_nodes(function)))


def parameters(function: Function) -> int:
    """Return the number of named parameters, without `self` and `cls`."""
    named = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return len([each for each in named if each.arg not in ("self", "cls")])


def is_paired(node: ast.AST) -> bool:
    """Return whether a statement is `a, b = x, y`, unless it exchanges values (`a, b = b, a`)."""
    if not isinstance(node, ast.Assign):
        return False
    sides = (node.targets[0], node.value)
    if not all(isinstance(side, ast.Tuple) for side in sides):
        return False
    target, value = ({ast.unparse(each) for each in side.elts} for side in sides)
    return target != value


def imported(tree: ast.AST) -> set[str]:
    """Return the dotted names that a module imports, also inside functions."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def units(package: Path) -> dict[str, set[str]]:
    """Return the modules and packages of a package, each with its siblings that it imports."""
    found: dict[str, set[str]] = {}
    for path in files(package, ".py"):
        unit = path.relative_to(package).parts[0].removesuffix(".py")
        if unit != "__init__":
            names = imported(ast.parse(path.read_text()))
            own = {name.split(".")[1] for name in names if name.startswith(f"{package.name}.")}
            found.setdefault(unit, set()).update(own - {unit})
    return {unit: others & found.keys() for unit, others in found.items()}


def count_words(paths: Iterable[Path]) -> int:
    return sum(len(re.findall(r"\S+", path.read_text())) for path in paths)


def count_lines(path: Path) -> int:
    return sum(bool(line.strip()) for line in path.read_text().splitlines())


def describe_functions(trees: list[ast.AST]) -> Iterator[str]:
    found = [function for tree in trees for function in functions(tree)]
    wide = [each.name for each in found if parameters(each) > PARAMETERS_MAX]
    yield f"{len(found)} functions"
    yield f"  lines: {spread_of(map(length, found))}"
    yield f"  complexity: {spread_of(map(complexity, found))}"
    yield f"  with more than {PARAMETERS_MAX} parameters: {len(wide)} ({', '.join(wide)})"


def describe_python(folder: Path) -> Iterator[str]:
    paths = files(folder, ".py")
    trees = [ast.parse(path.read_text()) for path in paths]
    yield from describe_functions(trees)
    lines = sum(map(count_lines, paths))
    paired = sum(is_paired(node) for tree in trees for node in ast.walk(tree))
    rate = 1000 * paired / lines
    yield f"{lines} lines of Python, {paired} paired assignments ({rate:.1f} per 1,000 lines)"


def describe_packages(folder: Path) -> Iterator[str]:
    for package in sorted(path.parent for path in folder.glob("*/__init__.py")):
        if package.name not in NOT_COUNTED:
            graph = units(package)
            arrows = sum(map(len, graph.values()))
            yield f"{package.name}: {len(graph)} units, {arrows} imports between them"


def describe_lines(folder: Path) -> Iterator[str]:
    for suffix in (".html", ".css", ".js"):
        texts = [path.read_text() for path in files(folder, suffix)]
        lengths = [len(line) for text in texts for line in text.splitlines()]
        too_long = sum(length > LINE_MAX for length in lengths)
        longest = max(lengths, default=0)
        yield f"{suffix}: {too_long} lines over {LINE_MAX} characters, longest {longest}"


def describe_docs(folder: Path) -> Iterator[str]:
    for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md"):
        yield f"{name}: {count_words(folder.glob(name))} words"
    yield f"docs: {count_words(folder.glob('docs/**/*.md'))} words"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT, help="a checkout")
    folder = parser.parse_args().folder.resolve()
    for describe in (describe_python, describe_packages, describe_lines, describe_docs):
        print(*describe(folder), sep="\n")


if __name__ == "__main__":
    main()
