"""Consistency of project files: requirements, packages, settings and docs."""

import re
import tomllib
from pathlib import Path

import pytest

from blogsite import __version__, environment

ROOT = Path(__file__).parent.parent
REQUIREMENTS = ["requirements.txt", "requirements-dev.txt"]
APPS = ("accounts", "blogsite", "caching", "content", "identity", "jobs", "posts")
OF_EVERY_APP = {"management", "migrations", "templatetags", "tests", "views"}


def pins(name: str) -> dict[str, str]:
    text = (ROOT / name).read_text()
    return dict(re.findall(r"^([a-z0-9-]+)(?:\[[a-z]+\])?==(\S+)", text, re.M))


def canonical(requirement: str) -> str:
    return re.match(r"[\w.-]+", requirement)[0].lower().replace("_", "-")


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_every_package_is_pinned_and_hashed_and_no_index_is_named(name):
    text = (ROOT / name).read_text()
    assert "uv pip compile" in text.splitlines()[1]
    assert not re.search(r"https?://|--index|--extra-index|--find-links", text)
    entries = re.split(r"\n(?=[a-z])", text.partition("\n\n")[2] or text)
    for entry in entries:
        if re.match("[a-z]", entry):
            assert re.match(r"[a-z0-9-]+(\[[a-z]+\])?==\S+", entry), entry[:80]
            assert "--hash=sha256:" in entry, entry[:80]


def test_direct_dependencies_are_pinned_and_have_their_reason():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    decisions = "".join(path.read_text() for path in (ROOT / "docs/decisions").glob("*.md"))
    for name, packages in (
        ("requirements.txt", project["project"]["dependencies"]),
        ("requirements-dev.txt", project["dependency-groups"]["dev"]),
    ):
        for package in map(canonical, packages):
            assert package in pins(name)
            assert package in decisions


def test_both_files_pin_the_same_versions():
    users, developers = map(pins, REQUIREMENTS)
    assert {name: developers.get(name) for name in users} == users


def test_readme_and_changelog_name_the_version():
    changelog = (ROOT / "CHANGELOG.md").read_text()
    sections = [section.partition("\n") for section in changelog.split("\n## ")[1:]]
    versions = [re.match(r"\d+\.\d+\.\d+", heading)[0] for heading, _, _ in sections]
    assert versions[0] == __version__
    assert len(versions) == len(set(versions))
    assert all(text.count("\n### When you update\n") == 1 for _, _, text in sections)
    wheels = re.findall(r"blogsite-([\d.]+)-py3-none-any\.whl", (ROOT / "README.md").read_text())
    assert wheels == [__version__]


def test_the_changelog_says_nothing_twice():
    changelog = (ROOT / "CHANGELOG.md").read_text()
    for version in changelog.split("\n## ")[1:]:
        # Merges have repeated entries, in other wordings that begin alike.
        starts = re.findall(r"^- ((?:\S+\s+){3}\w+)", version, re.M)
        assert starts
        assert not [start for start in set(starts) if starts.count(start) > 1]


def test_the_readme_names_every_setting_and_no_other():
    readme = (ROOT / "README.md").read_text()
    listed = re.findall(r"^\| `([A-Z_]+)` \|", readme, re.M)
    sources = "".join(
        (ROOT / "blogsite" / name).read_text()
        for name in ("settings.py", "serving.py", "environment.py")
    )
    # Each variable's name is the first argument of a function in blogsite.environment.
    calls = r"(?:boolean|read|whole_number|one_of|host_names|origins?|time_zone|\w+_url|mail_\w+)"
    read = re.findall(rf'{calls}\(\s*"([A-Z_]+)"', sources)
    limits = {f"LIMIT_{act.upper()}" for act in environment.LIMITS}
    assert sorted(listed) == sorted({*read, *limits, "SECRET_KEY"})
    assert len(listed) == len(set(listed))


def test_the_readme_has_the_default_of_each_limit():
    readme = (ROOT / "README.md").read_text()
    listed = dict(re.findall(r"^\| `LIMIT_([A-Z]+)` \| `(.+?)` \|", readme, re.M))
    assert listed == {act.upper(): rate for act, rate in environment.LIMITS.items()}


def test_the_layout_names_every_package_and_no_missing_file():
    page = (ROOT / "docs/architecture.md").read_text()
    layout = re.search(r"```\n(manage\.py .*?)```", page, re.DOTALL)[1]
    packages = {init.parent.name for app in APPS for init in (ROOT / app).glob("*/__init__.py")}
    assert packages - OF_EVERY_APP <= set(re.findall(r"(\w+)/", layout))
    modules = {path.name for path in ROOT.rglob("*.py") if ".venv" not in path.parts}
    assert set(re.findall(r"[\w.]+\.py\b", layout)) <= modules


def test_files_that_documents_link_to_are_there():
    for document in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")):
        for link in re.findall(r"\]\(([^)#]+)\)|src(?:set)?=\"([^\"]+)\"", document.read_text()):
            target = "".join(link)
            assert target.startswith("http") or (document.parent / target).exists(), target


# pytest ignores a path in --ignore that doesn't exist.
@pytest.mark.parametrize("name", ["without_database", "saving_in_browser"])
def test_the_lists_of_bin_test_name_files(name):
    listed = re.search(rf"^{name}=\((.*?)\)$", (ROOT / "bin/test").read_text(), re.M | re.S)[1]
    assert listed.split()
    assert not [path for path in listed.split() if not (ROOT / path).exists()]
