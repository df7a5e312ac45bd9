"""Run the Nu HTML checker on every page of the site: `python -m benchmarks.html`.

It needs Java and npm. The pages are those of `benchmarks.pages`: a blog with hostile content, as
seen by anonymous visitors and people with each role, with the settings and the admin. Prints
each kind of fault with the first page that has it; exits with 1 if there is any.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from benchmarks.npm import CACHE, install
from benchmarks.servers import ROOT, environment

PACKAGE = "vnu-jar@26.9.27"
JAR = "vnu-jar/build/dist/vnu.jar"
# People write in any language, and each page declares the blog's language.
OPTIONS = ("--no-langdetect", "--format", "json", "--exit-zero-always")
QUOTED = re.compile("“[^”]{25,}”")


def main(arguments: list[str] | None = None) -> None:
    options = parse(arguments)
    if not shutil.which("java"):
        sys.exit("The checker needs Java: apt install default-jre-headless")
    jar = install(options.tools, PACKAGE, JAR)
    with tempfile.TemporaryDirectory() as folder:
        pages = save_pages(Path(folder), Path(folder) / "instance")
        faults = check(jar, Path(folder))
    for line in describe(faults, pages):
        print(line)
    print(f"{len(pages)} pages, {len(faults)} errors and warnings")
    sys.exit(bool(faults))


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.html", description=__doc__)
    parser.add_argument(
        "--tools", type=Path, default=CACHE, help=f"where {PACKAGE} is installed (default {CACHE})"
    )
    return parser.parse_args(arguments)


def save_pages(folder: Path, instance: Path) -> dict[str, dict]:
    """Save the pages of a new blog into `folder` and return them by the names of their files."""
    instance.mkdir()
    command = [sys.executable, "-m", "benchmarks.pages", str(folder)]
    with (folder / "pages.log").open("w") as log:
        own = environment({"INSTANCE_DIR": str(instance)})
        if subprocess.run(command, cwd=ROOT, env=own, stdout=log, stderr=log).returncode:
            sys.exit((folder / "pages.log").read_text())
    return {page["file"]: page for page in json.loads((folder / "pages.json").read_text())}


def check(jar: Path, folder: Path) -> list[dict]:
    """Return the checker's messages about the pages in `folder`."""
    files = sorted(map(str, folder.glob("*.html")))
    command = ["java", "-jar", str(jar), *OPTIONS, *files]
    finished = subprocess.run(command, capture_output=True, text=True)
    if finished.returncode:
        sys.exit(finished.stderr)
    return json.loads(finished.stderr)["messages"]


def describe(faults: list[dict], pages: dict[str, dict]) -> list[str]:
    """Return a few lines for each kind of fault, the most frequent first."""
    kinds = defaultdict(list)
    for fault in faults:
        kinds[QUOTED.sub("“…”", fault["message"])].append(fault)
    lines = []
    for kind, found in sorted(kinds.items(), key=lambda item: -len(item[1])):
        page = pages[Path(found[0]["url"]).name]
        name = found[0].get("subType", found[0]["type"])
        lines += [
            f"{len(found)} × {name}: {kind}",
            f"  {page['visitor']} {page['method']} {page['path']}",
            f"  {found[0].get('extract', '').strip()[:200]!r}",
        ]
    return lines


if __name__ == "__main__":
    main()
