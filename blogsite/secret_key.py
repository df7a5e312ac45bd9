"""The key that signs sessions and links, which the first start creates in the instance folder."""

import contextlib
import os
import secrets
import tempfile
from pathlib import Path

from blogsite import environment


def make_instance_dir(folder: Path) -> None:
    """Create the instance folder if it is missing. Only its owner can read it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        reason = f"a writable folder ({error.strerror})"
        environment.refuse("INSTANCE_DIR", str(folder), reason)


def generate_secret_key(path: Path) -> None:
    """Write a new key to `path` with mode 600, unless another process was faster."""
    make_instance_dir(path.parent)
    try:
        descriptor, draft = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(64))
        # Linking is atomic, so no other process ever reads half a key.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        Path(draft).unlink()
    except OSError as error:
        reason = f"a writable folder ({error.strerror})"
        environment.refuse("INSTANCE_DIR", str(path.parent), reason)


def read_secret_key(path: Path) -> str:
    try:
        if not path.exists():
            generate_secret_key(path)
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = f"a file that this user can read ({getattr(error, 'strerror', 'not text')})"
        environment.refuse(str(path), "no key", reason)


def load_secret_key(folder: Path) -> str:
    """Return SECRET_KEY, or the key in the instance folder, which the first start creates."""
    path = folder / "secret_key"
    name = "SECRET_KEY"
    key = os.environ.get("SECRET_KEY", "")
    if not key:
        name = str(path)
        key = read_secret_key(path)
    if len(key) < 50 or len(set(key)) < 5:
        environment.refuse(name, f"{len(key)} characters", "at least 50 random characters")
    return key
