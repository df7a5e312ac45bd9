"""`benchmarks.metrics`, run on a small project with known figures."""

import ast

import pytest

from benchmarks import metrics

SOURCE = """
class Group:
    async def join(self, a, b, /, c, *rest, d=1, e=2, f=3, **options):
        for each in a or b or c:
            if each:
                try:
                    pass
                except ValueError:
                    return [x for x in c if x] if d and e else f
        def inner(cls):
            while True:
                pass
"""


@pytest.fixture
def project(tmp_path):
    """Return a folder with two packages, templates and docs, and files that don't count."""
    contents = {
        "posts/__init__.py": "",
        "posts/listing.py": SOURCE,
        "posts/views/__init__.py": "import posts.listing\nfrom posts.views.tags import Tags",
        "posts/views/tags.py": "def f():\n  from posts import listing\n  from posts import away",
        "posts/tests/test_listing.py": "a, b = 1, 2",
        "posts/migrations/0001_initial.py": "a, b = 1, 2",
        "content/__init__.py": "a, b = 1, 2\n\nfrom posts import listing",
        "conftest.py": "a, b = 1, 2",
        ".venv/long.css": "x" * 500,
        "templates/base.html": f"{'x' * 160}\n{'y' * 161}\n",
        "docs/decisions/0001.md": "Four short words here.",
        "README.md": "Two words",
    }
    for name, text in contents.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_it_counts_lines_branches_and_parameters_of_each_function():
    join, inner = metrics.functions(ast.parse(SOURCE))
    assert [metrics.length(join), metrics.length(inner)] == [10, 3]
    # The loop, two `or`, `if`, `except`, the comprehension, the conditional expression and `and`.
    assert [metrics.complexity(join), metrics.complexity(inner)] == [9, 2]
    assert [metrics.parameters(join), metrics.parameters(inner)] == [6, 0]


def test_each_case_of_a_match_is_a_branch():
    source = "def f(a):\n  match a:\n    case 1:\n      pass\n    case _:\n      pass"
    (function,) = metrics.functions(ast.parse(source))
    assert metrics.complexity(function) == 3


@pytest.mark.parametrize(
    ("statement", "is_paired"),
    [
        ("a, b = 1, 2", True),
        ("self.a, b = x, y", True),
        ("a, b = b, a", False),
        ("a, b = f()", False),
        ("a = 1, 2", False),
        ("a = b = 1", False),
        ("f(a, b)", False),
    ],
)
def test_paired_assignments_are_distinguished_from_unpacking_and_swaps(statement, is_paired):
    assert metrics.is_paired(ast.parse(statement).body[0]) is is_paired


def test_a_spread_has_the_median_the_90th_percentile_and_the_maximum():
    assert str(metrics.spread_of([*range(1, 11), 100])) == "median 6, p90 10, max 100"


def test_units_are_the_modules_and_packages_directly_in_a_package(project):
    assert metrics.units(project / "posts") == {"listing": set(), "views": {"listing"}}


def test_the_report_leaves_out_tests_migrations_and_installed_packages(
    project, monkeypatch, capsys
):
    monkeypatch.setattr("sys.argv", ["metrics", str(project)])
    metrics.main()
    assert capsys.readouterr().out.splitlines() == [
        "3 functions",
        "  lines: median 3, p90 8.6, max 10",
        "  complexity: median 2, p90 7.6, max 9",
        "  with more than 5 parameters: 1 (join)",
        "18 lines of Python, 1 paired assignments (55.6 per 1,000 lines)",
        "content: 0 units, 0 imports between them",
        "posts: 2 units, 1 imports between them",
        ".html: 1 lines over 160 characters, longest 161",
        ".css: 0 lines over 160 characters, longest 0",
        ".js: 0 lines over 160 characters, longest 0",
        "README.md: 2 words",
        "CHANGELOG.md: 0 words",
        "CONTRIBUTING.md: 0 words",
        "docs: 4 words",
    ]
