"""Front-end libraries in static/vendor: each is the listed version, with its license."""

from hashlib import sha256
from pathlib import Path

VENDOR = Path(__file__).parent.parent / "static/vendor"
LICENSES = {"MIT", "BSD-3-Clause", "BSD-2-Clause", "ISC", "Apache-2.0", "0BSD"}


def test_each_vendored_file_is_listed_with_version_license_and_hash():
    listed = [line.split(" ") for line in (VENDOR / "list.txt").read_text().splitlines()]
    for _name, _version, license_, _source, file, digest in listed:
        assert license_ in LICENSES
        assert sha256((VENDOR / file).read_bytes()).hexdigest() == digest, f"run bin/vendor: {file}"
        assert (VENDOR / f"{file}.license").read_text().strip()
    files = {"list.txt"} | {name + end for *_, name, _ in listed for end in ("", ".license")}
    assert {path.name for path in VENDOR.iterdir()} == files
    decisions = (VENDOR.parent.parent / "docs/decisions").glob("*.md")
    reasons = "".join(path.read_text().lower() for path in decisions)
    assert all(name.lower() in reasons for name, *_ in listed)
