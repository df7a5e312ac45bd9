"""Imports go one way: content, caching, jobs <- identity <- accounts <- posts, and inside posts."""

import ast
import re
from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).parent.parent
# Our packages that each package may import, besides itself.
ALLOWED = {
    "content": set(),
    "caching": set(),
    "jobs": set(),
    "identity": {"content", "caching", "jobs"},
    "accounts": {"content", "caching", "jobs", "identity"},
    "posts": {"content", "caching", "jobs", "identity", "accounts"},
}
OURS = {*ALLOWED, "blogsite"}
# Inside posts, a module imports only from rows above its own.
ROWS = [
    {"models", "demo"},
    {"search", "listing"},
    {"tagging", "renaming"},
    {"writing"},
    {"discussion"},
    {"reading"},
    {"admin", "apps", "management", "templatetags", "urls"},
]


def modules(package: str) -> list[Path]:
    """Return a package's modules without its tests, which may import everything."""
    return [path for path in (ROOT / package).rglob("*.py") if "tests" not in path.parts]


def imports(source: str) -> set[str]:
    """Return the dotted names that `source` imports, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def arrows_back(package: str, source: str) -> set[str]:
    packages = {name.partition(".")[0] for name in imports(source)}
    return packages & OURS - ALLOWED[package] - {package}


@pytest.mark.parametrize("package", ALLOWED)
def test_no_import_goes_backward(package):
    assert modules(package)
    found = {str(path): arrows_back(package, path.read_text()) for path in modules(package)}
    assert not {path: names for path, names in found.items() if names}


@pytest.mark.parametrize(
    ("source", "is_caught"),
    [
        ("def f():\n    from posts.models import Post", True),
        ("import posts.models", True),
        ("from blogsite import settings", True),
        ("from content.slugs import slugify", False),
        ("from caching import pages", False),
        ("import accounts.models", False),
    ],
)
def test_an_import_that_goes_backward_is_caught(source, is_caught):
    assert bool(arrows_back("accounts", source)) == is_caught


def row_of(module: str) -> int:
    (row,) = [number for number, names in enumerate(ROWS) if module in names]
    return row


def test_inside_posts_modules_import_from_rows_above():
    for path in modules("posts"):
        module = path.relative_to(ROOT / "posts").parts[0].removesuffix(".py")
        if module in ("__init__", "migrations"):
            continue
        used = {
            name.split(".")[1] for name in imports(path.read_text()) if name.startswith("posts.")
        }
        wrong = {name for name in used - {module} if row_of(name) >= row_of(module)}
        assert not wrong, f"{path} imports {wrong}"


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


@pytest.mark.parametrize("package", ALLOWED)
def test_no_two_modules_import_each_other(package):
    used = {dotted(path): imports(path.read_text()) for path in modules(package)}
    pairs = {
        (module, other)
        for module, names in used.items()
        for name in names
        # `name` may be a module or a name in a module.
        for other in {name, name.rpartition(".")[0]} & used.keys()
    }
    assert not {(module, other) for module, other in pairs if (other, module) in pairs}


def test_only_urls_and_settings_of_the_project_name_the_apps():
    for path in modules("blogsite"):
        if path.name not in ("urls.py", "settings.py"):
            named = {name.partition(".")[0] for name in imports(path.read_text())} & {*ALLOWED}
            assert not named, f"{path} imports {named}"


@pytest.mark.parametrize("app", ["jobs", "identity", "accounts", "posts"])
def test_no_foreign_key_goes_backward(app):
    for model in apps.get_app_config(app).get_models():
        for field in model._meta.get_fields():
            if field.is_relation and field.concrete and field.related_model:
                target = field.related_model._meta.app_label
                assert target not in OURS - ALLOWED[app] - {app}, f"{model}.{field.name}"


# They change the time zone or language of a block that shows no fragments.
SHOW_NO_FRAGMENTS = {"language.py", "times.py", "forms.py", "preview.py"}


def test_another_time_zone_or_language_is_settled_for_fragments():
    for path in (path for package in ALLOWED for path in modules(package)):
        source = path.read_text()
        is_settled = "settled()" in source or path.name in SHOW_NO_FRAGMENTS
        assert is_settled or not re.search(r"\b(override|activate)\(", source), path


def test_files_stay_readable():
    too_long = {
        str(path): lines
        for path in ROOT.rglob("*.py")
        if not {".venv", "migrations", "instance"} & set(path.relative_to(ROOT).parts)
        and (lines := len(path.read_text().splitlines())) > 400
    }
    assert not too_long
